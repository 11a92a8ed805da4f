//! The addresses of what is served. A page is identified by its path below `/docs`, such as
//! `guides/ids`; the path of the first page is empty.

/// Stands for the server in the sources. When serving, the server replaces it with the origin that
/// the client used.
pub const ORIGIN: &str = "https://pivotal.example.com";

/// The HTML page.
pub fn page(path: &str) -> String {
    if path.is_empty() { "/docs".to_owned() } else { format!("/docs/{path}") }
}

/// The page as Markdown.
pub fn markdown(path: &str) -> String {
    page(path) + ".md"
}

/// The page's index for language models.
pub fn llms_index(path: &str) -> String {
    page(path) + "/llms.txt"
}
