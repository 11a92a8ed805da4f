//! Contacts.

use super::super::description::{Description, Group, Success};
use super::super::{examples, links};
use crate::api::error::ApiError;
use crate::model::contact::{ContactPatch, NewContact};
use crate::model::parse::page::PageRequest;

/// GET `/customers/{customerId}/contacts`
pub(in crate::api) fn list_customer_contacts() -> Description {
    Description::new(
        Group::Contacts,
        "List a customer's contacts",
        &["Lists the contacts of a customer, newest first. When `has_more` is true, send \
           `next_cursor` as `cursor` to get the next page."],
        Success::list("A page of contacts.", &examples::page(examples::contact())),
    )
    .query::<PageRequest>()
}

/// POST `/customers/{customerId}/contacts`
pub(in crate::api) fn create_customer_contact() -> Description {
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
            links::of_contact(),
        ),
    )
    .body::<NewContact>(examples::new_contact())
    .fails_with([ApiError::EmailTaken])
}

/// GET `/contacts/{id}`
pub(in crate::api) fn get_contact() -> Description {
    Description::new(
        Group::Contacts,
        "Get a contact",
        &["Gets a contact by its `id` or its `display_id`."],
        Success::ok("The contact.", &examples::contact()),
    )
}

/// PATCH `/contacts/{id}`
pub(in crate::api) fn update_contact() -> Description {
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
pub(in crate::api) fn delete_contact() -> Description {
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
