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
///
/// So could a whole header: a proxy that writes one of the two mostly passes on the other as the
/// client sent it, and nothing tells which one is the proxy's. When there are both and they lead to
/// different addresses, neither is believed and the client's address is the peer's.
pub(crate) fn address_of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let peer = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(&peer) {
        return peer;
    }
    let client = |hops: Vec<Option<IpAddr>>| {
        let mut client = peer;
        for named in hops.into_iter().rev() {
            // Past a hop that cannot be read, nothing is known.
            let Some(address) = named else { break };
            client = address;
            if !is_trusted(&address) {
                break;
            }
        }
        client
    };
    match (forwarded(headers).map(client), forwarded_for(headers).map(client)) {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    }
}

/// Whether the client itself spoke TLS, as the proxy that it met first has noted. What it says
/// counts only when the peer is a trusted proxy. A client that makes a note of its own can only
/// spoil its own visit with it.
///
/// When the two headers disagree, it did: a cookie for TLS only is refused by a browser that does
/// not speak it, which somebody notices; any other cookie would go over the wire unnoticed.
pub(crate) fn came_over_tls(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    if !trusted.iter().any(|net| net.contains(&peer)) {
        return false;
    }
    let is_https = |proto: &str| proto.eq_ignore_ascii_case("https");
    let first = |name| notes(headers, name).into_iter().next();
    first(&FORWARDED).is_some_and(|hop| parameter(&hop, "proto").is_some_and(is_https))
        || first(&X_FORWARDED_PROTO).is_some_and(|proto| is_https(&proto))
}

/// Whoever has one IPv6 address has its whole /64, so that what is counted by address is counted
/// for all of it.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::from((u128::from(v6) & !u128::from(u64::MAX)).to_be_bytes()),
        v4 => v4,
    }
}

/// The addresses that stand in `Forwarded` (RFC 7239), in the order in which the request passed
/// them; nothing when there is no such header.
fn forwarded(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let notes = notes(headers, &FORWARDED);
    let hops = || notes.iter().map(|hop| address(parameter(hop, "for")?)).collect();
    (!notes.is_empty()).then(hops)
}

/// The same of `X-Forwarded-For`.
fn forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let notes = notes(headers, &X_FORWARDED_FOR);
    let hops = || notes.iter().map(|hop| address(hop)).collect();
    (!notes.is_empty()).then(hops)
}

/// What the proxies noted in a header, one for each of them. Bytes that are no text are kept as
/// something that cannot be read: a proxy may have appended its note to them.
fn notes(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let mut notes = Vec::new();
    for value in headers.get_all(name) {
        let text = String::from_utf8_lossy(value.as_bytes());
        notes.extend(text.split(',').map(|hop| hop.trim().to_owned()));
    }
    notes
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

    /// Whom a trusted proxy at 10.0.0.1 came for.
    fn behind_proxy(pairs: &[(&'static str, &'static [u8])]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        address_of("10.0.0.1".parse().unwrap(), &headers, &trusted).to_string()
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
    fn two_headers_that_disagree_mean_tls() {
        for (forwarded, proto, is_tls) in [
            ("for=192.0.2.1;proto=http", "https", true),
            ("for=192.0.2.1;proto=https", "http", true),
            ("for=192.0.2.1", "https", true),
            ("for=192.0.2.1;proto=https", "https", true),
            ("for=192.0.2.1;proto=http", "http", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED, HeaderValue::from_static(forwarded));
            headers.insert(X_FORWARDED_PROTO.clone(), HeaderValue::from_static(proto));
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let over_tls = came_over_tls("10.0.0.1".parse().unwrap(), &headers, &trusted);
            assert_eq!(over_tls, is_tls, "{forwarded} {proto}");
        }
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
