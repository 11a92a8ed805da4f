//! The page of a deleted endpoint, which links in the audit log lead to. It has status 404.

use actix_web::http::StatusCode;
use askama::Template;

use super::load;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::visit::SignedInVisit;
use crate::model::values::id::ResourceId;
use crate::model::webhook::id::EndpointId;

#[derive(Template)]
#[template(path = "admin/webhooks/deleted.html")]
struct Deleted {
    page: Page,
    log: String,
}

/// Returns the page of the endpoint in the path, or the 404 page if there never was one with this
/// ID.
pub(super) async fn page_of(visit: &SignedInVisit) -> PageResult {
    let id = EndpointId::parse(visit.path_param("id")).ok_or_else(load::missing)?;
    let resource_id = ResourceId::from_stored(id.to_string());
    if !visit.read(move |reader| reader.had_endpoint(resource_id)).await? {
        return Err(load::missing());
    }
    let template = Deleted {
        page: visit.page("This webhook endpoint was deleted", Section::Webhooks),
        log: links::history_path(id.as_str()),
    };
    page::html_as(StatusCode::NOT_FOUND, &template)
}
