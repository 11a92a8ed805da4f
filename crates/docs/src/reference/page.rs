//! The Markdown of the pages.

use askama::Template;
use serde_json::Value;

use super::document::Tag;
use super::endpoint::{Access, Endpoint, Sent};
use super::error::Error;
use super::literal::JSON;
use super::response::{Header, Status};
use super::samples::Request;
use super::words;

#[derive(Template)]
#[template(path = "reference/index.md", escape = "none")]
struct Index<'p> {
    server: &'p str,
    groups: Vec<(&'p Tag, Vec<&'p Endpoint<'p>>)>,
}

#[derive(Template)]
#[template(path = "reference/endpoint.md", escape = "none")]
struct Page<'p> {
    server: &'p str,
    endpoint: &'p Endpoint<'p>,
    samples: [(&'static str, String); 4],
    answer: String,
    /// For each table: its title, the heading of the first column, the rows.
    parameters: [(&'static str, &'static str, &'p [Sent<'p>]); 3],
}

/// The list of all endpoints.
pub fn index(server: &str, tags: &[Tag], endpoints: &[Endpoint<'_>]) -> Result<String, Error> {
    let of = |tag: &Tag| endpoints.iter().filter(|endpoint| endpoint.tag == tag.name).collect();
    let groups = tags.iter().map(|tag| (tag, of(tag))).collect();
    Ok(Index { server, groups }.render()?)
}

/// The page of an endpoint.
pub fn page(server: &str, endpoint: &Endpoint<'_>, request: &Request<'_>) -> Result<String, Error> {
    let page = Page {
        server,
        endpoint,
        samples: request.samples()?,
        answer: pretty(endpoint.success.example),
        parameters: [
            ("Path parameters", "Parameter", &endpoint.path_parameters),
            ("Query parameters", "Parameter", &endpoint.query_parameters),
            ("Request headers", "Header", &endpoint.header_parameters),
        ],
    };
    Ok(page.render()?)
}

fn pretty(value: &Value) -> String {
    JSON.write(value, 0)
}

/// Escapes text for a cell of a table, and marks additions to the hosted API.
fn cell(text: impl AsRef<str>) -> String {
    let line = text.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('|', r"\|").replace("Addition:", "**Addition:**")
}

/// The statuses that a header comes with, in as few words as possible.
fn statuses(header: &Header<'_>) -> String {
    let codes = |statuses: &[Status], conjunction| {
        let codes: Vec<String> = statuses.iter().map(|status| status.0.to_string()).collect();
        words::listed(&codes, conjunction)
    };
    let with = if header.without.is_empty() {
        "every answer".to_owned()
    } else if header.without.len() < header.with.len() {
        format!("every answer but {}", codes(&header.without, "and"))
    } else {
        codes(&header.with, "and")
    };
    if header.is_required { with } else { format!("{with}; not always") }
}
