//! The pages of deleted customers and contacts, and erasing them: `/customers/{ref}/purge` and
//! `/contacts/{ref}/purge`.

use actix_web::http::StatusCode;
use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::links;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::contact::{Contact, ContactRef};
use crate::model::customer::{Customer, CustomerRef};
use crate::model::purge::{PurgeCounts, PurgedRecord};
use crate::model::resource::ResourceType;
use crate::model::values::id::Ref;
use crate::model::values::time::Timestamp;
use crate::store::{PurgePreview, Purgeable};

#[derive(Template)]
#[template(path = "admin/customers/deleted.html")]
struct Deleted {
    page: Page,
    /// `customer` or `contact`.
    noun: &'static str,
    /// The path of the confirmation.
    purge: String,
    log: String,
}

#[derive(Template)]
#[template(path = "admin/customers/purge.html")]
struct Confirm {
    page: Page,
    noun: &'static str,
    deleted_at: Timestamp,
    counts: PurgeCounts,
    is_customer: bool,
    action: String,
    back: String,
}

/// Returns the page of a record that was deleted, but not purged.
pub(super) async fn deleted<R: Purgeable + 'static>(
    visit: &SignedInVisit,
    id_ref: Ref<R>,
) -> PageResult
where
    Ref<R>: Send,
{
    let (PurgePreview { record, .. }, _) = load(visit, id_ref).await?;
    let noun = <&str>::from(record.resource);
    let title = format!("This {noun} was deleted");
    let deleted = Deleted {
        page: visit.page(&title, Section::Customers),
        noun,
        purge: format!("{}/purge", path(&record)),
        log: links::history_path(record.id.as_str()),
    };
    page::html_as(StatusCode::NOT_FOUND, &deleted)
}

/// GET `/customers/{ref}/purge`
pub(in crate::admin) async fn confirm_customer(visit: SignedInVisit) -> PageResult {
    confirm::<Customer>(&visit, ResourceType::Customer).await
}

/// GET `/contacts/{ref}/purge`
pub(in crate::admin) async fn confirm_contact(visit: SignedInVisit) -> PageResult {
    confirm::<Contact>(&visit, ResourceType::Contact).await
}

async fn confirm<R: Purgeable + 'static>(
    visit: &SignedInVisit,
    resource: ResourceType,
) -> PageResult
where
    Ref<R>: Send,
{
    let (PurgePreview { record, .. }, deleted_at) =
        load::<R>(visit, visit.path_ref(resource)?).await?;
    page::html(&Confirm {
        page: visit.page("Delete permanently", Section::Customers),
        noun: resource.into(),
        deleted_at,
        counts: record.counts,
        is_customer: resource == ResourceType::Customer,
        action: format!("{}/purge", path(&record)),
        back: path(&record),
    })
}

/// POST `/customers/{ref}/purge`
pub(in crate::admin) async fn purge_customer(visit: SignedInVisit) -> PageResult {
    let customer_ref: CustomerRef = visit.path_ref(ResourceType::Customer)?;
    let (preview, _) = load(&visit, customer_ref.clone()).await?;
    visit.write(move |tx| tx.purge_customer(&customer_ref, &preview.responses)).await?;
    Ok(purged(&visit, "Customer"))
}

/// POST `/contacts/{ref}/purge`
pub(in crate::admin) async fn purge_contact(visit: SignedInVisit) -> PageResult {
    let contact_ref: ContactRef = visit.path_ref(ResourceType::Contact)?;
    let (preview, _) = load(&visit, contact_ref.clone()).await?;
    visit.write(move |tx| tx.purge_contact(&contact_ref, &preview.responses)).await?;
    Ok(purged(&visit, "Contact"))
}

fn purged(visit: &SignedInVisit, what: &str) -> actix_web::HttpResponse {
    visit.visitor().admin().service.erasures.wake();
    visit.set_flash(format!(
        "{what} deleted permanently. What it left in the database file is being overwritten."
    ));
    see_other("/customers")
}

/// Finds a deleted record. A deletion is never undone, so it stays deleted.
async fn load<R: Purgeable + 'static>(
    visit: &SignedInVisit,
    id_ref: Ref<R>,
) -> Result<(PurgePreview, Timestamp), AdminError>
where
    Ref<R>: Send,
{
    let preview = visit.read(move |reader| reader.purge_preview(&id_ref)).await?;
    let Some(deleted_at) = preview.record.deleted_at else {
        let noun = <&str>::from(preview.record.resource);
        return Err(AdminError::conflict(
            "Not deleted",
            format!("This {noun} has not been deleted. Delete it first."),
        ));
    };
    Ok((preview, deleted_at))
}

fn path(record: &PurgedRecord) -> String {
    format!("/{}s/{}", <&str>::from(record.resource), record.display_id.0)
}
