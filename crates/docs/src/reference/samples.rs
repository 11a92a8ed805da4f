//! Code samples: complete programs in four languages that call an endpoint.

use askama::Template;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::error::Error;
use super::literal::{JSON, PYTHON, RUST, TYPESCRIPT};

pub struct Request<'e> {
    pub method: &'static str,
    /// Without the query.
    pub url: String,
    pub query: Vec<QueryParameter<'e>>,
    pub needs_key: bool,
    /// The header that makes a retry safe, if the endpoint has one.
    pub idempotency_header: Option<&'e str>,
    pub body: Option<&'e Value>,
    /// The name of the variable that holds the response body.
    pub variable: String,
}

pub struct QueryParameter<'e> {
    pub name: &'e str,
    pub value: &'e Value,
    /// The value as it appears in a URL.
    pub url_value: String,
}

impl<'e> Request<'e> {
    /// Builds the request from the examples of the parameters. Fails if one needs escaping.
    pub fn new(server: &str, endpoint: &'e Endpoint<'_>) -> Result<Self, Error> {
        let mut path = endpoint.path.to_owned();
        for parameter in &endpoint.path_parameters {
            let name = &parameter.field.name;
            let missing = || Error::new(format!("its parameter {name} has no example"));
            let value = without_escaping(parameter.example.ok_or_else(missing)?)?;
            path = path.replace(&format!("{{{name}}}"), &value);
        }
        let mut query = Vec::new();
        for parameter in &endpoint.query_parameters {
            let Some(value) = parameter.example else { continue };
            let name = parameter.field.name.as_str();
            query.push(QueryParameter { name, value, url_value: without_escaping(value)? });
        }
        Ok(Self {
            method: endpoint.method,
            url: format!("{server}{path}"),
            query,
            needs_key: endpoint.access.needs_key(),
            idempotency_header: endpoint.idempotency_header(),
            body: endpoint.body.as_ref().map(|body| body.example),
            variable: variable_name(endpoint.success.name),
        })
    }

    /// Returns the info string of the code block and the program for each language.
    pub fn samples(&self) -> Result<[(&'static str, String); 4], Error> {
        let Self { body, .. } = self;
        let is_plain = !self.needs_key && body.is_none();
        Ok([
            ("bash tab=cURL", Curl { request: self, body: body.map(shell_quoted) }.render()?),
            (
                "typescript tab=TypeScript",
                TypeScript {
                    request: self,
                    method: (self.method != "GET").then_some(self.method),
                    is_plain,
                    body: body.map(|body| TYPESCRIPT.write(body, 2)),
                }
                .render()?,
            ),
            (
                "python tab=Python",
                Python {
                    request: self,
                    method: self.method.to_lowercase(),
                    is_plain: is_plain && self.query.is_empty(),
                    body: body.map(|body| PYTHON.write(body, 4)),
                }
                .render()?,
            ),
            (
                "rust tab=Rust",
                Rust {
                    request: self,
                    method: self.method.to_lowercase(),
                    body: body.map(|body| RUST.write(body, 8)),
                }
                .render()?,
            ),
        ])
    }
}

/// Returns a value that needs no escaping in URLs and string literals. Fails otherwise.
fn without_escaping(value: &Value) -> Result<String, Error> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    if !text.bytes().all(is_plain) {
        return Err(Error::new(format!("the example {text} needs escaping")));
    }
    Ok(text)
}

/// Formats JSON for a single-quoted shell argument.
fn shell_quoted(body: &Value) -> String {
    JSON.write(body, 2).replace('\'', r"'\''")
}

/// Returns the variable name for a component, such as `customers` for `CustomerList`.
fn variable_name(component: Option<&str>) -> String {
    let Some(component) = component else { return "result".to_owned() };
    let lower = component.to_lowercase();
    match lower.strip_suffix("list") {
        Some(one) if one.ends_with('y') => format!("{}ies", &one[..one.len() - 1]),
        Some(one) => format!("{one}s"),
        None => lower,
    }
}

#[derive(Template)]
#[template(path = "reference/sample.sh", escape = "none")]
struct Curl<'e> {
    request: &'e Request<'e>,
    body: Option<String>,
}

#[derive(Template)]
#[template(path = "reference/sample.ts", escape = "none")]
struct TypeScript<'e> {
    request: &'e Request<'e>,
    method: Option<&'static str>,
    is_plain: bool,
    body: Option<String>,
}

#[derive(Template)]
#[template(path = "reference/sample.py", escape = "none")]
struct Python<'e> {
    request: &'e Request<'e>,
    method: String,
    is_plain: bool,
    body: Option<String>,
}

#[derive(Template)]
#[template(path = "reference/sample.rs", escape = "none")]
struct Rust<'e> {
    request: &'e Request<'e>,
    method: String,
    body: Option<String>,
}
