//! Contacts: the people at a customer.

use serde::Deserialize;

use super::customer::CustomerId;
use super::parse::fields::{Body, Fields};
use super::parse::patch::{Patch, set};
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
        /// The person's e-mail address, with a dotted domain; kept in lower case and without a final
        /// dot. No other contact of the customer can have it at the same time, not even in another
        /// spelling: the Unicode and the Punycode (`xn--`) form of the domain are the same, and so are
        /// composed and decomposed letters.
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
        let is_primary = fields.or_default("is_primary");
        let labels = fields.or_default("labels");
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
