//! URLs in the docs use the origin that the client used, if it is a valid one.

use crate::docs::pages::page_urls;
use crate::support::{Server, Visitor};

/// The origin in the sources of the docs.
const PLACEHOLDER: &str = "https://pivotal.example.com";

fn reader(server: &Server) -> Visitor {
    Visitor::new(server.address())
}

/// Sends a request with these header lines and returns the response, head and body.
fn raw(server: &Server, path: &str, headers: &str) -> String {
    server.raw(format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").as_bytes())
}

#[test]
fn all_pages_and_indexes_use_the_origin_of_the_request() {
    let server = Server::start();
    let reader = reader(&server);
    let mut paths = vec!["/llms.txt".to_owned(), "/llms-full.txt".to_owned()];
    paths.extend(["/docs/search.json".to_owned(), "/docs/nowhere".to_owned()]);
    for url in page_urls(&reader) {
        paths.extend([format!("{url}.md"), format!("{url}/llms.txt"), url]);
    }
    for path in paths {
        reader.get(&path).hides(PLACEHOLDER);
    }
    let own = format!("http://{}/api/v1/customers", server.address());
    for path in ["/docs/quickstart", "/docs/quickstart.md", "/docs/reference/create-customer"] {
        reader.get(path).shows(&own);
    }
}

#[test]
fn the_host_header_determines_the_origin() {
    let server = Server::start();
    for (host, origin) in [
        ("pivotal.internal", "http://pivotal.internal"),
        ("Pivotal.Internal:9000", "http://pivotal.internal:9000"),
        ("[::1]:8080", "http://[::1]:8080"),
    ] {
        for path in ["/docs/quickstart", "/docs/quickstart.md", "/llms.txt"] {
            let response = raw(&server, path, &format!("Host: {host}\r\n"));
            assert!(response.starts_with("HTTP/1.1 200"), "{response}");
            assert!(response.contains(&format!("{origin}/")), "{origin} is not in {path}");
        }
    }
}

#[test]
fn the_forwarded_headers_of_a_trusted_proxy_determine_the_origin() {
    let headers =
        "Host: inner\r\nX-Forwarded-Host: api.example.org\r\nX-Forwarded-Proto: https\r\n";
    let server = Server::start_with(&[("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1")]);
    let response = raw(&server, "/docs/quickstart.md", headers);
    assert!(response.contains("https://api.example.org/api/v1/") && !response.contains("inner"));
    let untrusting = Server::start();
    let response = raw(&untrusting, "/docs/quickstart.md", headers);
    assert!(response.contains("http://inner/api/v1/") && !response.contains("api.example.org"));
}

#[test]
fn an_invalid_host_is_never_echoed() {
    let server = Server::start();
    let own = format!("http://{}/", server.address());
    for host in [
        "<script>alert(1)</script>",
        "\"><img src=x>",
        "a\" onmouseover=\"x",
        "$(reboot)",
        "`reboot`",
        "a b",
        "a;b",
        "a/b",
        "user@host",
        "'",
        "javascript:alert(1)",
    ] {
        for path in ["/docs/quickstart", "/docs/quickstart.md", "/docs/nowhere"] {
            let response = raw(&server, path, &format!("Host: {host}\r\n"));
            // The server rejects some of them as malformed requests.
            if response.starts_with("HTTP/1.1 400") {
                continue;
            }
            let path_exists = !path.ends_with("nowhere");
            assert!(response.starts_with(if path_exists {
                "HTTP/1.1 200"
            } else {
                "HTTP/1.1 404"
            }));
            assert!(!response.contains(&format!("//{host}")), "{host} is in {path}");
            assert!(!path_exists || response.contains(&own), "{host}");
        }
    }
}
