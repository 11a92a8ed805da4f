//! The console of an endpoint page: a form that sends a request. Its script is `assets/try.js`.

use askama::Template;

use super::endpoint::{Endpoint, RequestParameter};
use super::error::Error;
use super::literal::JSON;

#[derive(Template)]
#[template(path = "reference/console.html")]
struct Console<'c> {
    endpoint: &'c Endpoint<'c>,
    /// Includes the base path of the API.
    path: String,
    /// For each location: its name, its legend, and its parameters.
    groups: [(&'static str, &'static str, &'c [RequestParameter<'c>]); 3],
    body: Option<String>,
}

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
fn hint(parameter: &RequestParameter<'_>) -> String {
    let field = &parameter.field;
    let mut hints = Vec::new();
    if !field.is_required {
        hints.push("Optional".to_owned());
    }
    // A `select` already shows its values.
    if field.choices.is_empty() {
        hints.push(field.type_with_limits());
    }
    if let Some(default) = &field.default {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        hints.push(format!("default {default}"));
    }
    hints.join("; ")
}

fn lines(text: &str) -> usize {
    text.lines().count()
}
