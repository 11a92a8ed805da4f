//! `/contacts` and `/customers/{id}/contacts`.

use super::customers;
use super::endpoint::BASE;
use super::error::ApiError;
use super::openapi::bodies::BodySchema;
use super::openapi::description::{Description, Group, Success};
use super::openapi::{examples, links};
use super::request::call::Call;
use super::response::{ApiResponse, ApiResult};
use crate::model::contact::{Contact, ContactPatch, ContactRef, NewContact};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;
use crate::store::Extent;

/// GET `/customers/{id}/contacts`
pub(super) async fn list(call: Call) -> ApiResult {
    let customer = customers::path_id(&call)?;
    let page: PageRequest = call.query()?;
    call.read_list(Extent::OnePage, move |reader| {
        Ok(ApiResponse::page_text(reader.contacts_of(&customer, &page)?))
    })
    .await
}

pub(super) fn describe_list() -> Description {
    Description::new(
        Group::Contacts,
        "List a customer's contacts",
        &["Returns a page of a customer's contacts, newest first. If `has_more` is true, pass \
           `next_cursor` as `cursor` to get the next page."],
        Success::list("A page of contacts.", &examples::page(examples::contact())),
    )
    .query::<PageRequest>()
}

/// POST `/customers/{id}/contacts`
pub(super) async fn create(call: Call) -> ApiResult {
    let customer = customers::path_id(&call)?;
    let new: NewContact = call.body()?;
    call.write(move |tx| {
        let created = tx.create_contact(&customer, new)?;
        let location = format!("{BASE}/contacts/{}", created.resource.id);
        Ok(ApiResponse::created(&created.document, location))
    })
    .await
}

pub(super) fn describe_create() -> Description {
    Description::new(
        Group::Contacts,
        "Create a contact",
        &[
            "Creates a contact for a customer. `name` and `email` are required. An email address can \
             be used once per customer, ignoring case; a duplicate fails with 409 `email_taken`.",
            "A customer has at most one primary contact. If `is_primary` is true, the previous \
             primary contact stops being primary. The first contact doesn't become primary \
             automatically.",
            "Records a `contact.created` event.",
        ],
        Success::created("The created contact.", &examples::contact(), links::for_contact()),
    )
    .body::<NewContact>(examples::new_contact())
    .fails_with([ApiError::EmailTaken])
}

/// GET `/contacts/{id}`
pub(super) async fn get(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    call.read_one(move |reader| Ok(ApiResponse::document(&reader.contact(&id)?))).await
}

pub(super) fn describe_get() -> Description {
    Description::new(
        Group::Contacts,
        "Retrieve a contact",
        &["Retrieves a contact by `id` or `display_id`."],
        Success::ok("The contact.", &examples::contact()),
    )
}

/// PATCH `/contacts/{id}`
pub(super) async fn update(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    let patch: ContactPatch = call.patch()?;
    call.write(move |tx| Ok(ApiResponse::document(&tx.update_contact(&id, patch)?.document))).await
}

pub(super) fn describe_update() -> Description {
    Description::new(
        Group::Contacts,
        "Update a contact",
        &[
            "Updates a contact. Fields that you don't send stay unchanged. `null` clears `title`. \
             `labels` are replaced as a whole. If you make a contact primary, the previous primary \
             contact stops being primary at the same time.",
            "A body without any field that can be updated fails with 400 `empty_patch`. Unknown \
             fields are ignored.",
            "Addition: records a `contact.updated` event, which the hosted API doesn't have.",
        ],
        Success::ok("The updated contact.", &examples::patched_contact()),
    )
    .body::<ContactPatch>(examples::contact_patch())
    .fails_with([ApiError::EmailTaken])
}

/// DELETE `/contacts/{id}`
pub(super) async fn delete(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    call.write(move |tx| ApiResponse::deleted(tx.delete_contact(&id)?)).await
}

pub(super) fn describe_delete() -> Description {
    Description::new(
        Group::Contacts,
        "Delete a contact",
        &[
            "Deletes a contact. It can no longer be retrieved or updated, it disappears from every \
             list, and its email address becomes available again.",
            "Deleting it again returns the same response. An ID that never existed returns a 404.",
            "Addition: records a `contact.deleted` event, which the hosted API doesn't have.",
        ],
        Success::ok("Confirms that the contact was deleted.", &examples::deleted_contact()),
    )
}

fn path_id(call: &Call) -> Result<ContactRef, ApiError> {
    call.path_id(ResourceType::Contact)
}

impl BodySchema for NewContact {
    const NAME: &'static str = "NewContact";
    const DESCRIPTION: &'static str = "The fields of a new contact.";
    type Resource = Contact;
}

impl BodySchema for ContactPatch {
    const NAME: &'static str = "ContactPatch";
    const DESCRIPTION: &'static str = "The fields of a contact to update.";
    const IS_PATCH: bool = true;
    type Resource = Contact;
}
