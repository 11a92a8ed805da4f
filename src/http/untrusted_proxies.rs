//! Warns about peers that send forwarding headers but are not trusted proxies: most likely, they
//! are proxies that are missing in the settings.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{FORWARDED, HeaderMap};
use ipnet::IpNet;

use super::forwarded::X_FORWARDED_FOR;
use super::peer::Peer;
use crate::model::client_address::ClientAddress;

/// The maximum number of peers that a process warns about. Any client can send the headers, so this
/// bounds the log.
const MAX_PEERS: usize = 16;

/// The peers that the process has warned about.
#[derive(Default)]
pub(crate) struct UntrustedProxies(Mutex<Vec<IpAddr>>);

impl UntrustedProxies {
    /// Logs a warning that names the missing setting, once per peer, if these headers contain a
    /// client address that is ignored.
    pub fn check(&self, peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) {
        let sent = [&X_FORWARDED_FOR, &FORWARDED];
        let Some(header) = sent.into_iter().find(|name| headers.contains_key(*name)) else {
            return;
        };
        let ClientAddress::Ip(address) = peer.address else { return };
        let address = address.to_canonical();
        if peer.is_trusted_proxy(trusted) || !self.insert(address) {
            return;
        }
        log::warn!(
            "{address} sent the {header} header, which is ignored because `trusted_proxies` does not \
             include this address; if it is your proxy, add it (PIVOTAL_TRUSTED_PROXIES={address}), \
             or all clients behind it will count as one client"
        );
    }

    /// Returns whether the peer is new, and remembers it.
    fn insert(&self, peer: IpAddr) -> bool {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= MAX_PEERS || peers.contains(&peer) {
            return false;
        }
        peers.push(peer);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_peer_is_new_only_once_and_their_number_is_bounded() {
        let proxies = UntrustedProxies::default();
        let peer = |n: u8| IpAddr::from([192, 0, 2, n]);
        let new = (0..100).filter(|&n| proxies.insert(peer(n)) && !proxies.insert(peer(n)));
        assert_eq!(new.count(), MAX_PEERS);
    }
}
