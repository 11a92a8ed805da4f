//! An endpoint with everything that its page shows. Missing parts of the document are reported here,
//! so that the templates never lack a value.

use serde_json::Value;

use super::document::{self, Document, Location, Operation, Parameter, RefOr, RequestBody};
use super::error::Error;
use super::field::{self, Field};
use super::phrases;
use super::response::{self, Failure, Header, Status, Success};

pub struct Endpoint<'d> {
    pub id: &'d str,
    pub method: &'static str,
    pub path: &'d str,
    pub tag: &'d str,
    pub summary: &'d str,
    pub description: &'d str,
    pub access: Access<'d>,
    pub path_parameters: Vec<RequestParameter<'d>>,
    pub query_parameters: Vec<RequestParameter<'d>>,
    pub header_parameters: Vec<RequestParameter<'d>>,
    pub body: Option<Body<'d>>,
    pub success: Success<'d>,
    pub failures: Vec<Failure<'d>>,
    pub headers: Vec<Header<'d>>,
}

/// The API key that an endpoint requires.
#[derive(PartialEq, Eq)]
pub enum Access<'d> {
    Public,
    AnyKey,
    /// A key with at least one of these scopes.
    Scopes(Vec<&'d str>),
}

/// A parameter in the path, the query, or a header.
pub struct RequestParameter<'d> {
    pub field: Field,
    /// The value in the code samples: the example, otherwise the default.
    pub example: Option<&'d Value>,
}

/// A request body.
pub struct Body<'d> {
    pub fields: Vec<Field>,
    pub example: &'d Value,
}

impl<'d> Endpoint<'d> {
    /// Returns all endpoints in the order of the document's tags.
    pub fn all(document: &'d Document) -> Result<Vec<Self>, Error> {
        let mut found = Vec::new();
        for (path, item) in &document.paths {
            for (method, operation) in [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ] {
                let Some(operation) = operation else { continue };
                let endpoint = Self::new(document, (method, path), operation, &item.parameters);
                found.push(endpoint.map_err(|error| error.context(&operation.operation_id))?);
            }
        }
        found.sort_by_key(|endpoint: &Self| {
            document.tags.iter().position(|tag| tag.name == endpoint.tag)
        });
        Ok(found)
    }

    fn new(
        document: &'d Document,
        (method, path): (&'static str, &'d str),
        operation: &'d Operation,
        shared: &'d [RefOr<Parameter>],
    ) -> Result<Self, Error> {
        let [tag] = operation.tags.as_slice() else {
            return Err(Error::new("it must have exactly one tag"));
        };
        if !document.tags.iter().any(|known| known.name == *tag) {
            return Err(Error::new(format!("its tag {tag} is not declared in the document")));
        }
        let mut endpoint = Self {
            id: &operation.operation_id,
            method,
            path,
            tag,
            summary: &operation.summary,
            description: &operation.description,
            access: Access::for_operation(operation),
            path_parameters: Vec::new(),
            query_parameters: Vec::new(),
            header_parameters: Vec::new(),
            body: None,
            success: Success::new(document, operation)?,
            failures: Vec::new(),
            headers: response::headers(document, operation)?,
        };
        for parameter in shared.iter().chain(&operation.parameters) {
            endpoint.add_parameter(document, document.resolve(parameter)?)?;
        }
        if let Some(body) = &operation.request_body {
            endpoint.body = Some(Body::new(document, document.resolve(body)?)?);
        }
        for (status, response) in &operation.responses {
            let status = Status::parse(status)?;
            if !status.is_success() {
                endpoint.failures.extend(response::failures(
                    document,
                    status,
                    document.resolve(response)?,
                )?);
            }
        }
        endpoint.failures.sort_by_key(|failure| failure.status);
        Ok(endpoint)
    }

    fn add_parameter(
        &mut self,
        document: &Document,
        parameter: &'d Parameter,
    ) -> Result<(), Error> {
        let request_parameter = RequestParameter {
            field: Field::from_parameter(document, parameter)?,
            example: parameter.example.as_ref().or(parameter.schema.default.as_ref()),
        };
        match parameter.location {
            Location::Path => self.path_parameters.push(request_parameter),
            Location::Query => self.query_parameters.push(request_parameter),
            Location::Header => self.header_parameters.push(request_parameter),
        }
        Ok(())
    }

    /// The header that makes a retry safe, if the endpoint has one.
    pub fn idempotency_header(&self) -> Option<&str> {
        let mut names =
            self.header_parameters.iter().map(|parameter| parameter.field.name.as_str());
        names.find(|name| *name == "Idempotency-Key")
    }

    pub fn is_paginated(&self) -> bool {
        self.query_parameters.iter().any(|parameter| parameter.field.name == "cursor")
    }

    /// The error whose body the page shows. Prefers a 400 that names a field and is short.
    pub fn example_failure(&self) -> Option<&Failure<'d>> {
        let with_status =
            |status| self.failures.iter().filter(move |failure| failure.status.0 == status);
        let size = |failure: &&Failure<'_>| {
            let has_no_field = failure.example.pointer("/error/field").is_none();
            (has_no_field, failure.example.to_string().len())
        };
        with_status(400)
            .min_by_key(size)
            .or_else(|| with_status(404).next())
            .or_else(|| self.failures.first())
    }

    pub fn modifies_data(&self) -> bool {
        self.method != "GET"
    }
}

impl<'d> Access<'d> {
    fn for_operation(operation: &'d Operation) -> Self {
        if operation.security.is_empty() {
            return Self::Public;
        }
        // Each requirement is an alternative.
        let alternatives = operation.security.iter().flat_map(|scheme| scheme.values());
        let scopes: Vec<&str> = alternatives.flatten().map(String::as_str).collect();
        if scopes.is_empty() { Self::AnyKey } else { Self::Scopes(scopes) }
    }

    pub fn needs_key(&self) -> bool {
        *self != Self::Public
    }

    /// The scopes as a phrase.
    pub fn scopes(&self) -> String {
        let Self::Scopes(scopes) = self else { return String::new() };
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        phrases::join(&phrases::inline_code(&scopes), "or")
    }
}

impl<'d> Body<'d> {
    fn new(document: &'d Document, body: &'d RequestBody) -> Result<Self, Error> {
        let content = document::json_body(&body.content)
            .ok_or_else(|| Error::new("its request body is not JSON"))?;
        let schema = content.schema.as_ref();
        let schema = schema.ok_or_else(|| Error::new("its request body has no schema"))?;
        let example = document.first_example(content)?;
        Ok(Self {
            fields: field::fields(document, schema)?,
            example: example.ok_or_else(|| Error::new("its request body has no example"))?,
        })
    }
}
