//! The pages of deleted contacts, onboardings, and webhook endpoints, which links in the audit log
//! lead to. They have status 404.

use actix_web::http::StatusCode;
use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::visit::SignedInVisit;
use crate::model::resource::ResourceType;

#[derive(Template)]
#[template(path = "admin/deleted.html")]
struct Deleted {
    page: Page,
    /// What was deleted, in the middle of a sentence.
    name: &'static str,
    /// The audit log of what was deleted.
    history: String,
    section: Section,
}

/// Returns the page of a deleted resource, or the 404 page if there never was one with this ID.
pub(super) fn page_of(
    visit: &SignedInVisit,
    resource: ResourceType,
    id: Option<&str>,
    section: Section,
) -> PageResult {
    let id = id.ok_or(AdminError::NotFound(resource))?;
    let (name, title) = match resource {
        ResourceType::Customer => ("customer", "This customer was deleted"),
        ResourceType::Contact => ("contact", "This contact was deleted"),
        ResourceType::Onboarding => ("onboarding", "This onboarding was deleted"),
        ResourceType::ApiKey => ("API key", "This API key was deleted"),
        ResourceType::WebhookEndpoint => ("webhook endpoint", "This webhook endpoint was deleted"),
    };
    let template = Deleted {
        page: visit.page(title, section),
        name,
        history: links::history_path(id),
        section,
    };
    page::html_as(StatusCode::NOT_FOUND, &template)
}
