//! The address of the client that made a request, also when it came through a proxy.

use std::net::IpAddr;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address. What headers say counts only when the peer is a trusted proxy; of the
/// addresses that they name, the last one that is not a trusted proxy itself is the client's.
/// Whatever stands before it could have been made up.
pub(crate) fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
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

/// The addresses that the proxies noted, in the order in which the request passed them.
/// `Forwarded` (RFC 7239) is preferred, being the standard.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = |name: &HeaderName| -> Vec<String> {
        let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(|hop| hop.trim().to_owned()).collect()
    };
    let forwarded = lines(&FORWARDED);
    if !forwarded.is_empty() {
        return forwarded.iter().map(|hop| forwarded_for(hop)).collect();
    }
    lines(&X_FORWARDED_FOR).iter().map(|hop| address(hop)).collect()
}

/// The `for` parameter of one element, such as `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("for").then(|| address(value))?
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
        client_ip(peer.parse().unwrap(), &headers, &[trusted.parse().unwrap()]).to_string()
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
