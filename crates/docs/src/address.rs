//! Where things are served. A page is named by its path below `/docs`, such as `guides/ids`; the
//! first page's is empty.

/// The address of a server in the sources. What is served has the address that the client used in
/// its place.
pub const ORIGIN: &str = "https://pivotal.example.com";

/// A page.
pub fn page(path: &str) -> String {
    if path.is_empty() { "/docs".to_owned() } else { format!("/docs/{path}") }
}

/// Its Markdown.
pub fn twin(path: &str) -> String {
    page(path) + ".md"
}

/// Its index for language models.
pub fn index(path: &str) -> String {
    page(path) + "/llms.txt"
}
