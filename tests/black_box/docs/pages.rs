//! The documentation is served by the binary: pages, their Markdown, indexes and assets, to
//! everybody and with what browsers and caches have to know.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Server, Shown, Visitor};

/// What the search knows of every page, in the order of the navigation.
pub fn pages(reader: &Visitor) -> Vec<Value> {
    let index = reader.get("/docs/search.json");
    assert_eq!(index.expect(200).header("content-type"), Some("application/json"));
    let pages: Vec<Value> = serde_json::from_str(&index.body).unwrap();
    assert!(pages.len() > 40, "{} pages", pages.len());
    pages
}

/// The addresses of all pages.
pub fn addresses(reader: &Visitor) -> Vec<String> {
    let address = |page: &Value| page["address"].as_str().unwrap().to_owned();
    pages(reader).iter().map(address).collect()
}

/// Somebody who reads, of whom the server knows nothing.
fn reader(server: &Server) -> Visitor {
    Visitor::new(server.address())
}

#[track_caller]
fn is_guarded(shown: &Shown) {
    let header = |name: &str| shown.header(name).unwrap_or_else(|| panic!("{name}: {shown:?}"));
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "same-origin");
    assert!(!header("x-request-id").is_empty());
    assert!(shown.header("set-cookie").is_none());
    assert!(shown.header("x-ratelimit-limit").is_none());
}

#[test]
fn every_page_is_there_for_people_and_as_markdown_and_has_an_index() {
    let server = Server::start();
    let reader = reader(&server);
    for address in addresses(&reader) {
        let page = reader.get(&address);
        is_guarded(page.expect(200));
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(!page.text("h1").is_empty());
        assert_eq!(page.link("View as Markdown"), format!("{address}.md"));

        let twin = reader.get(&format!("{address}.md"));
        is_guarded(twin.expect(200));
        assert_eq!(twin.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert!(twin.body.starts_with("# "), "{address}.md");
        assert!(twin.body.ends_with('\n'));

        let index = reader.get(&format!("{address}/llms.txt"));
        is_guarded(index.expect(200));
        assert_eq!(index.header("content-type"), Some("text/plain; charset=utf-8"));
        let heading = twin.body.lines().next().unwrap().replace('`', "");
        assert!(index.body.starts_with(&format!("{heading}\n\n> ")), "{}", index.body);
    }
}

#[test]
fn every_page_of_the_list_is_in_the_navigation_and_in_the_indexes() {
    let server = Server::start();
    let reader = reader(&server);
    let list: toml::Table = include_str!("../../../docs/site.toml").parse().unwrap();
    let (index, full) = (reader.get("/llms.txt"), reader.get("/llms-full.txt"));
    assert_eq!(index.expect(200).header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(index.body.starts_with("# Pivotal server\n\n> "));
    let origin = format!("http://{}", server.address());
    let first = reader.get("/docs").attributes("nav li > a", "href");
    for section in list["section"].as_array().unwrap() {
        index.shows(&format!("\n## {}\n", section["title"].as_str().unwrap()));
        for page in section["pages"].as_array().unwrap() {
            let path = page.as_str().unwrap().trim_end_matches(".md");
            let address = if path == "index" { "/docs".into() } else { format!("/docs/{path}") };
            assert!(first.contains(&address), "{address} is not in {first:?}");
            index.shows(&format!("]({origin}{address}.md): "));
            full.shows(&format!("\n\nSource: {origin}{address}.md\n"));
        }
    }
    // All Markdown is in the one file, as it is served.
    for address in addresses(&reader) {
        let twin = reader.get(&format!("{address}.md")).body;
        let text = twin.split_once('\n').unwrap().1.trim();
        full.expect(200).shows(text);
    }
}

#[test]
fn every_endpoint_has_a_page() {
    let server = Server::start();
    let reader = reader(&server);
    let document: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let ids: BTreeSet<&str> = operations.filter_map(|o| o["operationId"].as_str()).collect();
    assert!(ids.len() >= 20);
    let found = addresses(&reader);
    let found: BTreeSet<&str> =
        found.iter().filter_map(|address| address.strip_prefix("/docs/reference/")).collect();
    assert_eq!(found, ids);
}

#[test]
fn pages_lead_through_each_other_in_the_order_of_the_navigation() {
    let server = Server::start();
    let reader = reader(&server);
    let all = addresses(&reader);
    for (place, address) in all.iter().enumerate() {
        let page = reader.get(address);
        let link = |relation: &str| page.attributes(&format!("a[rel={relation}]"), "href").pop();
        assert_eq!(link("prev"), place.checked_sub(1).map(|before| all[before].clone()));
        assert_eq!(link("next"), all.get(place + 1).cloned());
        assert_eq!(page.attributes("[aria-current]", "aria-current"), ["page"]);
        assert_eq!(page.attribute("[aria-current]", "href"), *address);
    }
}

#[test]
fn a_copy_that_is_still_right_is_not_sent_again() {
    let server = Server::start();
    for path in ["/docs", "/docs/errors.md", "/docs/errors/llms.txt", "/llms.txt"] {
        let first = reader(&server).get(path);
        assert_eq!(first.expect(200).header("cache-control"), Some("no-cache"));
        let tag = first.header("etag").unwrap();
        for known in [tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
            let again = reader(&server).with_header("If-None-Match", known).get(path);
            is_guarded(again.expect(304));
            assert_eq!((again.body.as_str(), again.header("etag")), ("", Some(tag)));
        }
        let other = reader(&server).with_header("If-None-Match", "\"other\"").get(path);
        assert_eq!(other.expect(200).body, first.body);
    }
    // The same page under another address is another one.
    let tag = reader(&server).get("/docs").header("etag").unwrap().to_owned();
    let elsewhere = reader(&server).with_header("Host", "other.example");
    elsewhere.with_header("If-None-Match", &tag).get("/docs").expect(200);
}

#[test]
fn head_tells_what_get_would() {
    let server = Server::start();
    let reader = reader(&server);
    for path in ["/docs", "/docs/errors", "/docs/errors.md", "/llms-full.txt", "/docs/nowhere"] {
        let (get, head) = (reader.get(path), reader.send("HEAD", path, None));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""));
        for name in ["content-type", "content-length", "etag", "cache-control", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
    }
}

#[test]
fn a_client_that_would_rather_read_markdown_gets_it_at_the_pages_address() {
    let server = Server::start();
    let asking = |kinds: &str| reader(&server).with_header("Accept", kinds).get("/docs/errors");
    let twin = reader(&server).get("/docs/errors.md");
    for kinds in ["text/markdown", "text/markdown, text/html;q=0.5", "text/markdown, */*;q=0.1"] {
        let shown = asking(kinds);
        assert_eq!(shown.expect(200).body, twin.body, "{kinds}");
        assert_eq!(shown.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert_eq!(shown.header("vary"), Some("accept"));
    }
    let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
    for kinds in [
        "*/*",
        "text/html",
        chromium,
        "text/markdown;q=0.5, text/html",
        "text/markdown;q=0",
        "text/markdown;q=0, */*;q=0.1",
        "text/*",
        "odd",
    ] {
        let shown = asking(kinds);
        assert_eq!(shown.expect(200).header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(shown.header("vary"), Some("accept"));
    }
}

#[test]
fn an_address_with_a_slash_at_its_end_leads_to_the_page() {
    let server = Server::start();
    let reader = reader(&server);
    for (path, page) in [
        ("/docs/", "/docs"),
        ("/docs/errors/", "/docs/errors"),
        ("/docs/errors//", "/docs/errors"),
        ("/docs/guides/ids/?a=b", "/docs/guides/ids?a=b"),
    ] {
        let shown = reader.get(path);
        is_guarded(shown.expect(308));
        assert_eq!(shown.location(), page);
    }
    reader.get("/docs/guides/nowhere/").expect(404);
    reader.get("/docs//errors").expect(404);
}

#[test]
fn an_address_that_one_would_guess_leads_to_a_page() {
    let server = Server::start();
    let reader = reader(&server);
    for (path, page) in [
        ("/docs/index", "/docs"),
        ("/docs/index.md", "/docs.md"),
        ("/docs/guides", "/docs/guides/first-customer"),
        ("/docs/guides/", "/docs/guides/first-customer"),
        ("/docs/guides.md", "/docs/guides/first-customer.md"),
        ("/docs/operate?a=b", "/docs/operate/install?a=b"),
    ] {
        let shown = reader.get(path);
        is_guarded(shown.expect(308));
        assert_eq!(shown.location(), page, "{path}");
        reader.get(page).expect(200);
    }
    // A directory may have a page.
    reader.get("/docs/reference").expect(200);
}

#[test]
fn who_wants_markdown_is_told_in_markdown_that_there_is_no_page() {
    let server = Server::start();
    let asking = reader(&server).with_header("Accept", "text/markdown");
    for shown in [reader(&server).get("/docs/nowhere.md"), asking.get("/docs/nowhere")] {
        is_guarded(shown.expect(404));
        assert_eq!(shown.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert!(shown.body.starts_with("# Not found\n"));
        shown.shows(&format!("http://{}/llms.txt", server.address()));
    }
}

#[test]
fn the_first_address_leads_here_where_there_are_no_admin_pages() {
    for setting in [("PIVOTAL_ADMIN_ENABLED", "false"), ("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")] {
        let server = Server::start_with(&[setting]);
        let shown = reader(&server).get("/");
        is_guarded(shown.expect(307));
        assert_eq!(shown.location(), "/docs");
        reader(&server).send("POST", "/", None).expect(405);
    }
    let server = Server::start();
    assert_eq!(reader(&server).get("/").expect(303).location(), "/admin");
    let server = Server::start_with(&[("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    assert_eq!(server.visitor().get("/").expect(303).location(), "/admin");
}

#[test]
fn an_address_without_a_page_is_answered_with_one_that_leads_on() {
    let server = Server::start();
    let reader = reader(&server);
    for path in [
        "/docs/nowhere",
        "/docs/Errors",
        "/docs/errors.html",
        "/docs/errors.md/llms.txt",
        "/docs/assets/0000/docs.css",
        "/docs/../config.toml",
        "/docs/%2e%2e/%2e%2e/etc/passwd",
        "/docs/<script>",
    ] {
        let shown = reader.send("GET", &path.replace('<', "%3C").replace('>', "%3E"), None);
        is_guarded(shown.expect(404));
        assert_eq!(shown.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(shown.header("cache-control"), Some("no-store"));
        assert_eq!(shown.hides("<script>").text("h1"), "Not found");
        assert!(shown.count("[data-search]") > 0);
        assert!(shown.count("a[href='/docs/quickstart']") > 0);
    }
    // Beside it, the API's own words stay.
    assert_eq!(reader.get("/nowhere").expect(404).header("content-type"), Some("application/json"));
}

#[test]
fn nothing_can_be_done_to_a_page() {
    let server = Server::start();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/docs", "/docs/errors", "/llms.txt", "/docs/search.json"] {
            let shown = reader(&server).send(method, path, None);
            is_guarded(shown.expect(405));
            assert_eq!(shown.header("allow"), Some("GET, HEAD"));
        }
    }
}

#[test]
fn assets_are_named_by_their_content_and_kept() {
    let server = Server::start();
    let reader = reader(&server);
    let endpoint = reader.get("/docs/reference/create-customer");
    let mut linked = endpoint.attributes("link", "href");
    linked.extend(endpoint.attributes("script", "src"));
    let assets: BTreeSet<&str> = linked
        .iter()
        .map(String::as_str)
        .filter(|path| path.starts_with("/docs/assets/"))
        .collect();
    let names: BTreeSet<_> = assets.iter().filter_map(|asset| asset.rsplit('/').next()).collect();
    let all = ["docs.css", "docs.js", "icon.svg", "theme.js", "try.css", "try.js"];
    assert_eq!(names, BTreeSet::from(all));
    for address in assets {
        let asset = reader.get(address);
        is_guarded(asset.expect(200));
        assert_eq!(
            asset.header("cache-control"),
            Some("public, max-age=31536000, immutable"),
            "{address}"
        );
        let kind = match address.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(asset.header("content-type"), Some(kind));
    }
}

#[test]
fn it_is_read_without_a_key_a_limit_or_the_admin_pages() {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_STANDARD", "1"),
        ("PIVOTAL_ADMIN_ENABLED", "false"),
    ]);
    for _ in 0..5 {
        is_guarded(reader(&server).get("/docs/quickstart").expect(200));
    }
    crate::support::wait_until("the requests are logged", || {
        server.log().matches("path=/docs/quickstart op=docs status=200").count() == 5
    });
}

#[test]
fn it_is_found_where_the_api_is() {
    let server = Server::start_with(&[("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    reader(&server).get("/docs").expect(200);
    reader(&server).get("/llms.txt").expect(200);
    for path in ["/docs", "/docs/errors.md", "/llms.txt"] {
        server.visitor().get(path).expect(404);
    }
}
