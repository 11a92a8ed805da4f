//! The pages of the endpoints, made from the OpenAPI document: their Markdown with samples, and the
//! console that sends their requests. For the build script, which renders them with the other pages.

mod document;
mod endpoint;

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use document::Document;
use endpoint::Endpoint;

/// A page of the reference. Its links are those of a source `docs/<path>.md`.
pub struct Page {
    /// Below `/docs`, such as `reference/create-customer`.
    pub path: String,
    /// The first heading of the Markdown.
    pub title: String,
    /// The text: `# title`, a paragraph that describes the page, and the rest.
    pub markdown: String,
    /// What the page is about; nothing for the list of all endpoints.
    pub operation: Option<Operation>,
}

/// The endpoint that a page is about.
pub struct Operation {
    /// Such as `POST`.
    pub method: &'static str,
    /// Below the base path, such as `/customers/{id}`.
    pub path: String,
    /// The group that it belongs to, such as `Customers`. Pages of a group stand together.
    pub tag: String,
    /// The console: HTML of a `<section id="try-it">` that begins with an `<h2>`, to be put at the
    /// end of the text. It needs `assets/try.js` and `assets/try.css`.
    pub console: String,
}

/// Why no pages can be made of a document.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    fn new(reason: String) -> Self {
        Self(reason)
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Makes the pages: first the list of all endpoints, whose path is `reference`, then one for each
/// endpoint, by tag.
///
/// # Errors
/// What the document lacks, or what it refers to and does not hold.
pub fn pages(openapi: &Value) -> Result<Vec<Page>, Error> {
    let document = Document::parse(openapi)?;
    let endpoints = Endpoint::all(&document)?;
    let mut pages = vec![index(&document, &endpoints)];
    pages.extend(endpoints.iter().map(page));
    Ok(pages)
}

fn index(document: &Document, endpoints: &[Endpoint<'_>]) -> Page {
    let mut markdown = "# API reference\n\nEvery endpoint of the API, by what it is about.\n".to_owned();
    for tag in &document.tags {
        markdown += &format!("\n## {}\n\n{}\n", tag.name, tag.description);
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.tag == tag.name) {
            let Endpoint { method, path, id, summary, .. } = endpoint;
            markdown += &format!("- [{summary}](reference/{id}.md): `{method} {path}`\n");
        }
    }
    Page {
        path: "reference".to_owned(),
        title: "API reference".to_owned(),
        markdown,
        operation: None,
    }
}

fn page(endpoint: &Endpoint<'_>) -> Page {
    let Endpoint { method, path, id, summary, description, .. } = endpoint;
    Page {
        path: format!("reference/{id}"),
        title: (*summary).to_owned(),
        markdown: format!("# {summary}\n\n{description}\n\n`{method} {path}`\n"),
        operation: Some(Operation {
            method,
            path: (*path).to_owned(),
            tag: endpoint.tag.to_owned(),
            console: String::new(),
        }),
    }
}
