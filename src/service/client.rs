//! The client that made a request: its address, and whether it came over TLS, also when there are
//! proxies in between.

use std::net::IpAddr;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address. What headers say counts only when the peer is a trusted proxy; of the
/// addresses that they name, the last one that is not a trusted proxy itself is the client's.
/// Whatever stands before it could have been made up.
pub(crate) fn address_of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let peer = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(&peer) {
        return peer;
    }
    let mut client = peer;
    for named in hops(headers).into_iter().rev() {
        // Past a hop that cannot be read, nothing is known.
        let Some(address) = named else { break };
        client = address;
        if !is_trusted(&address) {
            break;
        }
    }
    client
}

/// Whether the client itself spoke TLS, as the proxy that it met first has noted. What it says
/// counts only when the peer is a trusted proxy. A client that makes a note of its own can only
/// spoil its own visit with it.
pub(crate) fn came_over_tls(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    if !trusted.iter().any(|net| net.contains(&peer)) {
        return false;
    }
    let forwarded = notes(headers, &FORWARDED);
    let proto = match forwarded.first() {
        Some(hop) => parameter(hop, "proto").map(str::to_owned),
        None => notes(headers, &X_FORWARDED_PROTO).into_iter().next(),
    };
    proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
}

/// Whoever has one IPv6 address has its whole /64, so that what is counted by address is counted
/// for all of it.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) & !u128::from(u64::MAX)).to_be_bytes()),
        v4 => v4,
    }
}

/// The addresses that the proxies noted, in the order in which the request passed them.
/// `Forwarded` (RFC 7239) is preferred, being the standard.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let forwarded = notes(headers, &FORWARDED);
    if !forwarded.is_empty() {
        return forwarded.iter().map(|hop| address(parameter(hop, "for")?)).collect();
    }
    notes(headers, &X_FORWARDED_FOR).iter().map(|hop| address(hop)).collect()
}

/// What the proxies noted in a header, one for each of them.
fn notes(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|hop| hop.trim().to_owned()).collect()
}

/// A parameter of one element of `Forwarded`, such as `for="[2001:db8::1]:4711";proto=https`.
fn parameter<'e>(element: &'e str, wanted: &str) -> Option<&'e str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case(wanted).then_some(value)
    })
}

/// An address with or without brackets and port.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.parse().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    plain.or_else(with_port).or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, trusted: &str, name: &'static str, value: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        address_of(peer.parse().unwrap(), &headers, &[trusted.parse().unwrap()]).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_can_say_that_the_client_came_over_tls() {
        let over_tls = |peer: &str, name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            came_over_tls(peer.parse().unwrap(), &headers, &trusted)
        };
        assert!(over_tls("10.0.0.1", "x-forwarded-proto", "https"));
        assert!(over_tls("10.0.0.1", "x-forwarded-proto", "HTTPS, http"));
        assert!(over_tls("10.0.0.1", "forwarded", "for=192.0.2.1;proto=https, for=10.0.0.2"));
        assert!(!over_tls("10.0.0.1", "x-forwarded-proto", "http"));
        assert!(!over_tls("10.0.0.1", "forwarded", "for=192.0.2.1"));
        assert!(!over_tls("203.0.113.9", "x-forwarded-proto", "https"));
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
