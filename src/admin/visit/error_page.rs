//! Error pages, with their headers.

use actix_web::http::ConnectionType;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::page::{self, Page};
use crate::admin::state::Admin;
use crate::http::request_id::RequestId;
use crate::http::security_headers::{self, FetchPolicy};
use crate::service::access_log::log_server_error;

#[derive(Template)]
#[template(path = "admin/error.html")]
struct ErrorPage {
    page: Page,
    message: String,
    request_id: Option<String>,
    /// Whether to offer a link for creating a workspace.
    needs_workspace: bool,
}

/// Returns an error page for a visitor without a session.
pub(in crate::admin) fn refuse(request: &HttpRequest, error: AdminError) -> HttpResponse {
    let Some(admin) = request.app_data::<Data<Admin>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    let mut response = show(request, &error, |title| admin.page(title));
    security_headers::add(&mut response, FetchPolicy::None);
    response
}

/// Returns an error page. Logs the error first if it is the server's. `page` builds the layout from
/// a title.
pub(super) fn show(
    request: &HttpRequest,
    error: &AdminError,
    page: impl FnOnce(&'static str) -> Page,
) -> HttpResponse {
    if error.is_server_error() {
        log_server_error(request, error);
    }
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map_or("-", RequestId::as_str);
    let (status, title) = error.status();
    let request_id = error.is_server_error().then(|| id.to_owned());
    let needs_workspace = matches!(error, AdminError::NoWorkspace);
    let template =
        ErrorPage { page: page(title), message: message(error), request_id, needs_workspace };
    let mut response = page::html_as(status, &template)
        .unwrap_or_else(|_| HttpResponse::InternalServerError().finish());
    add_headers(error, &mut response);
    response
}

/// Returns the message for the visitor. The details of a server error go only to the log, which can
/// be searched for the request ID.
fn message(error: &AdminError) -> String {
    match error {
        AdminError::Unavailable(_) => {
            "The server can't do this right now. Nothing was changed. Try again.".into()
        }
        AdminError::OutcomeUnknown(_) => {
            "The database did not confirm your change. It may have been saved: look before you try \
             again."
                .into()
        }
        AdminError::Internal(_) => {
            "The server ran into an error. Search its log for this request ID to find the cause."
                .into()
        }
        other => other.to_string(),
    }
}

fn add_headers(error: &AdminError, response: &mut HttpResponse) {
    if matches!(error, AdminError::TooSlow) {
        // Otherwise the rest of the form would be parsed as the next request.
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    let (name, value) = match error {
        AdminError::MethodNotAllowed(allowed) => (ALLOW, allowed.clone()),
        AdminError::TooManyAttempts(wait) => (RETRY_AFTER, wait.to_string()),
        AdminError::Unavailable(_) => (RETRY_AFTER, "1".to_owned()),
        _ => return,
    };
    // Cannot fail: the values are method names and numbers.
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}
