//! The documentation names the server as the client does, whatever the client says.

use crate::docs::pages::addresses;
use crate::support::{Server, Visitor};

/// The address of a server in the sources of the documentation.
const PLACEHOLDER: &str = "https://pivotal.example.com";

fn reader(server: &Server) -> Visitor {
    Visitor::new(server.address())
}

/// What a request with these lines of headers gets, head and body.
fn raw(server: &Server, path: &str, lines: &str) -> String {
    server.raw(format!("GET {path} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n").as_bytes())
}

#[test]
fn everything_that_is_served_has_the_address_that_the_client_used() {
    let server = Server::start();
    let reader = reader(&server);
    let mut paths = vec!["/llms.txt".to_owned(), "/llms-full.txt".to_owned()];
    paths.extend(["/docs/search.json".to_owned(), "/docs/nowhere".to_owned()]);
    for address in addresses(&reader) {
        paths.extend([format!("{address}.md"), format!("{address}/llms.txt"), address]);
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
fn a_client_that_knows_the_server_by_a_name_reads_that_name() {
    let server = Server::start();
    for (host, origin) in [
        ("pivotal.internal", "http://pivotal.internal"),
        ("Pivotal.Internal:9000", "http://pivotal.internal:9000"),
        ("[::1]:8080", "http://[::1]:8080"),
    ] {
        for path in ["/docs/quickstart", "/docs/quickstart.md", "/llms.txt"] {
            let shown = raw(&server, path, &format!("Host: {host}\r\n"));
            assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
            assert!(shown.contains(&format!("{origin}/")), "{origin} is not in {path}");
        }
    }
}

#[test]
fn behind_a_trusted_proxy_it_is_the_proxys_name() {
    let lines = "Host: inner\r\nX-Forwarded-Host: api.example.org\r\nX-Forwarded-Proto: https\r\n";
    let server = Server::start_with(&[("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1")]);
    let shown = raw(&server, "/docs/quickstart.md", lines);
    assert!(shown.contains("https://api.example.org/api/v1/") && !shown.contains("inner"));
    let unproxied = Server::start();
    let shown = raw(&unproxied, "/docs/quickstart.md", lines);
    assert!(shown.contains("http://inner/api/v1/") && !shown.contains("api.example.org"));
}

#[test]
fn what_is_no_name_of_a_server_is_never_repeated() {
    let server = Server::start();
    let own = format!("http://{}/", server.address());
    for odd in [
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
            let shown = raw(&server, path, &format!("Host: {odd}\r\n"));
            // Some of them are no request at all for the server.
            if shown.starts_with("HTTP/1.1 400") {
                continue;
            }
            let path_exists = !path.ends_with("nowhere");
            assert!(shown.starts_with(if path_exists { "HTTP/1.1 200" } else { "HTTP/1.1 404" }));
            assert!(!shown.contains(&format!("//{odd}")), "{odd} is in {path}");
            assert!(!path_exists || shown.contains(&own), "{odd}");
        }
    }
}
