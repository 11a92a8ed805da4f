//! `/contacts` and `/customers/{id}/contacts`

use super::answer::{Answer, Reply};
use super::customers;
use super::endpoint::BASE;
use super::error::ApiError;
use super::openapi::bodies::Request;
use super::openapi::description::{Description, Group, Success};
use super::openapi::{examples, links};
use super::request::call::Call;
use crate::model::contact::{Contact, ContactPatch, ContactRef, NewContact};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/customers/{id}/contacts`
pub(super) async fn list(call: Call) -> Reply {
    let customer = customers::in_path(&call)?;
    let page: PageRequest = call.query()?;
    call.list(move |reader| Answer::documents(&reader.contacts_of(&customer, &page)?)).await
}

pub(super) fn describe_list() -> Description {
    Description::new(
        Group::Contacts,
        "List a customer's contacts",
        &["Lists the contacts of a customer, newest first. When `has_more` is true, send \
           `next_cursor` as `cursor` to get the next page."],
        Success::list("A page of contacts.", &examples::page(examples::contact())),
    )
    .query::<PageRequest>()
}

/// POST `/customers/{id}/contacts`
pub(super) async fn create(call: Call) -> Reply {
    let customer = customers::in_path(&call)?;
    let new: NewContact = call.body()?;
    call.write(move |tx| {
        let created = tx.create_contact(&customer, new)?;
        let location = format!("{BASE}/contacts/{}", created.resource.id);
        Ok(Answer::created(&created.document, location))
    })
    .await
}

pub(super) fn describe_create() -> Description {
    Description::new(
        Group::Contacts,
        "Create a contact",
        &[
            "Creates a contact of a customer. The name and the e-mail address are required. No two \
             contacts of a customer have the same address, in whatever case; otherwise the answer is \
             409 `email_taken`.",
            "A customer has at most one primary contact: when `is_primary` is true, the one before \
             is primary no longer. The first contact does not become primary by itself.",
            "An event `contact.created` is recorded.",
        ],
        Success::created(
            "The contact that was created.",
            &examples::contact(),
            links::from_contact(),
        ),
    )
    .body::<NewContact>(examples::new_contact())
    .fails_with([ApiError::EmailTaken])
}

/// GET `/contacts/{id}`
pub(super) async fn show(call: Call) -> Reply {
    let named = in_path(&call)?;
    call.look_up(|reader| Ok(Answer::document(&reader.contact(&named)?)))
}

pub(super) fn describe_show() -> Description {
    Description::new(
        Group::Contacts,
        "Get a contact",
        &["Gets a contact by its `id` or its `display_id`."],
        Success::ok("The contact.", &examples::contact()),
    )
}

/// PATCH `/contacts/{id}`
pub(super) async fn update(call: Call) -> Reply {
    let named = in_path(&call)?;
    let patch: ContactPatch = call.patch()?;
    call.write(move |tx| Ok(Answer::document(&tx.update_contact(&named, patch)?.document))).await
}

pub(super) fn describe_update() -> Description {
    Description::new(
        Group::Contacts,
        "Update a contact",
        &[
            "Changes the properties that are sent and leaves the others as they are. `null` clears \
             the title; `labels` are replaced as a whole. Making a contact primary ends that of the \
             one before in the same step.",
            "A body without any property that can be changed is 400 `empty_patch`; properties that \
             are not known are passed over.",
            "Addition: an event `contact.updated` is recorded, which the hosted API does not have.",
        ],
        Success::ok("The contact after the change.", &examples::patched_contact()),
    )
    .body::<ContactPatch>(examples::contact_patch())
    .fails_with([ApiError::EmailTaken])
}

/// DELETE `/contacts/{id}`
pub(super) async fn delete(call: Call) -> Reply {
    let named = in_path(&call)?;
    call.write(move |tx| Answer::deleted(tx.delete_contact(&named)?)).await
}

pub(super) fn describe_delete() -> Description {
    Description::new(
        Group::Contacts,
        "Delete a contact",
        &[
            "Deletes a contact: it can no longer be got or changed, no list has it, and its address \
             is free again. Deleting it again gives the same answer. An id that never existed is \
             404.",
            "Addition: an event `contact.deleted` is recorded, which the hosted API does not have.",
        ],
        Success::ok("What is left of the contact.", &examples::deleted_contact()),
    )
}

/// The contact that the path names.
fn in_path(call: &Call) -> Result<ContactRef, ApiError> {
    call.in_path(ResourceType::Contact)
}

impl Request for NewContact {
    const NAME: &'static str = "NewContact";
    const ABOUT: &'static str = "A contact to create.";
    type Of = Contact;
}

impl Request for ContactPatch {
    const NAME: &'static str = "ContactPatch";
    const ABOUT: &'static str = "The properties of a contact that are to change.";
    const IS_PATCH: bool = true;
    type Of = Contact;
}
