//! Contacts: the people at a customer.

use serde::Serialize;

use super::customer::CustomerId;
use super::email::Email;
use super::fields::{Body, Fields};
use super::id::{DisplayId, Id, Ref};
use super::labels::Labels;
use super::patch::{Patch, set};
use super::text::{Line, Name};
use super::time::Timestamp;

/// The id of a contact.
pub type ContactId = Id<Contact>;
/// A contact's id in either form.
pub type ContactRef = Ref<Contact>;

/// A contact as the API shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "object", rename = "contact")]
#[expect(missing_docs, reason = "the contract describes the properties")]
pub struct Contact {
    pub id: ContactId,
    pub display_id: DisplayId,
    pub customer_id: CustomerId,
    pub name: Name,
    pub email: Email,
    pub title: Option<Line>,
    pub is_primary: bool,
    pub labels: Labels,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The body of a POST that creates a contact; its customer is named by the path.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the properties are those of `Contact`")]
pub struct NewContact {
    pub name: Name,
    pub email: Email,
    pub title: Option<Line>,
    pub is_primary: bool,
    pub labels: Labels,
}

impl Body for NewContact {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, email) = (fields.required("name"), fields.required("email"));
        let title = fields.optional("title");
        let is_primary = fields.given("is_primary").unwrap_or(false);
        let labels = fields.given("labels").unwrap_or_default();
        Some(Self { name: name?, email: email?, title, is_primary, labels })
    }
}

/// The body of a PATCH of a contact.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the properties are those of `Contact`")]
pub struct ContactPatch {
    pub name: Option<Name>,
    pub email: Option<Email>,
    pub title: Patch<Line>,
    pub is_primary: Option<bool>,
    pub labels: Option<Labels>,
}

impl Body for ContactPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.given("name"),
            email: fields.given("email"),
            title: fields.patch("title"),
            is_primary: fields.given("is_primary"),
            labels: fields.given("labels"),
        })
    }
}

impl ContactPatch {
    /// Changes the properties that were sent.
    pub fn apply(self, to: &mut Contact) {
        set(&mut to.name, self.name);
        set(&mut to.email, self.email);
        self.title.apply(&mut to.title);
        set(&mut to.is_primary, self.is_primary);
        set(&mut to.labels, self.labels);
    }
}
