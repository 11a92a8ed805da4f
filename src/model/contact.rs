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

/// The id of a contact.
pub type ContactId = Id<Contact>;
/// A contact's id in either form.
pub type ContactRef = Ref<Contact>;

object! {
    /// A person at a customer.
    #[derive(Deserialize)]
    pub struct Contact = "contact" {
        /// The id that never changes, and that no other object has.
        pub id: ContactId,
        /// The number of the contact within its workspace: from 1, and never given again.
        pub display_id: DisplayId,
        /// The id of the contact's customer.
        pub customer_id: CustomerId,
        /// The person's name.
        pub name: Name,
        /// The person's e-mail address, with a dotted domain; kept in lower case and without a
        /// final dot. No other contact of the customer can have it at the same time, not even in
        /// another spelling: the Unicode and the Punycode (`xn--`) form of the domain are the same,
        /// and so are composed and decomposed letters.
        pub email: Email,
        /// What the person does there.
        pub title: Option<Line>,
        /// Whether this is the customer's primary contact. A customer has at most one: when this
        /// becomes true, it becomes false for the one before.
        pub is_primary: bool,
        /// Labels, each of them once; a repeated one is dropped and the first is kept.
        pub labels: Labels,
        /// When the contact was created.
        pub created_at: Timestamp,
        /// When it was last changed.
        pub updated_at: Timestamp,
    }
}

/// The body of a POST that creates a contact; its customer is named by the path.
pub struct NewContact {
    /// The person's name.
    pub name: Name,
    /// Its address.
    pub email: Email,
    /// The other properties.
    pub properties: Changes<Contact>,
}

impl Body for NewContact {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, email) = (fields.required("name"), fields.required("email"));
        let properties = read(Changes::none(), fields);
        fields.absent_means("is_primary", &false);
        fields.absent_means("labels", &Labels::default());
        Some(Self { name: name?, email: email?, properties })
    }
}

impl NewContact {
    /// The contact.
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
        self.properties.apply(&mut contact);
        contact
    }
}

/// The body of a PATCH of a contact.
pub struct ContactPatch(Changes<Contact>);

impl Body for ContactPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let changes: Changes<Contact> = Changes::none();
        let changes =
            changes
                .value(fields, "name", |to| &mut to.name)
                .value(fields, "email", |to| &mut to.email);
        Some(Self(read(changes, fields)))
    }
}

impl ContactPatch {
    /// Changes the properties that were sent.
    pub fn apply(self, to: &mut Contact) {
        self.0.apply(to);
    }
}

/// Reads the properties that are optional in every body.
fn read(changes: Changes<Contact>, fields: &mut Fields<'_>) -> Changes<Contact> {
    changes
        .nullable(fields, "title", |to| &mut to.title)
        .value(fields, "is_primary", |to| &mut to.is_primary)
        .value(fields, "labels", |to| &mut to.labels)
}
