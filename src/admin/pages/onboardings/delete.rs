//! `/onboardings/{ref}/delete`: deleting an onboarding, and the page of one that was deleted.

use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::links::{self, onboarding_path, onboarding_title};
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::event::{EventFilter, EventType};
use crate::model::onboarding::OnboardingRef;
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;

#[derive(Template)]
#[template(path = "admin/onboardings/delete.html")]
struct Delete {
    page: Page,
    title: String,
    action: String,
    back: String,
}

#[derive(Template)]
#[template(path = "admin/onboardings/deleted.html")]
struct Deleted {
    page: Page,
    actor: String,
    at: Timestamp,
    log: String,
    customer: String,
}

/// GET `/onboardings/{ref}/delete`
pub(in crate::admin) async fn confirm(visit: SignedInVisit) -> PageResult {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    let onboarding = visit.read(move |reader| reader.onboarding(&onboarding_ref)?.read()).await?;
    let path = onboarding_path(&onboarding);
    page::html(&Delete {
        page: visit.page("Delete onboarding", Section::Onboardings),
        title: onboarding_title(&onboarding),
        action: format!("{path}/delete"),
        back: path,
    })
}

/// POST `/onboardings/{ref}/delete`
pub(in crate::admin) async fn delete(visit: SignedInVisit) -> PageResult {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    visit.write(move |tx| tx.delete_onboarding(&onboarding_ref)).await?;
    visit.set_flash("Onboarding deleted.");
    Ok(see_other("/onboardings"))
}

/// Returns the page of a deleted onboarding. Its events still exist.
pub(super) async fn deleted_page(
    visit: &SignedInVisit,
    onboarding_ref: OnboardingRef,
) -> PageResult {
    let deleted = EventFilter { kind: Some(EventType::OnboardingDeleted) };
    let last = PageRequest { limit: 1, before: None };
    let events = visit
        .read(move |reader| reader.onboarding_activity(&onboarding_ref, &deleted, &last))
        .await?;
    let event = events.data.first().ok_or(AdminError::NotFound(ResourceType::Onboarding))?;
    let object: Value = serde_json::from_str(event.object.get()).unwrap_or_default();
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let page = Deleted {
        page: visit.page("This onboarding was deleted", Section::Onboardings),
        actor: display::actor(&event.actor),
        at: event.created_at,
        log: links::history_path(text("id")),
        customer: links::customer_path_from_id(text("customer_id")),
    };
    page::html_as(StatusCode::NOT_FOUND, &page)
}
