//! Serves the server below a path, such as `https://example.com/pivotal/`.
//!
//! All other code knows paths as they are without it. This middleware removes the path from
//! requests, unless a proxy has already done so, and adds it to the redirects and the links in
//! pages.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use ipnet::IpNet;

use super::links;
use crate::http::forwarded::{X_FORWARDED_PREFIX, values};
use crate::http::peer::Peer;
use crate::model::web::base_path::BasePath;
use crate::model::web::public_url::PublicUrl;

/// Where a listener is reachable for clients, as app data.
pub(crate) struct Mount {
    /// Beats the headers of proxies.
    pub public_url: Option<PublicUrl>,
    pub trusted_proxies: Vec<IpNet>,
    /// Whether an invalid `X-Forwarded-Prefix` was logged.
    has_warned: AtomicBool,
}

impl Mount {
    pub fn new(public_url: Option<PublicUrl>, trusted_proxies: Vec<IpNet>) -> Self {
        Self { public_url, trusted_proxies, has_warned: AtomicBool::new(false) }
    }

    fn base_path(&self, request: &ServiceRequest) -> BasePath {
        if let Some(public) = &self.public_url {
            return public.path().clone();
        }
        let headers = request.headers();
        let is_proxy = || {
            let peer = Peer::of(request.request());
            peer.is_some_and(|peer| peer.is_trusted_proxy(&self.trusted_proxies))
        };
        if !headers.contains_key(&X_FORWARDED_PREFIX) || !is_proxy() {
            return BasePath::default();
        }
        forwarded_prefix(headers).unwrap_or_else(|| {
            if !self.has_warned.swap(true, Ordering::Relaxed) {
                log::warn!(
                    "a proxy sent an X-Forwarded-Prefix header that is ignored because it is not \
                     a path such as /pivotal; fix the proxy, or set `public_url`"
                );
            }
            BasePath::default()
        })
    }
}

/// Returns the path that proxies have removed. Each of several proxies adds the part that it
/// removed, the outermost first. `None` if any part is invalid.
fn forwarded_prefix(headers: &HeaderMap) -> Option<BasePath> {
    let parts = values(headers, &X_FORWARDED_PREFIX);
    parts.iter().try_fold(BasePath::default(), |path, part| path.join(&BasePath::parse(part)?))
}

/// The base path of a request, stored in its extensions unless it is empty.
struct RequestBasePath(BasePath);

/// Returns the path below which the client reached the server.
pub(crate) fn base_path(request: &HttpRequest) -> BasePath {
    request.extensions().get::<RequestBasePath>().map(|found| found.0.clone()).unwrap_or_default()
}

/// Returns whether the public URL says that clients use TLS, whatever the headers say.
pub(crate) fn is_public_https(request: &HttpRequest) -> bool {
    let public = request.app_data::<Data<Mount>>().and_then(|mount| mount.public_url.as_ref());
    public.is_some_and(PublicUrl::is_https)
}

/// Middleware for every request; see above.
pub(crate) async fn mount<B: MessageBody + 'static>(
    mount: Data<Mount>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, String>>, Error> {
    let base = mount.base_path(&request);
    if base.is_empty() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    if mount.public_url.is_some() {
        strip(&mut request, &base);
    }
    request.extensions_mut().insert(RequestBasePath(base.clone()));
    let mut response = next.call(request).await?;
    prefix_location(response.headers_mut(), &base);
    let content_type = response.headers().get(CONTENT_TYPE);
    if content_type.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/html")) {
        return Ok(response.map_into_left_body());
    }
    // Bodies that are not in memory add the path themselves.
    Ok(response.map_body(|_, body| match body.try_into_bytes() {
        Ok(page) => EitherBody::right(links::prefix(&String::from_utf8_lossy(&page), &base)),
        Err(body) => EitherBody::left(body),
    }))
}

/// Removes the base path from the request's path, if it is there.
fn strip(request: &mut ServiceRequest, base: &BasePath) {
    let uri = request.uri();
    let Some(path) = base.strip(uri.path()) else { return };
    let stripped = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    // Cannot fail: a part of a valid path that starts with a slash is a valid path.
    let Ok(stripped) = stripped.parse::<PathAndQuery>() else { return };
    parts.path_and_query = Some(stripped);
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

fn prefix_location(headers: &mut HeaderMap, base: &BasePath) {
    let Some(location) = headers.get(LOCATION).and_then(|value| value.to_str().ok()) else {
        return;
    };
    if location.starts_with('/')
        && !location.starts_with("//")
        && let Ok(value) = HeaderValue::from_str(&format!("{base}{location}"))
    {
        headers.insert(LOCATION, value);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::super::base_url::BaseUrl;
    use super::*;

    /// Responds with the path and query that the handlers see, in a page with a link.
    async fn show(request: HttpRequest) -> HttpResponse {
        let seen = request.uri().path_and_query().map_or("", |path| path.as_str());
        let base = BaseUrl::of_request(&request);
        HttpResponse::Created()
            .insert_header((LOCATION, "/created"))
            .content_type("text/html; charset=utf-8")
            .body(format!("{} {seen} {base} <a href=\"/link\">", request.path()))
    }

    /// Returns the page and its `Location` for a request from this peer.
    async fn get(
        public: Option<&str>,
        peer: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (String, String) {
        let public = public.map(|text| PublicUrl::parse(text).unwrap());
        let mount_at = Mount::new(public, vec!["10.0.0.0/8".parse().unwrap()]);
        let app = App::new()
            .app_data(Data::new(mount_at))
            .route("/a/{rest}", web::to(show))
            .default_service(web::to(|| async { HttpResponse::NotFound().body("none") }))
            .wrap(from_fn(mount));
        let app = init_service(app).await;
        let request = || {
            let peer = std::net::SocketAddr::new(peer.parse().unwrap(), 1);
            let mut request = TestRequest::get().uri(path).peer_addr(peer);
            for &header in headers {
                request = request.append_header(header);
            }
            request.append_header(("host", "inner")).to_request()
        };
        let response = call_service(&app, request()).await;
        let location = response.headers().get(LOCATION).map(|value| value.to_str().unwrap());
        let location = location.unwrap_or_default().to_owned();
        let page = call_and_read_body(&app, request()).await;
        (String::from_utf8(page.to_vec()).unwrap(), location)
    }

    #[actix_web::test]
    async fn a_public_url_applies_whether_or_not_the_proxy_removes_its_path() {
        let public = Some("https://example.com/pivotal/");
        for path in ["/a/b?c=/d", "/pivotal/a/b?c=/d"] {
            let (page, location) = get(public, "192.0.2.1", path, &[]).await;
            assert_eq!(
                page,
                "/a/b /a/b?c=/d https://example.com/pivotal <a href=\"/pivotal/link\">"
            );
            assert_eq!(location, "/pivotal/created");
        }
        assert_eq!(get(public, "192.0.2.1", "/pivotals/a/b", &[]).await.0, "none");
    }

    #[actix_web::test]
    async fn a_trusted_proxy_says_which_path_it_removed() {
        for (headers, base) in [
            (&[("x-forwarded-prefix", "/pivotal")][..], "http://inner/pivotal"),
            (&[("x-forwarded-prefix", "/pivotal/")], "http://inner/pivotal"),
            (&[("x-forwarded-prefix", "/tools, /pivotal")], "http://inner/tools/pivotal"),
            (
                &[("x-forwarded-prefix", "/tools"), ("x-forwarded-prefix", "/pivotal")],
                "http://inner/tools/pivotal",
            ),
        ] {
            let (page, location) = get(None, "10.0.0.1", "/a/b", headers).await;
            assert!(page.starts_with(&format!("/a/b /a/b {base} ")), "{page}");
            assert!(location.ends_with("/pivotal/created"), "{location}");
            let (page, location) = get(None, "192.0.2.1", "/a/b", headers).await;
            assert_eq!(page, "/a/b /a/b http://inner <a href=\"/link\">");
            assert_eq!(location, "/created");
        }
    }

    #[actix_web::test]
    async fn an_invalid_prefix_is_ignored() {
        for prefix in ["", "/", "pivotal", "//host", "/..", "/a\"b", "https://host/a", "/a, b"] {
            let (page, location) =
                get(None, "10.0.0.1", "/a/b", &[("x-forwarded-prefix", prefix)]).await;
            assert_eq!(page, "/a/b /a/b http://inner <a href=\"/link\">", "{prefix}");
            assert_eq!(location, "/created");
        }
    }

    #[actix_web::test]
    async fn the_setting_beats_the_headers() {
        let headers = [("x-forwarded-prefix", "/other"), ("x-forwarded-host", "other")];
        let (page, _) = get(Some("https://example.com/"), "10.0.0.1", "/a/b", &headers).await;
        assert_eq!(page, "/a/b /a/b https://example.com <a href=\"/link\">");
    }
}
