//! A request that the guard has let through, and its dispatch to a handler.

use std::future::Future;

use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::control::Control;
use super::error::ControlError;
use super::guard;
use crate::http::request_limits::{headers_fit, read_body};
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::params::{Params, Query};
use crate::model::values::slug::Slug;
use crate::service::access_log::{OperationKind, UsedOperation, log_server_error};
use crate::store::Reader;

/// The maximum length of a body. Larger than the API's, because a body can contain a seed.
const MAX_BODY: usize = 8 << 20;

/// The return type of handlers.
pub(super) type ControlResult = Result<HttpResponse, ControlError>;

pub(super) struct ControlRequest {
    pub control: Data<Control>,
    request: HttpRequest,
    body: Bytes,
}

impl ControlRequest {
    /// Returns a parameter of the path.
    pub fn path_parameter(&self, name: &str) -> &str {
        self.request.match_info().query(name)
    }

    /// Parses the body. An empty one is the same as `{}`. Other than in the API, a field that
    /// doesn't exist is an error: it would be a typo in a test that then tests nothing.
    pub fn body<B: Body>(&self) -> Result<B, ControlError> {
        self.query::<()>()?;
        let object = self.object()?;
        let known: Vec<String> =
            Fields::spec::<B>().fields.into_iter().map(|field| field.name).collect();
        if let Some(unknown) = object.keys().find(|name| !known.contains(name)) {
            return Err(ControlError::UnknownField(unknown.clone(), known.join(", ")));
        }
        Fields::parse(&object).map_err(ControlError::Invalid)
    }

    /// Refuses fields and query parameters, of which there are none.
    pub fn no_body(&self) -> Result<(), ControlError> {
        self.query::<()>()?;
        match self.object()?.keys().next() {
            Some(unknown) => Err(ControlError::UnknownField(unknown.clone(), "none".to_owned())),
            None => Ok(()),
        }
    }

    fn object(&self) -> Result<Map<String, Value>, ControlError> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ControlError::InvalidBody),
            Err(error) => Err(ControlError::InvalidJson(error.to_string())),
        }
    }

    /// Refuses the slug of no workspace: it would be a typo in a test that then tests nothing.
    pub async fn check_workspace(&self, slug: Option<&Slug>) -> Result<(), ControlError> {
        let Some(slug) = slug else { return Ok(()) };
        let exists = self.has_workspace(slug).await?;
        if exists { Ok(()) } else { Err(ControlError::WorkspaceNotFound) }
    }

    pub async fn has_workspace(&self, slug: &Slug) -> Result<bool, ControlError> {
        let slug = slug.clone();
        let find = move |reader: &Reader<'_>| Ok(reader.workspace(&slug)?.is_some());
        Ok(self.control.service.look_up(None, find).await?)
    }

    /// Parses the query parameters, which must all exist.
    pub fn query<Q: Query>(&self) -> Result<Q, ControlError> {
        let pairs = url::form_urlencoded::parse(self.request.query_string().as_bytes());
        let pairs: Vec<(String, String)> = pairs.into_owned().collect();
        let known = Params::spec::<Q>().fields;
        let is_known = |name: &str| known.iter().any(|field| field.name == name);
        if let Some((unknown, _)) = pairs.iter().find(|(name, _)| !is_known(name)) {
            return Err(ControlError::UnknownParameter(unknown.clone()));
        }
        Params::parse(pairs).map_err(ControlError::Invalid)
    }
}

/// Checks a request and runs its handler.
pub(super) async fn dispatch<F: Future<Output = ControlResult>>(
    control: Data<Control>,
    request: HttpRequest,
    payload: Payload,
    id: &'static str,
    handler: fn(ControlRequest) -> F,
) -> HttpResponse {
    request.extensions_mut().insert(UsedOperation::new(id, OperationKind::TestControl));
    let handled = check_and_handle(control, request.clone(), payload, handler).await;
    handled.unwrap_or_else(|error| error_response(&request, &error))
}

async fn check_and_handle<F: Future<Output = ControlResult>>(
    control: Data<Control>,
    request: HttpRequest,
    payload: Payload,
    handler: fn(ControlRequest) -> F,
) -> ControlResult {
    if !headers_fit(request.headers()) {
        return Err(ControlError::HeadersTooLarge);
    }
    guard::check(&request, &control)?;
    let connections = &control.service.settings.connections;
    let body = read_body(&request, payload, MAX_BODY, connections).await?;
    handler(ControlRequest { control, request, body }).await
}

/// Responds to a method that a path doesn't support.
pub(super) fn refuse_method(request: &HttpRequest, allowed: String) -> HttpResponse {
    let control = request.app_data::<Data<Control>>();
    let checked = control.map_or(Ok(()), |control| guard::check(request, control));
    let error = checked.err().unwrap_or(ControlError::MethodNotAllowed(allowed));
    error_response(request, &error)
}

fn error_response(request: &HttpRequest, error: &ControlError) -> HttpResponse {
    if let ControlError::Store(error) = error {
        log_server_error(request, error);
    }
    error.to_http_response()
}
