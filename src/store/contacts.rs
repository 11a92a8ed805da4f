//! Contacts: their methods of [`WorkspaceReader`] and [`WorkspaceTx`].

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::document::{Document, Stored};
use super::rows::list::{List, PageForm};
use super::rows::live;
use super::rows::record::Change;
use super::rows::resource::{Columns, Resource, Table};
use super::tx::WorkspaceTx;
use crate::model::contact::{Contact, ContactId, ContactPatch, ContactRef, NewContact};
use crate::model::customer::{CustomerId, CustomerRef};
use crate::model::event::EventType;
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;
use crate::model::values::email::Email;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::store::engine::{OptionalExtension, Value, params};

impl Table for Contact {
    const TABLE: &'static str = "contacts";
}

impl Resource for Contact {
    const TYPE: ResourceType = ResourceType::Contact;
    const SHAPE: i64 = 1;

    fn id(&self) -> &ContactId {
        &self.id
    }

    fn display_id(&self) -> DisplayId {
        self.display_id
    }

    fn customer_id(&self) -> &CustomerId {
        &self.customer_id
    }

    fn times(&self) -> (Timestamp, Timestamp) {
        (self.created_at, self.updated_at)
    }

    fn set_times(&mut self, created_at: Timestamp, updated_at: Timestamp) {
        (self.created_at, self.updated_at) = (created_at, updated_at);
    }

    fn fixed_columns(&self) -> Columns<'_> {
        vec![("customer_id", self.customer_id.as_str().into()), NO_REPEAT]
    }

    fn columns(&self) -> Columns<'_> {
        vec![("email_key", self.email.key().into()), ("is_primary", self.is_primary.into())]
    }
}

/// The value for new emails, which are never equivalent to another email of the customer.
pub(super) const NO_REPEAT: (&str, Value<'static>) = ("email_repeat", Value::Integer(0));

impl WorkspaceReader<'_> {
    /// Returns the contact with this ID or display ID.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn contact(&self, id_ref: &ContactRef) -> Result<Document<Contact>, StoreError> {
        live::find(self.conn, self.workspace, id_ref)
    }

    /// Returns a page of a customer's contacts.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the customer does not exist.
    pub fn contacts_of<P: PageForm<Contact>>(
        &self,
        customer: &CustomerRef,
        page: &PageRequest,
    ) -> Result<P, StoreError> {
        let customer = live::find_id(self.conn, self.workspace, customer)?;
        let list = List::with_parent(self.workspace, "customer_id", customer.as_str());
        P::read(list, self.conn, page)
    }

    /// Returns the primary contact of a customer, if there is one. [`WorkspaceReader::contacts_of`]
    /// includes it as well, sorted by creation time like the others.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the customer does not exist.
    pub fn primary_contact(
        &self,
        customer: &CustomerRef,
    ) -> Result<Option<Document<Contact>>, StoreError> {
        let customer = live::find_id(self.conn, self.workspace, customer)?;
        let mut list = List::with_parent(self.workspace, "customer_id", customer.as_str());
        list.filter_partial_index("is_primary = 1");
        list.at_most_one(self.conn)
    }

    /// Counts the contacts of all customers in the workspace that have not been deleted.
    pub(super) fn count_contacts(&self) -> Result<i64, StoreError> {
        // No index covers the live contacts of a workspace, but one covers those of a customer. The
        // cross join keeps SQLite from reordering the tables.
        let sql = "SELECT count(*)
                   FROM customers CROSS JOIN contacts
                   WHERE customers.workspace_no = ?1 AND customers.deleted_at IS NULL
                       AND contacts.customer_id = customers.id AND contacts.deleted_at IS NULL";
        Ok(self.conn.prepare_cached(sql)?.query_row([self.workspace.0], |row| row.get(0))?)
    }
}

impl WorkspaceTx<'_> {
    /// Creates a contact. If it is the primary contact, the current primary contact is demoted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the customer does not exist, or [`StoreError::EmailTaken`].
    pub fn create_contact(
        &self,
        customer: &CustomerRef,
        new: NewContact,
    ) -> Result<Stored<Contact>, StoreError> {
        let customer = live::find_id(self.conn, self.workspace(), customer)?;
        let (display_id, created_at) = self.allocate::<Contact>()?;
        let contact = new.create(Id::generate(), display_id, customer, created_at);
        self.ensure_email_is_free(&contact.customer_id, &contact.email, None)?;
        if contact.is_primary {
            self.demote_primary(&contact.customer_id)?;
        }
        self.create(contact, EventType::ContactCreated)
    }

    /// Updates the fields of a contact that the patch contains.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::EmailTaken`].
    pub fn update_contact(
        &self,
        id_ref: &ContactRef,
        patch: ContactPatch,
    ) -> Result<Stored<Contact>, StoreError> {
        let before = self.find(id_ref)?;
        let mut after: Contact = before.resource.clone();
        patch.apply(&mut after);
        if after.is_primary && !before.resource.is_primary {
            self.demote_primary(&after.customer_id)?;
        }
        let mut columns = Columns::new();
        if after.email != before.resource.email {
            self.ensure_email_is_free(&after.customer_id, &after.email, Some(&after.id))?;
            columns.push(NO_REPEAT);
        }
        self.change(&before, after, updated(columns))
    }

    /// Deletes a contact. Deleting it again changes nothing and returns the same result.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the contact never existed.
    pub fn delete_contact(
        &self,
        id_ref: &ContactRef,
    ) -> Result<(ContactId, DisplayId), StoreError> {
        self.delete(id_ref, EventType::ContactDeleted, |_: &Contact| Ok(()))
    }

    /// Fails if another live contact of the customer has an equivalent email. The unique index
    /// alone is not enough: contacts kept from an older version can have an equivalent email with a
    /// repeat number above 0, which doesn't conflict with the 0 of a new one.
    fn ensure_email_is_free(
        &self,
        customer: &CustomerId,
        email: &Email,
        except: Option<&ContactId>,
    ) -> Result<(), StoreError> {
        let sql = "SELECT 1 FROM contacts
                   WHERE customer_id = ?1 AND email_key = ?2 AND id IS DISTINCT FROM ?3
                       AND deleted_at IS NULL";
        let mut others = self.conn.prepare_cached(sql)?;
        let is_taken = others.exists(params![customer, email.key(), except])?;
        if is_taken { Err(StoreError::EmailTaken) } else { Ok(()) }
    }

    fn demote_primary(&self, customer: &CustomerId) -> Result<(), StoreError> {
        self.demote(customer, None)
    }

    /// Demotes the primary contact of a customer, unless it is this one.
    pub(super) fn demote_other_primary(
        &self,
        customer: &CustomerId,
        contact: &ContactId,
    ) -> Result<(), StoreError> {
        self.demote(customer, Some(contact))
    }

    fn demote(&self, customer: &CustomerId, except: Option<&ContactId>) -> Result<(), StoreError> {
        let sql = "SELECT id FROM contacts
                   WHERE customer_id = ?1 AND is_primary = 1 AND id IS DISTINCT FROM ?2
                       AND deleted_at IS NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let primary =
            statement.query_row(params![customer, except], |row| row.get(0)).optional()?;
        if let Some(id) = primary {
            let before: Stored<Contact> = self.find(&Ref::Id(Id::from_stored(id)))?;
            let after = Contact { is_primary: false, ..before.resource.clone() };
            self.change(&before, after, updated(Columns::new()))?;
        }
        Ok(())
    }
}

fn updated(columns: Columns<'_>) -> Change<'_> {
    Change { events: vec![EventType::ContactUpdated], phases: None, columns }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::rows::fixture::{Db, body};

    #[test]
    fn the_primary_contact_is_found_among_newer_contacts() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        let id_ref = Ref::Id(aurora.id.clone());
        let primary = || {
            let found = db.reader().primary_contact(&id_ref).unwrap();
            found.map(|contact| contact.read().unwrap())
        };
        assert!(primary().is_none());
        let person = |email: &str, is_primary: bool| json!({"name": "x", "email": email, "is_primary": is_primary});
        let first = db.contact(2, &aurora, &person("a@aurora.example", true));
        let last = db.contact(3, &aurora, &person("b@aurora.example", false));
        assert_eq!(primary().unwrap().id, first.id);
        let promote: ContactPatch = body(&json!({"is_primary": true}));
        db.tx(4).update_contact(&Ref::Id(last.id.clone()), promote).unwrap();
        assert_eq!(primary().unwrap().id, last.id);
        db.tx(5).delete_contact(&Ref::Id(last.id)).unwrap();
        assert!(primary().is_none());
    }

    #[test]
    fn a_deleted_customer_has_no_primary_contact() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        let person = json!({"name": "x", "email": "a@aurora.example", "is_primary": true});
        db.contact(2, &aurora, &person);
        let id_ref = Ref::Id(aurora.id);
        db.tx(3).delete_customer(&id_ref).unwrap();
        let found = db.reader().primary_contact(&id_ref);
        assert!(matches!(found, Err(StoreError::NotFound(ResourceType::Customer))));
    }
}
