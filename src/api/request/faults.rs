//! Applies the faults that tests inject. A server without test control never calls this.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::rt::time::sleep;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use crate::api::error::ApiError;
use crate::api::operation::{Access, Operation};
use crate::http::connection_state::ConnectionState;
use crate::model::caller::Caller;
use crate::model::key::{Key, Scope};
use crate::model::resource::ResourceType;
use crate::model::test_control::fault::{CutPoint, InjectedError};
use crate::service::Service;
use crate::service::access_log::Observed;
use crate::service::rate_limits::RateLimitHeaders;

/// Why a request has no response of its handler.
pub(in crate::api) enum Stop {
    Error(ApiError),
    /// The response of a fault.
    Injected(HttpResponse),
}

impl From<ApiError> for Stop {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

/// Cuts the connection when it is dropped.
pub(super) struct CutOnDrop(Rc<ConnectionState>);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.cut();
    }
}

/// Records whose request this is.
pub(super) fn observe(request: &HttpRequest, caller: &Caller) {
    let workspace = caller.workspace.slug.clone();
    request.extensions_mut().insert(Observed { workspace, body: None, fault: None });
}

/// Applies the fault that waits for this request, if there is one: delays it, and returns its
/// response, or what cuts the connection.
pub(super) async fn apply(
    service: &Service,
    request: &HttpRequest,
    operation: Operation,
    key: &Key,
    body: &Bytes,
    rate_limit: &mut Option<RateLimitHeaders>,
) -> Result<Option<CutOnDrop>, Stop> {
    let Some(control) = &service.test_control else { return Ok(None) };
    let fault = control.faults.apply(operation.id, &key.workspace);
    if let Some(observed) = request.extensions_mut().get_mut::<Observed>() {
        observed.body = Some(body.clone());
        observed.fault = fault.as_ref().map(|fault| fault.id.clone());
    }
    let Some(fault) = fault else { return Ok(None) };
    if !fault.effect.delay.is_zero() {
        // In real time: it is about how long a client waits.
        sleep(fault.effect.delay).await;
    }
    if let Some(error) = &fault.effect.error {
        let response = response(error, operation);
        match response.status() {
            // The real one is sent before the key, and so its limit, is known.
            StatusCode::UNAUTHORIZED => *rate_limit = None,
            StatusCode::TOO_MANY_REQUESTS => {
                let budget = service.rate_limits.used_up(key, error.retry_after.unwrap_or(1));
                let now = service.store.clock().now();
                let used_up = budget.map(|budget| RateLimitHeaders::new(budget, now));
                *rate_limit = used_up.or(*rate_limit);
            }
            _ => {}
        }
        return Err(Stop::Injected(response));
    }
    let cut = |_| request.conn_data::<Rc<ConnectionState>>().cloned().map(CutOnDrop);
    match (fault.effect.cut, fault.effect.cut.and_then(cut)) {
        // Nobody sees this response: the connection is cut before it is sent.
        (Some(CutPoint::Before), _) => {
            Err(Stop::Injected(HttpResponse::InternalServerError().finish()))
        }
        (_, cut) => Ok(cut),
    }
}

/// Builds the response that the API would send for this error.
fn response(error: &InjectedError, operation: Operation) -> HttpResponse {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let wait = error.retry_after.unwrap_or(1);
    let usual = usual_error(status, wait, operation);
    let mut response = usual.to_injected_response(status, error.code.as_deref());
    if error.retry_after.is_some() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
    }
    response
}

/// Returns the error that a client most likely gets with this status.
fn usual_error(status: StatusCode, wait: u32, operation: Operation) -> ApiError {
    match status {
        StatusCode::BAD_REQUEST => ApiError::InvalidBody,
        StatusCode::UNAUTHORIZED => ApiError::InvalidKey,
        StatusCode::FORBIDDEN => match operation.access {
            Access::Scope(scope) => ApiError::InsufficientScope(scope),
            Access::AnyOf(scopes) => ApiError::InsufficientScopes(scopes),
            Access::Public | Access::AnyKey => ApiError::InsufficientScope(Scope::ReadCustomers),
        },
        StatusCode::NOT_FOUND => missing_resource(operation.id),
        StatusCode::REQUEST_TIMEOUT => ApiError::BodyTooSlow,
        StatusCode::CONFLICT => ApiError::IdempotencyKeyInUse,
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::UnsupportedEncoding,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ApiError::HeadersTooLarge,
        StatusCode::TOO_MANY_REQUESTS => ApiError::RateLimited(wait.into()),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            ApiError::Unavailable(String::new())
        }
        _ => ApiError::Internal(String::new()),
    }
}

/// Returns the 404 of an operation. Its ID names the resource in the path first, as in
/// `list-customer-contacts`.
fn missing_resource(operation: &str) -> ApiError {
    let resource = operation.split('-').find_map(|word| match word.trim_end_matches('s') {
        "customer" => Some(ResourceType::Customer),
        "contact" => Some(ResourceType::Contact),
        "onboarding" => Some(ResourceType::Onboarding),
        _ => None,
    });
    resource.map_or(ApiError::RouteNotFound, ApiError::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::test_control::fault::STATUSES;

    #[test]
    fn every_status_has_an_error_with_that_status() {
        let operation = Operation { id: "get-me", access: Access::AnyKey };
        for status in STATUSES {
            let error = InjectedError { status, code: None, retry_after: None };
            assert_eq!(response(&error, operation).status(), status);
            let status = StatusCode::from_u16(status).unwrap();
            let usual = usual_error(status, 1, operation).to_http_response().status();
            let is_from_proxy =
                [StatusCode::BAD_GATEWAY, StatusCode::GATEWAY_TIMEOUT].contains(&status);
            assert!(usual == status || is_from_proxy, "{status}");
        }
    }

    #[test]
    fn a_404_is_about_the_resource_in_the_path() {
        for (operation, code) in [
            ("get-contact", "contact_not_found"),
            ("list-customer-contacts", "customer_not_found"),
            ("list-onboarding-activity", "onboarding_not_found"),
            ("get-me", "route_not_found"),
        ] {
            assert_eq!(missing_resource(operation).example().unwrap().1, code, "{operation}");
        }
    }
}
