//! The origin (scheme and host) that the client used to reach the server, even if there are proxies
//! in between.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap};
use ipnet::IpNet;
use url::Url;

use super::forwarded::{
    X_FORWARDED_HOST, X_FORWARDED_PROTO, first_forwarded_parameter, first_value,
};
use super::peer::Peer;

/// A placeholder for the server's origin in texts that are generated before the origin is known.
/// When a text is sent, the [`BaseUrl`](super::public::base_url::BaseUrl) replaces it.
pub(crate) const ORIGIN_PLACEHOLDER: &str = "https://pivotal.example.com";

/// The host and port under which this machine reaches the server, as app data of a socket.
pub(crate) struct OwnAuthority(pub String);

/// The maximum length of a host with its port: a name of 253 characters (RFC 1035) and `:65535`.
const MAX_HOST: usize = 259;

/// Returns whether the client used TLS: on its connection to the server, or else according to the
/// proxy closest to it. The headers count only if the peer is a trusted proxy. A client that forges
/// them only harms itself.
///
/// If the two headers disagree, the result is true: a browser without TLS rejects a `Secure`
/// cookie, which is noticed, while a cookie without `Secure` would go unencrypted without anyone
/// noticing.
pub(crate) fn client_used_tls(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    if !peer.is_trusted_proxy(trusted) {
        return peer.over_tls;
    }
    let is_https = |proto: String| proto.eq_ignore_ascii_case("https");
    peer.over_tls
        || first_forwarded_parameter(headers, "proto").is_some_and(is_https)
        || first_value(headers, &X_FORWARDED_PROTO).is_some_and(is_https)
}

/// Returns the origin that the client used to reach the server, such as
/// `https://pivotal.example.com`, for responses that contain URLs.
///
/// The host comes from the headers of a trusted proxy, or else from the request's `Host`, or else
/// from the socket. Invalid values are ignored. So are two headers that disagree, because there is
/// no way to tell which one the proxy wrote. Whatever the client sends, the result is a valid
/// origin.
pub(crate) fn request_origin(request: &HttpRequest, trusted: &[IpNet]) -> String {
    let headers = request.headers();
    let peer = Peer::of(request);
    let proxy = peer.filter(|peer| peer.is_trusted_proxy(trusted));
    let over_tls = peer.is_some_and(|peer| client_used_tls(peer, headers, trusted));
    let scheme = if over_tls { "https" } else { "http" };
    let parse = |host: String| parse_origin(scheme, &host);
    let forwarded = proxy.and_then(|_| {
        let forwarded = first_forwarded_parameter(headers, "host").and_then(parse);
        let x_forwarded = first_value(headers, &X_FORWARDED_HOST).and_then(parse);
        match (forwarded, x_forwarded) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        }
    });
    let from_host = || parse_origin(scheme, headers.get(HOST)?.to_str().ok()?);
    forwarded.or_else(from_host).unwrap_or_else(|| {
        let own = request.app_data::<OwnAuthority>().map(|own| own.0.clone());
        let own = own
            .unwrap_or_else(|| connectable_address(request.app_config().local_addr()).to_string());
        format!("{scheme}://{own}")
    })
}

/// Builds an origin from a host with an optional port. Returns `None` if the text is anything else.
/// The URL standard accepts things that can't be a host, such as quotation marks and `..`, so the
/// characters are checked before parsing, and the labels of a name afterwards.
fn parse_origin(scheme: &str, host: &str) -> Option<String> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if host.len() > MAX_HOST || !host.bytes().all(is_allowed) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{host}")).ok()?;
    let is_valid = url.domain().is_none_or(is_host_name);
    is_valid.then(|| url.origin().ascii_serialization())
}

/// Returns whether a domain can be a host name. It may end with the dot of the root.
fn is_host_name(domain: &str) -> bool {
    let labels = domain.strip_suffix('.').unwrap_or(domain);
    labels.split('.').all(|label| !label.is_empty())
        && labels.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// Returns an address to connect to: loopback if the socket listens on all addresses of the
/// machine, otherwise the same address.
pub(crate) fn connectable_address(mut socket: SocketAddr) -> SocketAddr {
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
    use crate::model::client_address::ClientAddress;

    fn peer(ip: &str) -> Peer {
        Peer { address: ClientAddress::Ip(ip.parse().unwrap()), over_tls: false }
    }

    #[test]
    fn only_a_trusted_proxy_can_say_that_the_client_used_tls() {
        let over_tls = |peer: &str, name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            client_used_tls(self::peer(peer), &headers, &trusted)
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
            let over_tls = client_used_tls(peer("10.0.0.1"), &headers, &trusted);
            assert_eq!(over_tls, is_tls, "{forwarded} {proto}");
        }
    }

    #[test]
    fn an_encrypted_connection_is_tls_whatever_the_headers_say() {
        let mut headers = HeaderMap::new();
        for address in ["10.0.0.1", "203.0.113.9"] {
            let over_tls = Peer { over_tls: true, ..peer(address) };
            assert!(client_used_tls(over_tls, &headers, &["10.0.0.0/8".parse().unwrap()]));
            headers.insert(X_FORWARDED_PROTO.clone(), HeaderValue::from_static("http"));
        }
    }

    /// Returns the origin for a request from this peer with these headers. The server listens on
    /// 127.0.0.1:8080.
    fn origin_for(peer: &str, headers: &[(&str, &str)]) -> String {
        let mut request = TestRequest::get().peer_addr(SocketAddr::new(peer.parse().unwrap(), 1));
        for &(name, value) in headers {
            request = request.append_header((name, value));
        }
        request_origin(&request.to_http_request(), &["10.0.0.0/8".parse().unwrap()])
    }

    #[test]
    fn the_origin_is_the_one_that_the_client_used() {
        for (host, origin) in [
            ("pivotal.example.com", "http://pivotal.example.com"),
            ("Pivotal.Example.com:80", "http://pivotal.example.com"),
            ("localhost:8080", "http://localhost:8080"),
            ("192.0.2.1:8080", "http://192.0.2.1:8080"),
            ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
            ("my_server:443", "http://my_server:443"),
            ("pivotal.example.com.", "http://pivotal.example.com."),
        ] {
            assert_eq!(origin_for("192.0.2.7", &[("host", host)]), origin);
        }
    }

    #[test]
    fn a_trusted_proxy_sets_the_scheme_and_the_host() {
        let host = ("host", "inner:8080");
        let proto = ("x-forwarded-proto", "https");
        let x_forwarded = ("x-forwarded-host", "pivotal.example.com");
        let forwarded = ("forwarded", r#"host="pivotal.example.com:8443";proto=https, host=inner"#);
        assert_eq!(origin_for("10.0.0.1", &[host]), "http://inner:8080");
        assert_eq!(origin_for("10.0.0.1", &[host, proto]), "https://inner:8080");
        assert_eq!(
            origin_for("10.0.0.1", &[host, proto, x_forwarded]),
            "https://pivotal.example.com"
        );
        assert_eq!(origin_for("10.0.0.1", &[host, forwarded]), "https://pivotal.example.com:8443");
        // The client sent one of the two itself.
        assert_eq!(origin_for("10.0.0.1", &[host, x_forwarded, forwarded]), "https://inner:8080");
        assert_eq!(origin_for("192.0.2.7", &[host, proto, x_forwarded]), "http://inner:8080");
        assert_eq!(origin_for("192.0.2.7", &[host, forwarded]), "http://inner:8080");
    }

    #[test]
    fn an_invalid_forwarded_host_is_ignored() {
        let host = ("host", "inner:8080");
        let x_forwarded = ("x-forwarded-host", "pivotal.example.com");
        for host_value in ["", "a b", "..", ", pivotal.example.com"] {
            let forwarded = ("x-forwarded-host", host_value);
            assert_eq!(
                origin_for("10.0.0.1", &[host, forwarded]),
                "http://inner:8080",
                "{host_value}"
            );
            assert_eq!(
                origin_for("10.0.0.1", &[forwarded]),
                "http://127.0.0.1:8080",
                "{host_value}"
            );
        }
        for host_value in ["host=", "host=\"a b\"", "host=_hidden/", "for=192.0.2.1"] {
            let forwarded = ("forwarded", host_value);
            assert_eq!(
                origin_for("10.0.0.1", &[host, forwarded]),
                "http://inner:8080",
                "{host_value}"
            );
            let origin = origin_for("10.0.0.1", &[host, forwarded, x_forwarded]);
            assert_eq!(origin, "http://pivotal.example.com", "{host_value}");
        }
    }

    #[test]
    fn an_invalid_host_never_appears_in_the_origin() {
        let long = "a".repeat(MAX_HOST + 1);
        for host_value in [
            "", "a b", "a/b", "a?b", "a@b", "a\"b", "<b>", "a:b", "a:99999", "a,b", "[::1",
            "\u{e4}", ".", "..", "a..b", ".a", "a..", "..:80", "-_.", "-", "_:80", &long,
        ] {
            assert_eq!(
                origin_for("192.0.2.7", &[("host", host_value)]),
                "http://127.0.0.1:8080",
                "{host_value}"
            );
        }
        assert_eq!(origin_for("192.0.2.7", &[]), "http://127.0.0.1:8080");
    }

    #[test]
    fn an_unspecified_address_becomes_loopback() {
        let connectable = |socket: &str| connectable_address(socket.parse().unwrap()).to_string();
        assert_eq!(connectable("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(connectable("[::]:80"), "[::1]:80");
        assert_eq!(connectable("192.0.2.1:80"), "192.0.2.1:80");
    }

    proptest! {
        #[test]
        fn any_host_header_results_in_a_valid_origin(host in "[ -~]{0,40}") {
            let origin = origin_for("192.0.2.7", &[("host", &host)]);
            let url = Url::parse(&origin).unwrap();
            prop_assert_eq!(url.origin().ascii_serialization(), origin);
        }
    }
}
