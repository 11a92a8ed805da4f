//! The address of the client that made a request, also when there are proxies in between.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap};
use ipnet::IpNet;

use super::forwarded::{X_FORWARDED_FOR, notes, parameter};

/// The client's address. What headers say counts only when the peer is a trusted proxy; of the
/// addresses that they name, the last one that is not a trusted proxy itself is the client's.
/// Whatever stands before it could have been made up.
///
/// So could a whole header: a proxy that writes one of the two mostly passes on the other as the
/// client sent it, and nothing tells which one is the proxy's. When there are both and they lead to
/// different addresses, neither is believed and the client's address is the peer's.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let client = |hops: Vec<Option<IpAddr>>| {
        let mut client = peer;
        for named in hops.into_iter().rev() {
            // Past a hop that cannot be read, nothing is known.
            let Some(address) = named else { break };
            client = address;
            if !is_trusted(address, trusted) {
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

/// Whether an address is that of a trusted proxy.
pub(crate) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|net| net.contains(&address))
}

/// The addresses that stand in `Forwarded` (RFC 7239), in the order in which the request passed
/// them; nothing when there is no such header.
fn hops_in_forwarded(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let notes = notes(headers, &FORWARDED);
    let hops = || notes.iter().map(|hop| parse_address(parameter(hop, "for")?)).collect();
    (!notes.is_empty()).then(hops)
}

/// The same of `X-Forwarded-For`.
fn hops_in_x_forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let notes = notes(headers, &X_FORWARDED_FOR);
    let hops = || notes.iter().map(|hop| parse_address(hop)).collect();
    (!notes.is_empty()).then(hops)
}

/// An address with or without brackets and port.
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

    fn client(peer: &str, trusted: &str, name: &'static str, value: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        client_address(peer.parse().unwrap(), &headers, &[trusted.parse().unwrap()]).to_string()
    }

    /// Whom a trusted proxy at 10.0.0.1 came for.
    fn behind_proxy(pairs: &[(&'static str, &'static [u8])]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        client_address("10.0.0.1".parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn two_headers_that_disagree_are_not_believed() {
        let own: (_, &[u8]) = ("x-forwarded-for", b"198.51.100.1");
        let made_up: &[&[u8]] =
            &[b"for=1.1.1.1", b"for=198.51.100.1, for=1.1.1.1", b"for=unknown", b"", b"\xff"];
        for forwarded in made_up {
            assert_eq!(behind_proxy(&[own, ("forwarded", forwarded)]), "10.0.0.1");
        }
        let agreeing = ("forwarded", b"for=1.1.1.1, for=\"198.51.100.1:80\"".as_slice());
        assert_eq!(behind_proxy(&[own, agreeing]), "198.51.100.1");
        let standard = ("forwarded", b"for=198.51.100.1".as_slice());
        assert_eq!(behind_proxy(&[standard, ("x-forwarded-for", b"1.1.1.1")]), "10.0.0.1");
    }

    #[test]
    fn bytes_that_are_no_text_hide_no_note_of_a_proxy() {
        let appended = ("x-forwarded-for", b"\xff, 198.51.100.1".as_slice());
        assert_eq!(behind_proxy(&[appended]), "198.51.100.1");
        assert_eq!(behind_proxy(&[appended, ("forwarded", b"for=1.1.1.1")]), "10.0.0.1");
    }

    #[test]
    fn a_stranger_cannot_name_an_address() {
        let said = client("203.0.113.9", "10.0.0.0/8", "x-forwarded-for", "198.51.100.1");
        assert_eq!(said, "203.0.113.9");
    }

    #[test]
    fn the_last_address_that_is_not_a_proxy_is_the_clients() {
        let made_up = "1.1.1.1, 198.51.100.1, 10.0.0.2";
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "x-forwarded-for", made_up), "198.51.100.1");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "x-forwarded-for", ""), "10.0.0.1");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "x-forwarded-for", "1.1.1.1, odd"), "10.0.0.1");
        assert_eq!(
            client("::ffff:10.0.0.1", "10.0.0.0/8", "x-forwarded-for", "1.1.1.1"),
            "1.1.1.1"
        );
    }

    #[test]
    fn the_standard_header_is_understood() {
        let value = r#"for=192.0.2.43, for="[2001:db8:cafe::17]:4711";proto=https"#;
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "forwarded", value), "2001:db8:cafe::17");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "forwarded", "For=192.0.2.1:80"), "192.0.2.1");
        assert_eq!(client("10.0.0.1", "10.0.0.0/8", "forwarded", "for=unknown"), "10.0.0.1");
    }
}
