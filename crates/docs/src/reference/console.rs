//! The console of a page, a form that sends a request. Its script is `assets/try.js`.

use askama::Template;

use super::endpoint::{Endpoint, RequestParameter};
use super::error::Error;
use super::literal::JSON;

#[derive(Template)]
#[template(path = "reference/console.html")]
struct Console<'c> {
    endpoint: &'c Endpoint<'c>,
    /// With the base path of the API.
    path: String,
    groups: [(&'static str, &'static str, &'c [RequestParameter<'c>]); 3],
    body: Option<String>,
}

/// Renders the console of an endpoint.
pub fn console(server: &str, endpoint: &Endpoint<'_>) -> Result<String, Error> {
    let base = server.splitn(4, '/').nth(3).unwrap_or_default();
    let console = Console {
        endpoint,
        path: format!("/{base}{}", endpoint.path),
        groups: [
            ("path", "Path parameters", &endpoint.path_parameters),
            ("query", "Query parameters", &endpoint.query_parameters),
            ("header", "Request headers", &endpoint.header_parameters),
        ],
        body: endpoint.body.as_ref().map(|body| JSON.write(body.example, 0)),
    };
    Ok(console.render()?)
}

/// The hint below a field.
fn hint(sent: &RequestParameter<'_>) -> String {
    let property = &sent.field;
    let mut hints = Vec::new();
    if !property.is_required {
        hints.push("Optional".to_owned());
    }
    // A `select` shows its values itself.
    if property.choices.is_empty() {
        hints.push(property.type_with_limits());
    }
    if let Some(default) = &property.default {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        hints.push(format!("{default} when empty"));
    }
    hints.join("; ")
}

fn lines(text: &str) -> usize {
    text.lines().count()
}
