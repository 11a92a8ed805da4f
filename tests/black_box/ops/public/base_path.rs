//! Served below a path, every address that the server gives out starts with that path, whether the
//! proxy removes it from requests or passes it on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::support::{PASSWORD, Page, Server, Visitor};

const BASE: &str = "/tools/pivotal";
const ORIGIN: &str = "https://intranet.example.com";

/// At most this many pages of each kind: they differ only in their data.
const PAGES_PER_KIND: usize = 2;

/// Starts a server with an admin password and this setting.
fn server(name: &str, value: &str) -> Server {
    let server = Server::start_with(&[("PIVOTAL_RATE_LIMITS_ENABLED", "false"), (name, value)]);
    assert!(server.set_password(PASSWORD).status.success());
    server
}

/// Adds demo data, so that there is every kind of page.
fn fill(server: &Server) {
    server.json(&["demo"]);
    // With a second workspace, every page has the workspace switcher.
    server.other_workspace("second");
    let url = "http://127.0.0.1:1/hooks";
    for _ in 0..2 {
        server.json(&["webhooks", "create", "--workspace", "demo", "--url", url]);
    }
}

/// Deletes one record of each kind in the demo data, so that the audit log links to deleted ones.
/// Returns the paths of their pages.
fn delete_some(visitor: &Visitor) -> Vec<String> {
    let endpoints = visitor.get(&format!("{BASE}/admin/webhooks"));
    let mut links = check("endpoints", &endpoints).into_iter();
    let endpoint = links.find(|path| path.contains("/admin/webhooks/ep_")).unwrap();
    let mut paths = ["/contacts/3", "/onboardings/3", "/customers/2"]
        .map(|path| format!("{BASE}{path}"))
        .to_vec();
    paths.push(endpoint);
    for path in &paths {
        let confirm = visitor.get(&format!("{path}/delete"));
        let action = confirm.expect(200).attribute("main form", "action");
        let deleted = visitor.post(&action, &[]);
        deleted.expect(303);
        check(&action, &deleted);
    }
    paths
}

/// Returns a visitor of the server whose proxy removes the path and says so in a header.
fn behind_a_stripping_proxy(server: &Server) -> Visitor {
    Visitor::new(server.address())
        .with_header("X-Forwarded-Proto", "https")
        .with_header("X-Forwarded-Host", "intranet.example.com")
        .with_header("X-Forwarded-Prefix", BASE)
        .below(BASE, true)
}

/// Returns a visitor of the server whose proxy passes requests on as they are.
fn behind_a_passing_proxy(server: &Server) -> Visitor {
    Visitor::new(server.address()).below(BASE, false)
}

/// Signs in and chooses the workspace with the demo data.
fn open_demo(visitor: &Visitor) {
    visitor.sign_in();
    let form = [("workspace", "demo"), ("next", "/customers")];
    let chosen = visitor.post(&format!("{BASE}/admin/workspace"), &form);
    assert_eq!(chosen.expect(303).location(), format!("{BASE}/customers"));
}

fn is_below_base(path: &str) -> bool {
    path.strip_prefix(BASE).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

/// Checks all addresses in a response. Returns the paths that its links lead to.
fn check(path: &str, page: &Page) -> Vec<String> {
    if let Some(location) = page.header("location") {
        assert!(is_below_base(location), "{path} redirects to {location}");
    }
    for (at, _) in page.body.match_indices(ORIGIN) {
        let url = &page.body[at + ORIGIN.len()..];
        let url = url.split(|c: char| c.is_whitespace() || "\"'<>`)".contains(c)).next().unwrap();
        assert!(is_below_base(url.trim_end_matches(['.', ','])), "{path} contains {ORIGIN}{url}");
    }
    assert!(!page.body.contains("https://pivotal.example.com"), "{path} contains a placeholder");
    if !page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        return Vec::new();
    }
    let mut links = Vec::new();
    // Quotes in texts and in values from users are escaped, so this is always the start of a value.
    for (at, start) in page.body.match_indices("=\"") {
        let name = page.body[..at].rsplit(char::is_whitespace).next().unwrap();
        let value = page.body[at + start.len()..].split('"').next().unwrap();
        let value = value.strip_prefix("0;url=").unwrap_or(value);
        // A hidden field such as `next` has a path that the server itself reads.
        if name == "value" || !value.starts_with('/') {
            continue;
        }
        assert!(is_below_base(value), "{path}: {name}=\"{value}\"");
        if matches!(name, "href" | "src") {
            links.push(value.split('#').next().unwrap().replace("&#38;", "&"));
        }
    }
    links
}

/// Returns a path without the parts that identify a resource.
fn kind(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    let is_id = |part: &str| part.contains(|c: char| c.is_ascii_digit());
    path.split('/').map(|part| if is_id(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

/// Follows all links, starting at these paths, and checks every response. Returns the kinds of
/// pages.
fn crawl(visitor: &Visitor, starts: &[&str], pages_per_kind: usize) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut queue: VecDeque<String> = starts.iter().map(|path| format!("{BASE}{path}")).collect();
    while let Some(path) = queue.pop_front() {
        let count = kinds.entry(kind(&path)).or_default();
        if *count == pages_per_kind || !seen.insert(path.clone()) {
            continue;
        }
        *count += 1;
        let page = visitor.get(&path);
        let is_deleted = page.status == 404 && page.body.contains(" was deleted</h1>");
        assert!(page.status < 400 || is_deleted, "{path}: {}", page.status);
        queue.extend(check(&path, &page));
        queue.extend(page.header("location").map(str::to_owned));
    }
    kinds.into_keys().map(|kind| kind[BASE.len()..].to_owned()).collect()
}

#[test]
fn every_address_starts_with_the_path_that_the_proxy_removed() {
    let server = server("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1");
    fill(&server);
    let visitor = behind_a_stripping_proxy(&server);
    check("sign-in", &visitor.get(&format!("{BASE}/admin")));
    check("404", visitor.get(&format!("{BASE}/docs/nowhere")).expect(404));
    check("404", visitor.get(&format!("{BASE}/customers/1/nowhere")).expect(404));
    open_demo(&visitor);
    let docs = ["/docs", "/docs/guides/ids", "/docs/reference/create-customer", "/llms.txt"];
    for path in docs {
        check(path, visitor.get(&format!("{BASE}{path}")).expect(200));
    }
    for path in delete_some(&visitor) {
        check(&path, visitor.get(&path).expect(404).says("was deleted"));
    }
    let kinds = crawl(&visitor, &["/admin", "/"], PAGES_PER_KIND);
    for kind in [
        "/admin/account",
        "/admin/account/password",
        "/admin/api-keys/new",
        "/admin/import",
        "/admin/logs",
        "/admin/webhooks/*",
        "/admin/workspaces/second/edit",
        "/contacts/*/edit",
        "/customers/*",
        "/customers/*/onboardings/new",
        "/onboardings/*",
        "/onboardings/*/delete",
        "/onboardings/*/edit",
    ] {
        assert!(kinds.contains(kind), "{kind} is not in {kinds:?}");
    }
    for erased in ["/contacts/3", "/customers/2"] {
        let path = format!("{BASE}{erased}/purge");
        let page = visitor.get(&path);
        check(&path, page.expect(200));
        let purged = visitor.post(&page.attribute("main form", "action"), &[]);
        assert_eq!(purged.expect(303).location(), format!("{BASE}/customers"));
    }
}

#[test]
fn links_that_name_a_customer_by_its_slug_and_the_first_steps_stay_below_the_path() {
    let server = server("PIVOTAL_PUBLIC_URL", &format!("{ORIGIN}{BASE}"));
    server.other_workspace("second");
    let visitor = behind_a_passing_proxy(&server);
    let steps = visitor.sign_in();
    check("first steps", &steps);
    assert_eq!(steps.attribute("#base-url", "value"), format!("{ORIGIN}{BASE}/api/v1"));
    let command = steps.attribute("#command", "value");
    assert!(command.ends_with(&format!(" {ORIGIN}{BASE}/api/v1/me")), "{command}");

    visitor.get(&format!("{BASE}/customers/new"));
    let created = visitor.post(&format!("{BASE}/customers"), &[("name", "Aurora")]);
    created.expect(303);
    let link = format!("{BASE}/customers/aurora");
    assert_eq!(visitor.get(&link).expect(303).location(), created.location());
    visitor.post(&format!("{BASE}/admin/workspace"), &[("workspace", "second")]);
    let choice = visitor.get(&link);
    check(&link, choice.expect(200).says("In another workspace"));
    let fields = choice.root().fields();
    let next = fields.iter().rfind(|(name, _)| name == "next").unwrap().1.as_str();
    let form = [("workspace", "default"), ("next", next)];
    let switched = visitor.post(&format!("{BASE}/admin/workspace"), &form);
    assert_eq!(switched.expect(303).location(), created.location());
}

#[test]
fn every_address_starts_with_the_public_url_if_the_proxy_passes_its_path_on() {
    let server = server("PIVOTAL_PUBLIC_URL", &format!("{ORIGIN}{BASE}/"));
    fill(&server);
    let visitor = behind_a_passing_proxy(&server);
    open_demo(&visitor);
    crawl(&visitor, &["/admin"], 1);
    let all = ["/docs", "/llms-full.txt", "/docs/search.json", "/api/v1/openapi.json"];
    let kinds = crawl(&visitor, &all, usize::MAX);
    for kind in ["/docs/operate/reverse-proxy", "/docs/operate/reverse-proxy.md", "/llms.txt"] {
        assert!(kinds.contains(kind), "{kind} is not in {kinds:?}");
    }
}

#[test]
fn forms_and_redirects_stay_below_the_path() {
    let trusting = server("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1");
    let public = server("PIVOTAL_PUBLIC_URL", &format!("{ORIGIN}{BASE}"));
    for visitor in [behind_a_stripping_proxy(&trusting), behind_a_passing_proxy(&public)] {
        let asked = visitor.get(&format!("{BASE}/customers?status=active"));
        asked.expect(303);
        assert_eq!(
            asked.location(),
            format!("{BASE}/admin/sign-in?next=%2Fcustomers%3Fstatus%3Dactive")
        );
        // The cookie is sent to this host only, over TLS only, and doesn't collide with that of a
        // server at the root.
        let cookie = asked.header("set-cookie").unwrap();
        assert!(cookie.starts_with("__Host-pivotal_admin+tools+pivotal="), "{cookie}");
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");

        let form = visitor.get(asked.location());
        let password = ("password", PASSWORD);
        let signed_in = visitor
            .post(&form.attribute("form", "action"), &[password, ("next", &form.field("next"))]);
        assert_eq!(signed_in.expect(303).location(), format!("{BASE}/customers?status=active"));

        let form = visitor.get(&format!("{BASE}/customers/new"));
        let action = form.attribute("main form", "action");
        let created = visitor.post(&action, &[("name", "Aurora")]);
        created.expect(303);
        visitor.get(created.location()).expect(200).says("Aurora");
    }

    // The browser withholds the cookie from a request that starts on another site, so a page
    // reloads the same address.
    let link = Visitor::new(public.address()).with_header("Sec-Fetch-Site", "cross-site");
    let reloads = link.below(BASE, false).get(&format!("{BASE}/customers?q=a"));
    check("cross-site", reloads.expect(200));
    reloads.shows(&format!("content=\"0;url={BASE}/customers?q=a\""));
}

#[test]
fn api_responses_and_the_openapi_document_use_the_public_url() {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
        ("PIVOTAL_PUBLIC_URL", &format!("{ORIGIN}{BASE}")),
    ]);
    let client = |path: &'static str| {
        Visitor::new(server.address())
            .with_header("Authorization", &format!("Bearer {}", server.live))
            .with_header("X-Forwarded-Prefix", "/made-up")
            .below(BASE, path.is_empty())
    };
    for visitor in [client(""), client(BASE)] {
        let body = br#"{"name":"Aurora"}"#.to_vec();
        let path = format!("{BASE}/api/v1/customers");
        let created = visitor.send_body("POST", &path, "application/json", body);
        let location = created.expect(201).location().to_owned();
        assert!(location.starts_with(&format!("{path}/")), "{location}");
        visitor.get(&location).expect(200);
        let document = visitor.get(&format!("{BASE}/api/v1/openapi.json"));
        let document: serde_json::Value = serde_json::from_str(&document.body).unwrap();
        assert_eq!(document["servers"][0]["url"], format!("{ORIGIN}{BASE}/api/v1"));
        visitor.get(&format!("{BASE}/api/health/deep")).expect(200);
        assert_eq!(visitor.get(&format!("{BASE}/api/v1/nowhere")).status, 404);
    }
    // Only whole segments are the path.
    let other = Visitor::new(server.address());
    other.get(&format!("{BASE}s/api/v1/health")).expect(404);
}
