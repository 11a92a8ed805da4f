//! Where a client connects from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// The address of a client, or of the proxy in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddress {
    Ip(IpAddr),
    /// A program on this machine that connected through a Unix socket, which has no address.
    Unix,
}

impl ClientAddress {
    /// Returns the address that limits count the client by. Whoever uses a Unix socket counts as
    /// one client, like the programs that connect through loopback.
    pub fn ip(self) -> IpAddr {
        match self {
            Self::Ip(ip) => ip,
            Self::Unix => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// Returns whether the client is a program on this machine.
    pub fn is_local(self) -> bool {
        self.ip().to_canonical().is_loopback()
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Unix => f.write_str("unix"),
        }
    }
}
