//! `/admin/assets/{hash}/{name}`: the style sheet, the script, and the icon.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use crate::admin::error::AdminError;
use crate::admin::state::Admin;
use crate::admin::visit::refuse;
use crate::http::security_headers::{self, FetchPolicy, IMMUTABLE};
use crate::service::access_log::{OperationKind, UsedOperation};

/// GET `/admin/assets/{hash}/{name}`. Needs no session and sets no cookie.
pub(in crate::admin) async fn show(request: HttpRequest, admin: Data<Admin>) -> HttpResponse {
    request.extensions_mut().insert(UsedOperation::new("admin-asset", OperationKind::Asset));
    let Some(asset) = admin.assets.get(request.path()) else {
        return refuse(&request, AdminError::PageNotFound);
    };
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CACHE_CONTROL, IMMUTABLE))
        .body(asset.content);
    security_headers::add(&mut response, FetchPolicy::None);
    response
}
