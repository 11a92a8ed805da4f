//! The address of the client that made a request, even if there are proxies in between.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap};
use ipnet::IpNet;

use super::forwarded::{X_FORWARDED_FOR, find_parameter, values};
use super::peer::{Peer, is_trusted_proxy};
use crate::model::client_address::ClientAddress;

/// Returns the client's address.
///
/// The forwarding headers count only if the peer is a trusted proxy. The last address in them that
/// is not a trusted proxy itself is the client's; the client could have forged anything before it.
///
/// The client could also have forged a whole header: a proxy that writes one of the two headers
/// usually passes the other one through, and there is no way to tell which one the proxy wrote. If
/// both are present and lead to different addresses, neither is trusted, and the result is the
/// peer's address.
pub(crate) fn client_address(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> ClientAddress {
    let is_trusted = peer.is_trusted_proxy(trusted);
    let peer = match peer.address {
        ClientAddress::Ip(ip) => ClientAddress::Ip(ip.to_canonical()),
        ClientAddress::Unix => ClientAddress::Unix,
    };
    if !is_trusted {
        return peer;
    }
    let client = |hops: Vec<Option<IpAddr>>| {
        let mut client = peer;
        for hop in hops.into_iter().rev() {
            // Hops before an unreadable one can't be trusted.
            let Some(address) = hop else { break };
            client = ClientAddress::Ip(address);
            if !is_trusted_proxy(address, trusted) {
                break;
            }
        }
        client
    };
    match (hops_in_forwarded(headers).map(client), hops_in_x_forwarded_for(headers).map(client)) {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    }
}

/// Returns the addresses in `Forwarded` (RFC 7239), in the order in which the request passed them;
/// `None` if there is no such header.
fn hops_in_forwarded(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let values = values(headers, &FORWARDED);
    let hops = || values.iter().map(|hop| parse_address(find_parameter(hop, "for")?)).collect();
    (!values.is_empty()).then(hops)
}

/// Returns the addresses in `X-Forwarded-For`, like [`hops_in_forwarded`].
fn hops_in_x_forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let values = values(headers, &X_FORWARDED_FOR);
    let hops = || values.iter().map(|hop| parse_address(hop)).collect();
    (!values.is_empty()).then(hops)
}

/// Parses an address with or without brackets and a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let plain = text.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    plain.or_else(with_port).or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn ip(text: &str) -> Peer {
        Peer { address: ClientAddress::Ip(text.parse().unwrap()), over_tls: false }
    }

    fn client(peer: &str, trusted: &str, name: &'static str, value: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        client_address(ip(peer), &headers, &[trusted.parse().unwrap()]).to_string()
    }

    /// Returns the client IP address for a request from a trusted proxy at 10.0.0.1.
    fn behind_proxy(pairs: &[(&'static str, &'static [u8])]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        client_address(ip("10.0.0.1"), &headers, &trusted).to_string()
    }

    #[test]
    fn two_headers_that_disagree_are_ignored() {
        let own: (_, &[u8]) = ("x-forwarded-for", b"198.51.100.1");
        let forged: &[&[u8]] =
            &[b"for=1.1.1.1", b"for=198.51.100.1, for=1.1.1.1", b"for=unknown", b"", b"\xff"];
        for forwarded in forged {
            assert_eq!(behind_proxy(&[own, ("forwarded", forwarded)]), "10.0.0.1");
        }
        let agreeing = ("forwarded", b"for=1.1.1.1, for=\"198.51.100.1:80\"".as_slice());
        assert_eq!(behind_proxy(&[own, agreeing]), "198.51.100.1");
        let standard = ("forwarded", b"for=198.51.100.1".as_slice());
        assert_eq!(behind_proxy(&[standard, ("x-forwarded-for", b"1.1.1.1")]), "10.0.0.1");
    }

    #[test]
    fn invalid_utf8_does_not_hide_the_address_that_a_proxy_appended() {
        let appended = ("x-forwarded-for", b"\xff, 198.51.100.1".as_slice());
        assert_eq!(behind_proxy(&[appended]), "198.51.100.1");
        assert_eq!(behind_proxy(&[appended, ("forwarded", b"for=1.1.1.1")]), "10.0.0.1");
    }

    #[test]
    fn an_untrusted_peer_cannot_set_an_address() {
        let address = client("203.0.113.9", "10.0.0.0/8", "x-forwarded-for", "198.51.100.1");
        assert_eq!(address, "203.0.113.9");
    }

    #[test]
    fn the_client_is_the_last_address_that_is_not_a_trusted_proxy() {
        let forged = "1.1.1.1, 198.51.100.1, 10.0.0.2";
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "x-forwarded-for", forged), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "x-forwarded-for", ""), "10.0.0.1");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "x-forwarded-for", "1.1.1.1, odd"), "10.0.0.1");
        assert_eq!(
            client("::ffff:10.0.0.1", "10.0.0.0/8", "x-forwarded-for", "1.1.1.1"),
            "1.1.1.1"
        );
    }

    #[test]
    fn a_unix_socket_is_a_trusted_proxy_without_an_address() {
        let through_socket = |forwarded: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = forwarded {
                headers.insert(X_FORWARDED_FOR.clone(), HeaderValue::from_static(value));
            }
            let peer = Peer { address: ClientAddress::Unix, over_tls: false };
            client_address(peer, &headers, &["10.0.0.0/8".parse().unwrap()]).to_string()
        };
        assert_eq!(through_socket(None), "unix");
        assert_eq!(through_socket(Some("198.51.100.1, 10.0.0.2")), "198.51.100.1");
        // What nginx passes on for a client of its own Unix socket.
        assert_eq!(through_socket(Some("unix:")), "unix");
    }

    #[test]
    fn the_forwarded_header_is_supported() {
        let value = r#"for=192.0.2.43, for="[2001:db8:cafe::17]:4711";proto=https"#;
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "forwarded", value), "2001:db8:cafe::17");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "forwarded", "For=192.0.2.1:80"), "192.0.2.1");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "forwarded", "for=unknown"), "10.0.0.1");
    }
}
