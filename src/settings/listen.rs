//! The addresses that a server listens on.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// The allowed values; completes the sentence "must be …".
pub const ALLOWED: &str = "an address and port, such as \"127.0.0.1:8080\", \"[::1]:8080\", \
                           \"localhost:8080\", or \":8080\" for all interfaces, or a Unix socket, \
                           such as \"unix:/run/pivotal-server/api.sock\"";
const UNIX_PREFIX: &str = "unix:";
/// The maximum length of a host name (RFC 1035).
const MAX_NAME: usize = 253;

/// An address to listen on, as it is written in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    Ip(SocketAddr),
    /// All addresses of a host name, on the same port.
    Name {
        host: String,
        port: u16,
    },
    /// All interfaces, with IPv4 and IPv6.
    AllInterfaces {
        port: u16,
    },
    Unix(PathBuf),
}

#[derive(Debug, thiserror::Error)]
#[error("must be {ALLOWED}")]
pub struct InvalidListenAddress;

impl ListenAddress {
    /// Returns whether only programs on this machine can connect.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(address) => address.ip().to_canonical().is_loopback(),
            // Other names could have any address, even if they have one of this machine now.
            Self::Name { host, .. } => is_localhost(host),
            Self::AllInterfaces { .. } => false,
            Self::Unix(_) => true,
        }
    }
}

/// Returns whether a name always means this machine (RFC 6761, 6.3).
pub fn is_localhost(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

impl FromStr for ListenAddress {
    type Err = InvalidListenAddress;

    fn from_str(text: &str) -> Result<Self, InvalidListenAddress> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix(UNIX_PREFIX) {
            let is_valid = cfg!(unix) && !path.is_empty() && !path.contains('\0');
            return is_valid.then(|| Self::Unix(path.into())).ok_or(InvalidListenAddress);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let (host, port) = text.rsplit_once(':').ok_or(InvalidListenAddress)?;
        let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number).ok_or(InvalidListenAddress)?;
        match host {
            "" => Ok(Self::AllInterfaces { port }),
            name if is_host_name(name) => Ok(Self::Name { host: name.to_owned(), port }),
            _ => Err(InvalidListenAddress),
        }
    }
}

/// Returns whether a text can be a host name. A last label of digits would be a mistyped IPv4
/// address, which no lookup must guess at.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_allowed)
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= MAX_NAME
        && name.split('.').all(is_label)
        && last.bytes().any(|b| !b.is_ascii_digit())
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
            Self::AllInterfaces { port } => write!(f, ":{port}"),
            Self::Unix(path) => write!(f, "{UNIX_PREFIX}{}", path.display()),
        }
    }
}

/// At least one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddresses {
    first: ListenAddress,
    others: Vec<ListenAddress>,
}

impl ListenAddresses {
    /// Returns `None` if there are none.
    pub fn new(addresses: Vec<ListenAddress>) -> Option<Self> {
        let mut addresses = addresses.into_iter();
        Some(Self { first: addresses.next()?, others: addresses.collect() })
    }

    pub fn first(&self) -> &ListenAddress {
        &self.first
    }

    pub fn iter(&self) -> impl Iterator<Item = &ListenAddress> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Returns an address that other machines may be able to reach.
    pub fn first_exposed(&self) -> Option<&ListenAddress> {
        self.iter().find(|address| !address.is_loopback())
    }
}

impl From<ListenAddress> for ListenAddresses {
    fn from(first: ListenAddress) -> Self {
        Self { first, others: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<ListenAddress> {
        text.parse().ok()
    }

    #[test]
    fn every_form_of_an_address_is_recognized() {
        let name = |host: &str, port| Some(ListenAddress::Name { host: host.to_owned(), port });
        assert_eq!(parse("127.0.0.1:80"), Some(ListenAddress::Ip(([127, 0, 0, 1], 80).into())));
        assert!(matches!(parse("[::1]:80"), Some(ListenAddress::Ip(ip)) if ip.is_ipv6()));
        assert_eq!(parse(" :8080 "), Some(ListenAddress::AllInterfaces { port: 8080 }));
        assert_eq!(parse("localhost:0"), name("localhost", 0));
        assert_eq!(parse("a-b.example.com:65535"), name("a-b.example.com", 65535));
        #[cfg(unix)]
        for (text, path) in [("unix:/run/a b.sock", "/run/a b.sock"), ("unix:a.sock", "a.sock")] {
            assert_eq!(parse(text), Some(ListenAddress::Unix(path.into())));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            ":",
            "8080",
            "localhost",
            "localhost:",
            "localhost:65536",
            "localhost:+80",
            "::1:",
            "127.0.0:80",
            "127.0.0.256:80",
            "a..b:80",
            "http://a:80",
            "a b:80",
            "[::1]",
            "unix:",
            "*:80",
            ".:80",
            "/run/a.sock",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_addresses_that_always_mean_this_machine_are_loopback() {
        for text in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "LocalHost:1"] {
            assert!(parse(text).unwrap().is_loopback(), "{text}");
        }
        for text in ["0.0.0.0:1", "[::]:1", ":1", "192.0.2.1:1", "localhost.example.com:1"] {
            assert!(!parse(text).unwrap().is_loopback(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_written_as_it_is_read(text in "[a-z0-9.:\\[\\]-]{0,20}|unix:[ -~]{1,20}|:[0-9]{1,5}|[a-z.]{1,9}:[0-9]{1,5}") {
            if let Some(address) = parse(&text) {
                prop_assert_eq!(parse(&address.to_string()), Some(address));
            }
        }
    }
}
