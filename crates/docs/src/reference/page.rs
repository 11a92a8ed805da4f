//! Renders the Markdown of the pages.

use askama::Template;
use serde_json::Value;

use super::document::Tag;
use super::endpoint::{Access, Endpoint, RequestParameter};
use super::error::Error;
use super::literal::JSON;
use super::phrases;
use super::response::{Header, Status};
use super::samples::Request;

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
    response: String,
    /// For each table: its title, the heading of the first column, and the rows.
    parameters: [(&'static str, &'static str, &'p [RequestParameter<'p>]); 3],
}

/// Renders the index of all endpoints.
pub fn index(server: &str, tags: &[Tag], endpoints: &[Endpoint<'_>]) -> Result<String, Error> {
    let with_tag =
        |tag: &Tag| endpoints.iter().filter(|endpoint| endpoint.tag == tag.name).collect();
    let groups = tags.iter().map(|tag| (tag, with_tag(tag))).collect();
    Ok(Index { server, groups }.render()?)
}

/// Renders the page of an endpoint.
pub fn page(server: &str, endpoint: &Endpoint<'_>, request: &Request<'_>) -> Result<String, Error> {
    let page = Page {
        server,
        endpoint,
        samples: request.samples()?,
        response: pretty_json(endpoint.success.example),
        parameters: [
            ("Path parameters", "Parameter", &endpoint.path_parameters),
            ("Query parameters", "Parameter", &endpoint.query_parameters),
            ("Request headers", "Header", &endpoint.header_parameters),
        ],
    };
    Ok(page.render()?)
}

fn pretty_json(value: &Value) -> String {
    JSON.write(value, 0)
}

/// Escapes text for a table cell and highlights additions to the hosted API.
fn table_cell(text: impl AsRef<str>) -> String {
    let line = text.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('|', r"\|").replace("Addition:", "**Addition:**")
}

/// Describes which statuses have a header, as briefly as possible.
fn status_list(header: &Header<'_>) -> String {
    let codes = |statuses: &[Status], conjunction| {
        let codes: Vec<String> = statuses.iter().map(|status| status.0.to_string()).collect();
        phrases::join(&codes, conjunction)
    };
    let statuses = if header.absent_from.is_empty() {
        "all".to_owned()
    } else if header.absent_from.len() < header.present_in.len() {
        format!("all except {}", codes(&header.absent_from, "and"))
    } else {
        codes(&header.present_in, "and")
    };
    if header.is_required { statuses } else { format!("{statuses} (not always)") }
}
