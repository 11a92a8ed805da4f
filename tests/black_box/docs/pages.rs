//! Serving the docs site: pages, their Markdown versions, indexes, and assets, with the headers that
//! browsers and caches need.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Page, Server, Visitor};

/// The search index, which lists every page in the order of the navigation.
pub fn pages(reader: &Visitor) -> Vec<Value> {
    let index = reader.get("/docs/search.json");
    assert_eq!(index.expect(200).header("content-type"), Some("application/json"));
    let pages: Vec<Value> = serde_json::from_str(&index.body).unwrap();
    assert!(pages.len() > 40, "{} pages", pages.len());
    pages
}

/// The URLs of all pages.
pub fn page_urls(reader: &Visitor) -> Vec<String> {
    let url = |page: &Value| page["url"].as_str().unwrap().to_owned();
    pages(reader).iter().map(url).collect()
}

/// A client without a key or a session.
fn reader(server: &Server) -> Visitor {
    Visitor::new(server.address())
}

#[track_caller]
fn assert_secure(response: &Page) {
    let header =
        |name: &str| response.header(name).unwrap_or_else(|| panic!("{name}: {response:?}"));
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "same-origin");
    assert!(!header("x-request-id").is_empty());
    assert!(response.header("set-cookie").is_none());
    assert!(response.header("x-ratelimit-limit").is_none());
}

#[test]
fn every_page_is_served_as_html_and_markdown_and_has_an_index() {
    let server = Server::start();
    let reader = reader(&server);
    for url in page_urls(&reader) {
        let page = reader.get(&url);
        assert_secure(page.expect(200));
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(!page.text("h1").is_empty());
        assert_eq!(page.link("View as Markdown"), format!("{url}.md"));

        let markdown = reader.get(&format!("{url}.md"));
        assert_secure(markdown.expect(200));
        assert_eq!(markdown.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert!(markdown.body.starts_with("# "), "{url}.md");
        assert!(markdown.body.ends_with('\n'));

        let index = reader.get(&format!("{url}/llms.txt"));
        assert_secure(index.expect(200));
        assert_eq!(index.header("content-type"), Some("text/plain; charset=utf-8"));
        let heading = markdown.body.lines().next().unwrap().replace('`', "");
        assert!(index.body.starts_with(&format!("{heading}\n\n> ")), "{}", index.body);
    }
}

#[test]
fn every_configured_page_is_in_the_navigation_and_the_indexes() {
    let server = Server::start();
    let reader = reader(&server);
    let list: toml::Table = include_str!("../../../docs/site.toml").parse().unwrap();
    let (index, full) = (reader.get("/llms.txt"), reader.get("/llms-full.txt"));
    assert_eq!(index.expect(200).header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(index.body.starts_with("# Pivotal server\n\n> "));
    let origin = server.origin();
    let first = reader.get("/docs").attributes("nav li > a", "href");
    for section in list["section"].as_array().unwrap() {
        index.shows(&format!("\n## {}\n", section["title"].as_str().unwrap()));
        for page in section["pages"].as_array().unwrap() {
            let path = page.as_str().unwrap().trim_end_matches(".md");
            let url = if path == "index" { "/docs".into() } else { format!("/docs/{path}") };
            assert!(first.contains(&url), "{url} is not in {first:?}");
            index.shows(&format!("]({origin}{url}.md): "));
            full.shows(&format!("\n\nSource: {origin}{url}.md\n"));
        }
    }
    // llms-full.txt contains the Markdown of every page as it is served.
    for url in page_urls(&reader) {
        let markdown = reader.get(&format!("{url}.md")).body;
        let text = markdown.split_once('\n').unwrap().1.trim();
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
    let found = page_urls(&reader);
    let found: BTreeSet<&str> =
        found.iter().filter_map(|url| url.strip_prefix("/docs/reference/")).collect();
    assert_eq!(found, ids);
}

#[test]
fn previous_and_next_links_follow_the_order_of_the_navigation() {
    let server = Server::start();
    let reader = reader(&server);
    let urls = page_urls(&reader);
    for (index, url) in urls.iter().enumerate() {
        let page = reader.get(url);
        let link = |relation: &str| page.attributes(&format!("a[rel={relation}]"), "href").pop();
        assert_eq!(link("prev"), index.checked_sub(1).map(|previous| urls[previous].clone()));
        assert_eq!(link("next"), urls.get(index + 1).cloned());
        assert_eq!(page.attributes("[aria-current]", "aria-current"), ["page"]);
        assert_eq!(page.attribute("[aria-current]", "href"), *url);
    }
}

#[test]
fn a_cached_copy_is_revalidated_by_its_etag() {
    let server = Server::start();
    for path in ["/docs", "/docs/errors.md", "/docs/errors/llms.txt", "/llms.txt"] {
        let first = reader(&server).get(path);
        assert_eq!(first.expect(200).header("cache-control"), Some("no-cache"));
        let etag = first.header("etag").unwrap();
        for value in [etag, &format!("W/{etag}"), &format!("\"other\", {etag}"), "*"] {
            let again = reader(&server).with_header("If-None-Match", value).get(path);
            assert_secure(again.expect(304));
            assert_eq!((again.body.as_str(), again.header("etag")), ("", Some(etag)));
        }
        let other = reader(&server).with_header("If-None-Match", "\"other\"").get(path);
        assert_eq!(other.expect(200).body, first.body);
    }
    // The same page has another ETag under another host.
    let etag = reader(&server).get("/docs").header("etag").unwrap().to_owned();
    let elsewhere = reader(&server).with_header("Host", "other.example");
    elsewhere.with_header("If-None-Match", &etag).get("/docs").expect(200);
}

#[test]
fn head_has_the_headers_of_get() {
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
fn a_client_that_prefers_markdown_gets_it_at_the_url_of_the_page() {
    let server = Server::start();
    let accepting = |types: &str| reader(&server).with_header("Accept", types).get("/docs/errors");
    let markdown = reader(&server).get("/docs/errors.md");
    for types in ["text/markdown", "text/markdown, text/html;q=0.5", "text/markdown, */*;q=0.1"] {
        let response = accepting(types);
        assert_eq!(response.expect(200).body, markdown.body, "{types}");
        assert_eq!(response.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert_eq!(response.header("vary"), Some("accept"));
    }
    let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
    for types in [
        "*/*",
        "text/html",
        chromium,
        "text/markdown;q=0.5, text/html",
        "text/markdown;q=0",
        "text/markdown;q=0, */*;q=0.1",
        "text/*",
        "odd",
    ] {
        let response = accepting(types);
        assert_eq!(response.expect(200).header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(response.header("vary"), Some("accept"));
    }
}

#[test]
fn a_trailing_slash_redirects_to_the_page() {
    let server = Server::start();
    let reader = reader(&server);
    for (path, page) in [
        ("/docs/", "/docs"),
        ("/docs/errors/", "/docs/errors"),
        ("/docs/errors//", "/docs/errors"),
        ("/docs/guides/ids/?a=b", "/docs/guides/ids?a=b"),
    ] {
        let response = reader.get(path);
        assert_secure(response.expect(308));
        assert_eq!(response.location(), page);
    }
    reader.get("/docs/guides/nowhere/").expect(404);
    reader.get("/docs//errors").expect(404);
}

#[test]
fn guessed_urls_redirect_to_a_page() {
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
        let response = reader.get(path);
        assert_secure(response.expect(308));
        assert_eq!(response.location(), page, "{path}");
        reader.get(page).expect(200);
    }
    // A directory can have a page of its own.
    reader.get("/docs/reference").expect(200);
}

#[test]
fn a_404_is_markdown_for_clients_that_prefer_it() {
    let server = Server::start();
    let markdown_client = reader(&server).with_header("Accept", "text/markdown");
    for response in [reader(&server).get("/docs/nowhere.md"), markdown_client.get("/docs/nowhere")]
    {
        assert_secure(response.expect(404));
        assert_eq!(response.header("content-type"), Some("text/markdown; charset=utf-8"));
        assert!(response.body.starts_with("# Not found\n"));
        response.shows(&format!("http://{}/llms.txt", server.address()));
    }
}

#[test]
fn the_root_redirects_to_the_docs_if_there_are_no_admin_pages() {
    for setting in [("PIVOTAL_ADMIN_ENABLED", "false"), ("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")] {
        let server = Server::start_with(&[setting]);
        let response = reader(&server).get("/");
        assert_secure(response.expect(307));
        assert_eq!(response.location(), "/docs");
        reader(&server).send("POST", "/", None).expect(405);
    }
    let server = Server::start();
    assert_eq!(reader(&server).get("/").expect(303).location(), "/admin");
    let server = Server::start_with(&[("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    assert_eq!(server.visitor().get("/").expect(303).location(), "/admin");
}

#[test]
fn a_missing_page_is_a_404_with_search_and_navigation() {
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
        let response = reader.send("GET", &path.replace('<', "%3C").replace('>', "%3E"), None);
        assert_secure(response.expect(404));
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        assert_eq!(response.hides("<script>").text("h1"), "Not found");
        assert!(response.count("[data-search]") > 0);
        assert!(response.count("a[href='/docs/quickstart']") > 0);
    }
    // Outside of /docs, the API's 404 stays.
    assert_eq!(reader.get("/nowhere").expect(404).header("content-type"), Some("application/json"));
}

#[test]
fn only_get_and_head_are_allowed() {
    let server = Server::start();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/docs", "/docs/errors", "/llms.txt", "/docs/search.json"] {
            let response = reader(&server).send(method, path, None);
            assert_secure(response.expect(405));
            assert_eq!(response.header("allow"), Some("GET, HEAD"));
        }
    }
}

#[test]
fn assets_have_content_hashes_in_their_urls_and_are_cached_forever() {
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
    for url in assets {
        let asset = reader.get(url);
        assert_secure(asset.expect(200));
        assert_eq!(
            asset.header("cache-control"),
            Some("public, max-age=31536000, immutable"),
            "{url}"
        );
        let kind = match url.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!(asset.header("content-type"), Some(kind));
    }
}

#[test]
fn the_docs_need_no_key_have_no_rate_limit_and_work_without_admin_pages() {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_STANDARD", "1"),
        ("PIVOTAL_ADMIN_ENABLED", "false"),
        ("PIVOTAL_LOG", "debug"),
    ]);
    for _ in 0..5 {
        assert_secure(reader(&server).get("/docs/quickstart").expect(200));
    }
    crate::support::wait_until("the requests are logged", || {
        server.log().matches("path=/docs/quickstart operation=docs status=200").count() == 5
    });
}

#[test]
fn the_docs_are_served_on_the_port_of_the_api() {
    let server = Server::start_with(&[("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    reader(&server).get("/docs").expect(200);
    reader(&server).get("/llms.txt").expect(200);
    for path in ["/docs", "/docs/errors.md", "/llms.txt"] {
        server.visitor().get(path).expect(404);
    }
}
