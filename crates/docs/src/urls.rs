//! The URLs of the site. A page is identified by its path below `/docs`, such as `guides/ids`. The
//! path of the first page is empty.

/// The placeholder for the server's origin in the sources. When serving a page, the server replaces
/// it with the URL that the client used.
pub const ORIGIN: &str = "https://pivotal.example.com";

pub fn page(path: &str) -> String {
    if path.is_empty() { "/docs".to_owned() } else { format!("/docs/{path}") }
}

/// The Markdown version of a page.
pub fn markdown(path: &str) -> String {
    page(path) + ".md"
}

/// The `llms.txt` index of a page.
pub fn llms_index(path: &str) -> String {
    page(path) + "/llms.txt"
}
