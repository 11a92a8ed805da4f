//! The origin by which the client reached the server, its scheme and its host, also when there are
//! proxies in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap};
use ipnet::IpNet;
use url::Url;

use super::address::is_trusted;
use super::forwarded::{X_FORWARDED_HOST, X_FORWARDED_PROTO, first_note, first_parameter};

/// The origin in texts that are written before anybody knows by which address clients reach the
/// server. It is replaced by [`request_origin`] when they are sent.
pub(crate) const PLACEHOLDER: &str = "https://pivotal.example.com";

/// The address that the server listens on, among an app's data.
pub(crate) struct ListensOn(pub SocketAddr);

/// The longest host with its port: a name of 253 characters (RFC 1035) and `:65535`.
const MAX_HOST: usize = 259;

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
    first_parameter(headers, "proto").is_some_and(is_https)
        || first_note(headers, &X_FORWARDED_PROTO).is_some_and(is_https)
}

/// By which address the client reached the server, such as `https://pivotal.example.com`: for
/// answers that tell where something is. The host is the one that a trusted proxy has noted, or
/// else the one that the request itself names, or else that of the socket. A note that is no host
/// counts as none. So do two that disagree: nothing tells which of them is the proxy's. Whatever a
/// client sends, the result is an origin and nothing else.
pub(crate) fn request_origin(request: &HttpRequest, trusted: &[IpNet]) -> String {
    let headers = request.headers();
    let proxy = request.peer_addr().map(|peer| peer.ip()).filter(|ip| is_trusted(*ip, trusted));
    let over_tls = proxy.is_some_and(|proxy| came_over_tls(proxy, headers, trusted));
    let scheme = if over_tls { "https" } else { "http" };
    let parse = |host: String| parse_origin(scheme, &host);
    let noted = proxy.and_then(|_| {
        let standard = first_parameter(headers, "host").and_then(parse);
        let usual = first_note(headers, &X_FORWARDED_HOST).and_then(parse);
        match (standard, usual) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        }
    });
    let named = || parse_origin(scheme, headers.get(HOST)?.to_str().ok()?);
    noted.or_else(named).unwrap_or_else(|| {
        let own = request.app_data::<ListensOn>().map(|own| own.0);
        let socket = reachable(own.unwrap_or_else(|| request.app_config().local_addr()));
        format!("{scheme}://{socket}")
    })
}

/// The origin of a host that may have a port; nothing when the text is anything else. The standard
/// of URLs lets more pass than can be a host, such as quotation marks and `..`: the characters are
/// looked at before, and the labels of a name after it.
fn parse_origin(scheme: &str, host: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use actix_web::http::header::{FORWARDED, HeaderName, HeaderValue};
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

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

    /// The address that a client used, as far as a peer with these headers tells. The socket of
    /// these requests is 127.0.0.1:8080.
    fn reached(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request = TestRequest::get().peer_addr(SocketAddr::new(peer.parse().unwrap(), 1));
        for &(name, value) in headers {
            request = request.append_header((name, value));
        }
        request_origin(&request.to_http_request(), &["10.0.0.0/8".parse().unwrap()])
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
