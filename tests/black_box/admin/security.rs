//! Security of the admin pages: no page without a session, no action without its form's CSRF token,
//! the attributes of the cookie, and security headers.

use pivotal_server::admin::{Entry, entries};
use pivotal_server::settings::Settings;

use crate::support::{InProcess, PASSWORD, Page, Server, Visitor};

/// Returns the path of a route, with 1 for every parameter.
fn address(entry: &Entry) -> String {
    let part = |part: &str| if part.starts_with('{') { "1".to_owned() } else { part.to_owned() };
    entry.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Returns the URL of the style sheet.
fn style_url(visitor: &Visitor) -> String {
    visitor.get("/admin/sign-in").attribute("link[rel=stylesheet]", "href")
}

#[track_caller]
fn has_security_headers(shown: &Page) {
    let header = |name: &str| shown.header(name).unwrap_or_else(|| panic!("{name}: {shown:?}"));
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"));
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "same-origin");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin");
    assert!(!header("x-request-id").is_empty());
    assert!(header("cache-control") == "no-store" || header("cache-control").contains("immutable"));
}

#[test]
fn pages_and_actions_require_a_sign_in() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.get("/admin/sign-in").expect(200);
    let guarded: Vec<Entry> = entries().into_iter().filter(|entry| entry.signed_in).collect();
    assert!(guarded.len() >= 3);
    for entry in guarded {
        let path = address(&entry);
        let shown = match entry.method.as_str() {
            "GET" => visitor.get(&path),
            _ => visitor.post(&path, &[]),
        };
        shown.asks_to_sign_in();
        assert_eq!(shown.body, "", "{path}");
    }
}

#[test]
fn actions_require_the_csrf_token_of_the_session() {
    let server = InProcess::start(Settings::default());
    let (visitor, other) = (server.visitor(), server.visitor());
    visitor.sign_in();
    other.sign_in();
    let token = |visitor: &Visitor| visitor.get("/admin").field("csrf");
    let (ours, theirs) = (token(&visitor), token(&other));
    let foreign = visitor.clone_session().with_header("Sec-Fetch-Site", "cross-site");
    for entry in entries().into_iter().filter(|entry| entry.method == "POST") {
        let path = address(&entry);
        visitor.post_without_token(&path, &[("password", PASSWORD)]).expect(403);
        for wrong in ["", "x", theirs.as_str(), &ours[1..]] {
            visitor.post_without_token(&path, &[("csrf", wrong)]).expect(403);
        }
        foreign.post_without_token(&path, &[("csrf", &ours)]).expect(403).shows("out of date");
        let nobody = server.visitor();
        nobody.post_without_token(&path, &[("csrf", &ours)]).expect(403);
    }
    assert!(visitor.is_signed_in());
    visitor
        .clone_session()
        .with_header("Sec-Fetch-Site", "same-origin")
        .post("/admin/sign-out", &[]);
    assert!(!visitor.is_signed_in());
}

#[test]
fn the_cookie_is_strict_and_secure_behind_a_tls_proxy() {
    let cookie = |visitor: &Visitor| {
        let line = visitor.get("/admin/sign-in").header("set-cookie").unwrap().to_owned();
        let (token, flags) = line.split_once("; ").unwrap();
        // Browsers enforce `Secure` for cookies with the `__Host-` prefix.
        let over_tls = flags.ends_with("; Secure");
        let name = if over_tls { "__Host-pivotal_admin=" } else { "pivotal_admin=" };
        assert_eq!(token.strip_prefix(name).map(str::len), Some(64), "{line}");
        flags.to_owned()
    };
    let plain = "Path=/; HttpOnly; SameSite=Strict";
    let server = InProcess::start(Settings::default());
    assert_eq!(cookie(&server.visitor()), plain);
    assert_eq!(cookie(&server.visitor().with_header("X-Forwarded-Proto", "https")), plain);

    let trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let server = InProcess::start(Settings { trusted_proxies, ..Settings::default() });
    assert_eq!(cookie(&server.visitor()), plain);
    assert_eq!(cookie(&server.visitor().with_header("X-Forwarded-Proto", "http")), plain);
    let secure = format!("{plain}; Secure");
    let over_tls = || server.visitor().with_header("X-Forwarded-Proto", "https");
    assert_eq!(cookie(&over_tls()), secure);
    let standard = server.visitor().with_header("Forwarded", "for=192.0.2.1;proto=https");
    assert_eq!(cookie(&standard), secure);
    let visitor = over_tls();
    visitor.get("/admin/sign-in").expect(200);
    let signed_in = visitor.post("/admin/sign-in", &[("password", PASSWORD)]);
    assert!(signed_in.expect(303).header("set-cookie").unwrap().ends_with("; Secure"));
    assert!(visitor.is_signed_in());
}

#[test]
fn every_response_has_the_security_headers() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    let style = style_url(&visitor);
    for entry in entries() {
        has_security_headers(&visitor.send(entry.method.as_str(), &address(&entry), None));
    }
    for (path, status) in [
        (style.as_str(), 200),
        ("/admin/assets/0000000000000000/admin.css", 404),
        ("/admin/nothing", 404),
        ("/customers/1/nothing", 404),
        ("/", 303),
        ("/admin", 303),
        ("/admin/sign-out", 405),
    ] {
        let shown = visitor.get(path);
        has_security_headers(shown.expect(status));
    }
    visitor.sign_in();
    has_security_headers(visitor.get("/admin").expect(200));
    has_security_headers(visitor.post_without_token("/admin/workspace", &[]).expect(403));
    has_security_headers(visitor.send("PATCH", "/admin", None).expect(405));
    let large = "x".repeat(300_000);
    has_security_headers(visitor.post("/admin/workspace", &[("next", &large)]).expect(413));
    let long = server.visitor().with_header("X-Long", &"x".repeat(40_000));
    has_security_headers(long.get("/admin").expect(431));
}

#[test]
fn assets_are_immutable_and_need_no_cookie() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    let style = style_url(&visitor);
    let nobody = server.visitor();
    for (name, kind) in [("admin.css", "text/css"), ("admin.js", "text/javascript")] {
        let page = visitor.get("/admin/sign-in");
        let mut assets = page.attributes("link", "href");
        assets.extend(page.attributes("script", "src"));
        let path = assets.iter().find(|asset| asset.ends_with(name)).unwrap();
        let shown = nobody.get(path);
        shown.expect(200);
        assert!(shown.header("content-type").unwrap().starts_with(kind));
        assert_eq!(shown.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(shown.header("set-cookie"), None);
    }
    assert_eq!(nobody.send("HEAD", &style, None).expect(200).body, "");
}

#[test]
fn a_wrong_method_lists_the_allowed_ones() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    for method in ["POST", "DELETE"] {
        let shown = visitor.send(method, &style_url(&visitor), None);
        assert_eq!(shown.expect(405).header("allow"), Some("GET, HEAD"));
    }
    let shown = visitor.send("PATCH", "/admin/sign-in", None);
    assert_eq!(shown.expect(405).header("allow"), Some("GET, HEAD, POST"));
    assert_eq!(visitor.get("/admin/sign-out").expect(405).header("allow"), Some("POST"));
    assert_eq!(visitor.send("HEAD", "/admin/sign-in", None).expect(200).body, "");
}

#[test]
fn a_link_on_another_site_does_not_sign_the_visitor_out() {
    let server = InProcess::start(Settings::default());
    // The browser withholds a `SameSite=Strict` cookie from such a request.
    let from_elsewhere = server.visitor().with_header("Sec-Fetch-Site", "cross-site");
    let shown = from_elsewhere.get("/admin?a=b");
    let refresh = shown.expect(200).attribute("meta[http-equiv=refresh]", "content");
    assert_eq!(refresh, "0;url=/admin?a=b");
    assert_eq!(shown.header("set-cookie"), None);
    has_security_headers(&shown);
}

#[test]
fn pages_have_no_inline_code_and_load_nothing_from_other_sites() {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    let pages = [visitor.get("/admin/sign-in"), visitor.get("/admin/nothing"), visitor.sign_in()];
    for page in pages {
        for odd in ["<style", " style=", " onclick=", "javascript:", "src=\"http", "href=\"http"] {
            page.hides(odd);
        }
        assert_eq!(page.root().attribute("lang"), Some("en"));
        assert_eq!((page.count("main#content"), page.count(".skip")), (1, 1));
        assert_eq!(page.count("script"), page.count("script[src^='/admin/assets/']"));
        assert_eq!(page.texts("script").concat(), "");
    }
}

#[test]
fn the_workspace_switcher_changes_the_current_workspace() {
    let server = Server::start();
    let visitor = server.signed_in();
    visitor.get("/admin").expect(200).hides("action=\"/admin/workspace\"");
    server.json(&["workspaces", "create", "--slug", "acme", "--name", "Acme <& Co>"]);
    let chosen = |page: &Page| page.expect(200).count("option[value=acme][selected]") == 1;
    assert!(!chosen(visitor.get("/admin").says("Acme <& Co>")));
    let choice = [("workspace", "acme"), ("next", "/admin")];
    assert!(chosen(&visitor.follow(visitor.post("/admin/workspace", &choice))));
    visitor.post("/admin/workspace", &[("workspace", "nobody")]).expect(303);
    assert!(chosen(&visitor.get("/admin")));
    let other = server.visitor();
    assert!(!chosen(&other.sign_in()));
}
