//! The page of an error, with the headers that belong to it.

use actix_web::http::ConnectionType;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::page::{self, Page};
use crate::admin::state::Admin;
use crate::http::headers::{self, Scripts};
use crate::http::request_id::RequestId;

#[derive(Template)]
#[template(path = "admin/error.html")]
struct ErrorPage {
    page: Page,
    message: String,
    request_id: Option<String>,
    /// Whether the way on is to create a workspace.
    needs_workspace: bool,
}

/// The page of an error for somebody of whom nothing is known.
pub(in crate::admin) fn refuse(request: &HttpRequest, error: AdminError) -> HttpResponse {
    let Some(admin) = request.app_data::<Data<Admin>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    let mut response = show(request, &error, |title| admin.page(title));
    headers::add(&mut response, Scripts::AskNothing);
    response
}

/// The page of an error, after logging it when it is ours. `page` is made from the title.
pub(super) fn show(
    request: &HttpRequest,
    error: &AdminError,
    page: impl FnOnce(&'static str) -> Page,
) -> HttpResponse {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map_or("-", RequestId::as_str);
    if error.is_server_error() {
        log::error!("request_id={id} {error}");
    }
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

/// What happened inside the server is for its log, where the request id finds it.
fn message(error: &AdminError) -> String {
    match error {
        AdminError::Unavailable(_) => {
            "The server cannot do this at the moment. Nothing was changed; try again.".into()
        }
        AdminError::Internal(_) => "The server made a mistake. Its log has the cause.".into(),
        other => other.to_string(),
    }
}

fn add_headers(error: &AdminError, response: &mut HttpResponse) {
    if matches!(error, AdminError::TooSlow) {
        // The rest of the form would be taken for the next request.
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    let (name, value) = match error {
        AdminError::MethodNotAllowed(allowed) => (ALLOW, allowed.clone()),
        AdminError::TooManyAttempts(wait) => (RETRY_AFTER, wait.to_string()),
        AdminError::Unavailable(_) => (RETRY_AFTER, "1".to_owned()),
        _ => return,
    };
    // Names of methods and numbers are always a header's value.
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}
