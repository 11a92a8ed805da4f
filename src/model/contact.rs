//! Contacts: the people at a customer.

use serde::Deserialize;

use super::customer::CustomerId;
use super::parse::changes::Changes;
use super::parse::fields::{Body, Fields};
use super::parse::schema::object;
use super::values::email::Email;
use super::values::id::{DisplayId, Id, Ref};
use super::values::labels::Labels;
use super::values::text::{Line, Name};
use super::values::time::Timestamp;

pub type ContactId = Id<Contact>;
pub type ContactRef = Ref<Contact>;

object! {
    /// A person at a customer.
    #[derive(Deserialize)]
    pub struct Contact = "contact" {
        /// Unique identifier for the contact.
        pub id: ContactId,
        /// The contact's sequential number within the workspace, starting at 1. Numbers are never
        /// reused.
        pub display_id: DisplayId,
        /// The ID of the customer that the contact belongs to.
        pub customer_id: CustomerId,
        /// The contact's name.
        pub name: Name,
        /// The contact's email address. Its domain must contain a dot. Stored in lowercase, without
        /// a trailing dot. Must be unique among the customer's contacts. The Unicode and Punycode
        /// (`xn--`) forms of a domain count as the same address, and so do composed and decomposed
        /// Unicode characters.
        pub email: Email,
        /// The contact's job title.
        pub title: Option<Line>,
        /// Whether this is the customer's primary contact. A customer has at most one: setting this
        /// to `true` sets it to `false` on the previous primary contact.
        pub is_primary: bool,
        /// Labels for your own use. Duplicates are dropped, keeping the first.
        pub labels: Labels,
        /// When the contact was created.
        pub created_at: Timestamp,
        /// When the contact was last updated.
        pub updated_at: Timestamp,
    }
}

/// The body of a POST that creates a contact. The customer comes from the path.
#[derive(Clone)]
pub struct NewContact {
    pub name: Name,
    pub email: Email,
    /// Sets the remaining fields.
    pub changes: Changes<Contact>,
}

impl Body for NewContact {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, email) = (fields.required("name"), fields.required("email"));
        let properties = read(Changes::empty(), fields);
        fields.declare_default("is_primary", &false);
        fields.declare_default("labels", &Labels::default());
        Some(Self { name: name?, email: email?, changes: properties })
    }
}

impl NewContact {
    /// Makes it the primary contact, whatever the body says.
    #[must_use]
    pub fn into_primary(self) -> Self {
        Self { changes: self.changes.then(|contact| contact.is_primary = true), ..self }
    }

    pub fn create(
        self,
        id: ContactId,
        display_id: DisplayId,
        customer_id: CustomerId,
        created_at: Timestamp,
    ) -> Contact {
        let mut contact = Contact {
            id,
            display_id,
            customer_id,
            name: self.name,
            email: self.email,
            title: None,
            is_primary: false,
            labels: Labels::default(),
            created_at,
            updated_at: created_at,
        };
        self.changes.apply(&mut contact);
        contact
    }
}

/// The body of a PATCH of a contact.
pub struct ContactPatch(Changes<Contact>);

impl Body for ContactPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let changes: Changes<Contact> = Changes::empty();
        let changes =
            changes
                .non_null(fields, "name", |to| &mut to.name)
                .non_null(fields, "email", |to| &mut to.email);
        Some(Self(read(changes, fields)))
    }
}

impl ContactPatch {
    /// Changes only the fields that were sent.
    pub fn apply(self, to: &mut Contact) {
        self.0.apply(to);
    }
}

/// Reads the fields that are optional in both POST and PATCH.
fn read(changes: Changes<Contact>, fields: &mut Fields<'_>) -> Changes<Contact> {
    changes
        .nullable(fields, "title", |to| &mut to.title)
        .non_null(fields, "is_primary", |to| &mut to.is_primary)
        .non_null(fields, "labels", |to| &mut to.labels)
}
