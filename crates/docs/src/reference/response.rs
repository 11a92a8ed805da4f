//! The responses of an endpoint: its success, its errors, and their headers.

use serde_json::Value;

use super::document::{self, Document, Operation, Response};
use super::error::Error;
use super::field::{self, Field};
use super::schema;

pub struct Success<'d> {
    pub status: Status,
    pub description: &'d str,
    /// The name of the body's component, if it is one.
    pub name: Option<&'d str>,
    pub fields: Vec<Field>,
    pub example: &'d Value,
}

/// An error response.
pub struct Failure<'d> {
    pub status: Status,
    pub code: &'d str,
    /// When it occurs.
    pub when: &'d str,
    pub example: &'d Value,
}

/// A response header.
pub struct Header<'d> {
    pub name: &'d str,
    pub description: &'d str,
    /// Whether every response with these statuses has the header.
    pub is_required: bool,
    /// The statuses that can have the header.
    pub present_in: Vec<Status>,
    /// The other statuses of the endpoint.
    pub absent_from: Vec<Status>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status(pub u16);

impl<'d> Success<'d> {
    pub fn new(document: &'d Document, operation: &'d Operation) -> Result<Self, Error> {
        let missing = || Error::new("it has no successful response with an example");
        for (status, response) in &operation.responses {
            let status = Status::parse(status)?;
            if !status.is_success() {
                continue;
            }
            let response = document.resolve(response)?;
            let content = document::json_body(&response.content).ok_or_else(missing)?;
            let schema = content.schema.as_ref();
            return Ok(Self {
                status,
                description: &response.description,
                name: schema.and_then(schema::component_name),
                fields: match schema {
                    Some(schema) => field::fields(document, schema)?,
                    None => Vec::new(),
                },
                example: document.first_example(content)?.ok_or_else(missing)?,
            });
        }
        Err(missing())
    }
}

impl Status {
    pub fn parse(text: &str) -> Result<Self, Error> {
        text.parse().map(Self).map_err(|_| Error::new(format!("{text} is not a status code")))
    }

    pub fn is_success(self) -> bool {
        (200..300).contains(&self.0)
    }

    /// The code with its reason phrase, such as `404 Not Found`.
    pub fn with_reason(self) -> String {
        let name = match self.0 {
            200 => "OK",
            201 => "Created",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            413 => "Content Too Large",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => return self.0.to_string(),
        };
        format!("{} {name}", self.0)
    }
}

/// Returns the errors in the examples of a response.
pub fn failures<'d>(
    document: &'d Document,
    status: Status,
    response: &'d Response,
) -> Result<Vec<Failure<'d>>, Error> {
    let Some(content) = document::json_body(&response.content) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for example in content.examples.values() {
        let example = document.resolve(example)?;
        let text = |name: &str| example.value.pointer(name).and_then(Value::as_str);
        let (Some(code), Some(message)) = (text("/error/code"), text("/error/message")) else {
            return Err(Error::new(format!("an example of {} is not an error", status.0)));
        };
        let when = if example.summary.is_empty() { message } else { &example.summary };
        found.push(Failure { status, code, when, example: &example.value });
    }
    Ok(found)
}

/// Returns the headers of all responses of an operation.
pub fn headers<'d>(
    document: &'d Document,
    operation: &'d Operation,
) -> Result<Vec<Header<'d>>, Error> {
    let mut found: Vec<Header<'d>> = Vec::new();
    let mut statuses = Vec::new();
    for (status, response) in &operation.responses {
        let status = Status::parse(status)?;
        statuses.push(status);
        for (name, header) in &document.resolve(response)?.headers {
            match found.iter_mut().find(|header| header.name == name) {
                Some(header) => header.present_in.push(status),
                None => {
                    let header = document.resolve(header)?;
                    found.push(Header {
                        name,
                        description: &header.description,
                        is_required: header.required,
                        present_in: vec![status],
                        absent_from: Vec::new(),
                    });
                }
            }
        }
    }
    for header in &mut found {
        header.absent_from = statuses.clone();
        header.absent_from.retain(|status| !header.present_in.contains(status));
    }
    Ok(found)
}
