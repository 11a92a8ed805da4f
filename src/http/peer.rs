//! The other end of a connection: a client, or the proxy closest to the server.

use std::net::IpAddr;

use actix_web::HttpRequest;
use ipnet::IpNet;

use crate::model::client_address::ClientAddress;

/// Who connected, and whether the connection itself is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub address: ClientAddress,
    pub over_tls: bool,
}

impl Peer {
    /// Returns the peer of a request. `None` if it disconnected before it had an address.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.conn_data::<Self>().copied().or_else(|| {
            let address = ClientAddress::Ip(request.peer_addr()?.ip());
            Some(Self { address, over_tls: false })
        })
    }

    /// Returns whether the peer's forwarding headers are trusted. A Unix socket has no address that
    /// the settings could list: its permissions decide who can connect.
    pub fn is_trusted_proxy(self, trusted: &[IpNet]) -> bool {
        match self.address {
            ClientAddress::Ip(ip) => is_trusted_proxy(ip, trusted),
            ClientAddress::Unix => true,
        }
    }
}

pub(crate) fn is_trusted_proxy(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|net| net.contains(&address))
}
