//! `/contacts` and `/customers/{id}/contacts`

use super::answer::{Answer, Reply};
use super::customers;
use super::error::ApiError;
use super::request::call::Call;
use crate::model::contact::{Contact, ContactPatch, ContactRef, NewContact};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/customers/{id}/contacts`
pub(super) async fn list(call: Call) -> Reply {
    let customer = customers::named(&call)?;
    let page: PageRequest = call.query()?;
    call.list(move |reader| Answer::list(&reader.contacts_of(&customer, &page)?)).await
}

/// POST `/customers/{id}/contacts`
pub(super) async fn create(call: Call) -> Reply {
    let customer = customers::named(&call)?;
    let new: NewContact = call.body()?;
    call.write(move |tx| {
        let contact = tx.create_contact(&customer, new)?;
        Answer::created(&contact, location(&contact))
    })
    .await
}

/// GET `/contacts/{id}`
pub(super) async fn show(call: Call) -> Reply {
    let named = named(&call)?;
    call.look_up(|reader| Answer::ok(&reader.contact(&named)?))
}

/// PATCH `/contacts/{id}`
pub(super) async fn update(call: Call) -> Reply {
    let named = named(&call)?;
    let patch: ContactPatch = call.patch()?;
    call.write(move |tx| Answer::ok(&tx.update_contact(&named, patch)?)).await
}

/// DELETE `/contacts/{id}`
pub(super) async fn delete(call: Call) -> Reply {
    let named = named(&call)?;
    call.write(move |tx| Answer::deleted(tx.delete_contact(&named)?)).await
}

fn named(call: &Call) -> Result<ContactRef, ApiError> {
    call.named(ResourceType::Contact)
}

fn location(contact: &Contact) -> String {
    format!("/api/v1/contacts/{}", contact.id)
}
