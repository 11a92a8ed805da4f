//! Decides who may use these routes. With a token, those who send it. Without one, programs on this
//! machine, but not web pages: a page can send requests to loopback addresses, and through DNS
//! rebinding even read the responses.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::Version;
use actix_web::http::header::{AUTHORIZATION, FORWARDED, HOST, HeaderMap, HeaderName, ORIGIN, VIA};
use url::{Host, Url};

use super::control::Control;
use super::error::ControlError;
use crate::http::forwarded::{X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};
use crate::http::peer::Peer;
use crate::model::client_address::ClientAddress;
use crate::model::test_control::token::ControlToken;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
static CF_CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");

pub(super) fn check(request: &HttpRequest, control: &Control) -> Result<(), ControlError> {
    let peer = Peer::of(request).map(|peer| peer.address);
    let token = control.service.settings.test_control.token.as_ref();
    check_request(peer, request.version(), request.headers(), token)
}

fn check_request(
    peer: Option<ClientAddress>,
    version: Version,
    headers: &HeaderMap,
    token: Option<&ControlToken>,
) -> Result<(), ControlError> {
    if let Some(token) = token {
        let is_right = bearer(headers).is_some_and(|sent| token.matches(sent));
        return if is_right { Ok(()) } else { Err(ControlError::WrongToken) };
    }
    if !peer.is_some_and(ClientAddress::is_local) {
        return Err(ControlError::RemotePeer);
    }
    // nginx passes requests on with HTTP/1.0 and its own `Host` unless it is configured otherwise.
    if version < Version::HTTP_11 {
        return Err(ControlError::OldVersion);
    }
    let hosts: Vec<_> = headers.get_all(HOST).collect();
    let is_local = |host: &[u8]| std::str::from_utf8(host).is_ok_and(is_loopback_host);
    if hosts.len() > 1 || !hosts.iter().all(|host| is_local(host.as_bytes())) {
        return Err(ControlError::ForeignHeader("Host"));
    }
    // A proxy on this machine connects from a loopback address or a Unix socket for every client.
    for (name, shown) in [
        (&ORIGIN, "Origin"),
        (&FORWARDED, "Forwarded"),
        (&X_FORWARDED_FOR, "X-Forwarded-For"),
        (&X_FORWARDED_HOST, "X-Forwarded-Host"),
        (&X_FORWARDED_PROTO, "X-Forwarded-Proto"),
        (&X_REAL_IP, "X-Real-IP"),
        (&CF_CONNECTING_IP, "CF-Connecting-IP"),
        (&VIA, "Via"),
    ] {
        if headers.contains_key(name) {
            return Err(ControlError::ForeignHeader(shown));
        }
    }
    // Browsers send `none` for URLs that the user typed.
    if headers.get_all(&SEC_FETCH_SITE).any(|site| site != "none") {
        return Err(ControlError::ForeignHeader("Sec-Fetch-Site"));
    }
    Ok(())
}

/// Returns the token of the only `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION);
    let only = all.next().filter(|_| all.next().is_none())?;
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns whether a `Host` is `localhost` or a loopback address, with or without a port.
fn is_loopback_host(host: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if !host.bytes().all(is_allowed) {
        return false;
    }
    let Ok(url) = Url::parse(&format!("http://{host}")) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    /// Checks a request from loopback with these headers.
    fn check(
        peer: &str,
        pairs: &[(&'static str, &'static str)],
        token: Option<&str>,
    ) -> Result<(), ControlError> {
        let mut headers = HeaderMap::new();
        for &(name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let token = token.map(|token| ControlToken::parse(token).unwrap());
        let peer = ClientAddress::Ip(peer.parse().unwrap());
        check_request(Some(peer), Version::HTTP_11, &headers, token.as_ref())
    }

    #[test]
    fn without_a_token_only_programs_on_this_machine_are_allowed() {
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "a.localhost", "[::1]:80"] {
            assert!(check("127.0.0.1", &[("host", host)], None).is_ok(), "{host}");
        }
        assert!(check("::1", &[], None).is_ok());
        assert!(check("::ffff:127.0.0.1", &[("sec-fetch-site", "none")], None).is_ok());
        for peer in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"] {
            let refused = check(peer, &[("host", "localhost")], None);
            assert!(matches!(refused, Err(ControlError::RemotePeer)), "{peer}");
        }
    }

    #[test]
    fn without_a_token_whatever_a_page_or_a_proxy_may_have_sent_is_refused() {
        for (name, value, shown) in [
            ("host", "rebound.example.com", "Host"),
            ("host", "localhost.example.com", "Host"),
            ("host", "192.0.2.1", "Host"),
            ("host", "localhost@example.com", "Host"),
            ("host", "", "Host"),
            ("origin", "http://127.0.0.1:8080", "Origin"),
            ("origin", "null", "Origin"),
            ("sec-fetch-site", "cross-site", "Sec-Fetch-Site"),
            ("sec-fetch-site", "same-origin", "Sec-Fetch-Site"),
            ("x-forwarded-for", "127.0.0.1", "X-Forwarded-For"),
            ("x-forwarded-host", "localhost", "X-Forwarded-Host"),
            ("x-forwarded-proto", "http", "X-Forwarded-Proto"),
            ("x-real-ip", "127.0.0.1", "X-Real-IP"),
            ("cf-connecting-ip", "127.0.0.1", "CF-Connecting-IP"),
            ("forwarded", "for=127.0.0.1", "Forwarded"),
            ("via", "1.1 proxy", "Via"),
        ] {
            match check("127.0.0.1", &[(name, value)], None) {
                Err(ControlError::ForeignHeader(header)) => assert_eq!(header, shown),
                other => panic!("{name}: {value}: {other:?}"),
            }
        }
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert!(check("127.0.0.1", &twice, None).is_err());
    }

    #[test]
    fn with_a_token_everyone_needs_it_and_nothing_else_matters() {
        let token = Some("a-long-token");
        let right = ("authorization", "bearer a-long-token");
        assert!(check("192.0.2.1", &[right, ("origin", "https://example.com")], token).is_ok());
        assert!(check("127.0.0.1", &[], token).is_err());
        for wrong in ["Bearer a-long-toke", "a-long-token", "Basic a-long-token", "Bearer", ""] {
            assert!(check("127.0.0.1", &[("authorization", wrong)], token).is_err(), "{wrong}");
        }
        assert!(check("127.0.0.1", &[right, right], token).is_err());
    }
}
