//! The client that made a request: its address, whether it came over TLS, and by which address it
//! reached the server, also when there are proxies in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HOST, HeaderMap, HeaderName};
use ipnet::IpNet;
use url::Url;

static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The origin in texts that are written before anybody knows by which address clients reach the
/// server. It is replaced by [`origin`] when they are sent.
pub(crate) const PLACEHOLDER: &str = "https://pivotal.example.com";

/// The address that the server listens on, among an app's data.
pub(crate) struct ListensOn(pub SocketAddr);

/// The longest host with its port: a name of 253 characters (RFC 1035) and `:65535`.
const MAX_HOST: usize = 259;

/// The client's address. What headers say counts only when the peer is a trusted proxy; of the
/// addresses that they name, the last one that is not a trusted proxy itself is the client's.
/// Whatever stands before it could have been made up.
///
/// So could a whole header: a proxy that writes one of the two mostly passes on the other as the
/// client sent it, and nothing tells which one is the proxy's. When there are both and they lead to
/// different addresses, neither is believed and the client's address is the peer's.
pub(crate) fn address_of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
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
    if !is_trusted(peer, trusted) {
        return false;
    }
    let is_https = |proto: String| proto.eq_ignore_ascii_case("https");
    first_forwarded(headers, "proto").is_some_and(is_https)
        || first_note(headers, &X_FORWARDED_PROTO).is_some_and(is_https)
}

/// By which address the client reached the server, such as `https://pivotal.example.com`: for
/// answers that tell where something is. The host is the one that a trusted proxy has noted, or else
/// the one that the request itself names, or else that of the socket. A note that is no host counts
/// as none. So do two that disagree: nothing tells which of them is the proxy's. Whatever a client
/// sends, the result is an origin and nothing else.
pub(crate) fn origin(request: &HttpRequest, trusted: &[IpNet]) -> String {
    let headers = request.headers();
    let proxy = request.peer_addr().map(|peer| peer.ip()).filter(|ip| is_trusted(*ip, trusted));
    let over_tls = proxy.is_some_and(|proxy| came_over_tls(proxy, headers, trusted));
    let scheme = if over_tls { "https" } else { "http" };
    let of = |host: String| origin_of(scheme, &host);
    let noted = proxy.and_then(|_| {
        let standard = first_forwarded(headers, "host").and_then(of);
        let usual = first_note(headers, &X_FORWARDED_HOST).and_then(of);
        match (standard, usual) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        }
    });
    let named = || origin_of(scheme, headers.get(HOST)?.to_str().ok()?);
    noted.or_else(named).unwrap_or_else(|| {
        let own = request.app_data::<ListensOn>().map(|own| own.0);
        let socket = reachable(own.unwrap_or_else(|| request.app_config().local_addr()));
        format!("{scheme}://{socket}")
    })
}

/// The origin of a host that may have a port; nothing when the text is anything else. The standard of
/// URLs lets more pass than can be a host, such as quotation marks and `..`: the characters are looked
/// at before, and the labels of a name after it.
fn origin_of(scheme: &str, host: &str) -> Option<String> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if host.len() > MAX_HOST || !host.bytes().all(usual) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{host}")).ok()?;
    let may_be = url.domain().is_none_or(is_name);
    may_be.then(|| url.origin().ascii_serialization())
}

/// Whether a domain can be the name of a host. It may end with the dot of the root.
fn is_name(domain: &str) -> bool {
    let labels = domain.strip_suffix('.').unwrap_or(domain);
    labels.split('.').all(|label| !label.is_empty())
        && labels.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// An address to go to: a socket that listens on every address of the machine is reached on its
/// own.
pub(crate) fn reachable(mut socket: SocketAddr) -> SocketAddr {
    if socket.ip().is_unspecified() {
        socket.set_ip(match socket {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    socket
}

/// Whether an address is that of a trusted proxy.
pub(crate) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    let address = address.to_canonical();
    trusted.iter().any(|net| net.contains(&address))
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

/// What the proxy that the client met first has noted in a header.
fn first_note(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    notes(headers, name).into_iter().next()
}

/// What it has noted in a parameter of `Forwarded`.
fn first_forwarded(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let hop = first_note(headers, &FORWARDED)?;
    parameter(&hop, wanted).map(str::to_owned)
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
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    plain.or_else(with_port).or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

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

    /// The address that a client used, as far as a peer with these headers tells. The socket of
    /// these requests is 127.0.0.1:8080.
    fn reached(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request = TestRequest::get().peer_addr(SocketAddr::new(peer.parse().unwrap(), 1));
        for &(name, value) in headers {
            request = request.append_header((name, value));
        }
        origin(&request.to_http_request(), &["10.0.0.0/8".parse().unwrap()])
    }

    #[test]
    fn a_client_is_told_the_address_that_it_used() {
        for (host, origin) in [
            ("pivotal.example.com", "http://pivotal.example.com"),
            ("Pivotal.Example.com:80", "http://pivotal.example.com"),
            ("localhost:8080", "http://localhost:8080"),
            ("192.0.2.1:8080", "http://192.0.2.1:8080"),
            ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
            ("my_server:443", "http://my_server:443"),
            ("pivotal.example.com.", "http://pivotal.example.com."),
        ] {
            assert_eq!(reached("192.0.2.7", &[("host", host)]), origin);
        }
    }

    #[test]
    fn a_trusted_proxy_tells_the_host_and_the_scheme_that_the_client_used() {
        let host = ("host", "inner:8080");
        let proto = ("x-forwarded-proto", "https");
        let usual = ("x-forwarded-host", "pivotal.example.com");
        let standard = ("forwarded", r#"host="pivotal.example.com:8443";proto=https, host=inner"#);
        assert_eq!(reached("10.0.0.1", &[host]), "http://inner:8080");
        assert_eq!(reached("10.0.0.1", &[host, proto]), "https://inner:8080");
        assert_eq!(reached("10.0.0.1", &[host, proto, usual]), "https://pivotal.example.com");
        assert_eq!(reached("10.0.0.1", &[host, standard]), "https://pivotal.example.com:8443");
        // One of the two is the client's own.
        assert_eq!(reached("10.0.0.1", &[host, usual, standard]), "https://inner:8080");
        assert_eq!(reached("192.0.2.7", &[host, proto, usual]), "http://inner:8080");
        assert_eq!(reached("192.0.2.7", &[host, standard]), "http://inner:8080");
    }

    #[test]
    fn a_note_that_is_no_host_hides_no_host() {
        let host = ("host", "inner:8080");
        let usual = ("x-forwarded-host", "pivotal.example.com");
        for odd in ["", "a b", "..", ", pivotal.example.com"] {
            let noted = ("x-forwarded-host", odd);
            assert_eq!(reached("10.0.0.1", &[host, noted]), "http://inner:8080", "{odd}");
            assert_eq!(reached("10.0.0.1", &[noted]), "http://127.0.0.1:8080", "{odd}");
        }
        for odd in ["host=", "host=\"a b\"", "host=_hidden/", "for=192.0.2.1"] {
            let noted = ("forwarded", odd);
            assert_eq!(reached("10.0.0.1", &[host, noted]), "http://inner:8080", "{odd}");
            let told = reached("10.0.0.1", &[host, noted, usual]);
            assert_eq!(told, "http://pivotal.example.com", "{odd}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_not_repeated() {
        let long = "a".repeat(MAX_HOST + 1);
        for odd in [
            "", "a b", "a/b", "a?b", "a@b", "a\"b", "<b>", "a:b", "a:99999", "a,b", "[::1",
            "\u{e4}", ".", "..", "a..b", ".a", "a..", "..:80", "-_.", "-", "_:80", &long,
        ] {
            assert_eq!(reached("192.0.2.7", &[("host", odd)]), "http://127.0.0.1:8080", "{odd}");
        }
        assert_eq!(reached("192.0.2.7", &[]), "http://127.0.0.1:8080");
    }

    #[test]
    fn an_address_to_go_to_is_not_every_address() {
        let shown = |socket: &str| reachable(socket.parse().unwrap()).to_string();
        assert_eq!(shown("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(shown("[::]:80"), "[::1]:80");
        assert_eq!(shown("192.0.2.1:80"), "192.0.2.1:80");
    }

    proptest! {
        #[test]
        fn whatever_a_client_calls_the_server_it_is_told_an_origin(host in "[ -~]{0,40}") {
            let told = reached("192.0.2.7", &[("host", &host)]);
            let url = Url::parse(&told).unwrap();
            prop_assert_eq!(url.origin().ascii_serialization(), told);
        }
    }
}
