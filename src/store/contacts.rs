//! Contacts in the database: their methods of [`WorkspaceReader`] and [`WorkspaceTx`].

use rusqlite::{OptionalExtension, Row, params};

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::live::{self, List, Listed, Resource};
use super::rows::record::{Columns, Difference, Subject, nullable, time};
use super::rows::row::json;
use super::rows::sequences;
use super::tx::WorkspaceTx;
use crate::model::contact::{Contact, ContactId, ContactPatch, ContactRef, NewContact};
use crate::model::customer::{Customer, CustomerId, CustomerRef};
use crate::model::event::EventType;
use crate::model::parse::page::{Page, PageRequest};
use crate::model::resource::ResourceType;
use crate::model::values::email::Email;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::labels::Labels;
use crate::model::values::text::{Line, Name};
use crate::model::values::time::Timestamp;

impl Resource for Contact {
    const TYPE: ResourceType = ResourceType::Contact;
}

impl Listed for Contact {
    const TABLE: &'static str = "contacts";
    const COLUMNS: &'static str = "id, display_id, customer_id, name, email, title, is_primary,
        labels, created_at, updated_at";

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: Id::stored(row.get(0)?),
            display_id: DisplayId(row.get(1)?),
            customer_id: Id::stored(row.get(2)?),
            name: Name::stored(row.get(3)?),
            email: Email::stored(row.get(4)?),
            title: row.get::<_, Option<_>>(5)?.map(Line::stored),
            is_primary: row.get(6)?,
            labels: json(row, 7, |text| Labels::stored(&text))?,
            created_at: Timestamp::from_micros(row.get(8)?),
            updated_at: Timestamp::from_micros(row.get(9)?),
        })
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

fn columns(contact: &Contact) -> Columns<'_> {
    vec![
        ("id", contact.id.as_str().into()),
        ("display_id", contact.display_id.0.into()),
        ("customer_id", contact.customer_id.as_str().into()),
        ("name", contact.name.as_str().into()),
        ("email", contact.email.as_str().into()),
        ("email_key", contact.email.key().into()),
        ("email_repeat", 0.into()),
        ("title", nullable(contact.title.as_ref().map(Line::as_str))),
        ("is_primary", contact.is_primary.into()),
        ("labels", contact.labels.to_json().into()),
        ("created_at", time(contact.created_at)),
        ("updated_at", time(contact.updated_at)),
    ]
}

fn subject(contact: &Contact) -> Subject<'_> {
    Subject {
        resource: ResourceType::Contact,
        resource_id: contact.id.as_str(),
        customer_id: Some(contact.customer_id.as_str()),
        phases: None,
    }
}

impl WorkspaceReader<'_> {
    /// A contact by either form of its id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn contact(&self, named: &ContactRef) -> Result<Contact, StoreError> {
        live::find(self.conn, self.workspace, named)
    }

    /// A page of a customer's contacts.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such customer.
    pub fn contacts_of(
        &self,
        customer: &CustomerRef,
        page: &PageRequest,
    ) -> Result<Page<Contact>, StoreError> {
        let customer: Customer = live::find(self.conn, self.workspace, customer)?;
        List::under(&self.workspace, "customer_id", &customer.id).page(self.conn, page)
    }

    /// The primary contact of a customer, if it has one. It stands in the pages of
    /// [`WorkspaceReader::contacts_of`] too, in its place by time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such customer.
    pub fn primary_contact(&self, customer: &CustomerRef) -> Result<Option<Contact>, StoreError> {
        let customer: Customer = live::find(self.conn, self.workspace, customer)?;
        let mut list = List::under(&self.workspace, "customer_id", &customer.id);
        list.only("is_primary = 1");
        list.one(self.conn)
    }

    /// How many contacts the customers of a workspace have; those of a deleted customer went with
    /// it.
    pub(super) fn count_contacts(&self) -> Result<i64, StoreError> {
        // No index has the contacts of a workspace without the deleted ones, but one has those of
        // a customer. The cross join keeps the order.
        let sql = "SELECT count(*)
                   FROM customers AS of CROSS JOIN contacts ON contacts.customer_id = of.id
                   WHERE of.workspace_no = ?1 AND of.deleted_at IS NULL
                       AND contacts.deleted_at IS NULL";
        Ok(self.conn.prepare_cached(sql)?.query_row([self.workspace.0], |row| row.get(0))?)
    }
}

impl WorkspaceTx<'_> {
    /// Creates a contact of a customer. When it is the primary one, the other is demoted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the customer, or [`StoreError::EmailTaken`].
    pub fn create_contact(
        &self,
        customer: &CustomerRef,
        new: NewContact,
    ) -> Result<Contact, StoreError> {
        let customer: Customer = live::find(self.conn, self.workspace(), customer)?;
        let (display_id, created_at) =
            sequences::next(self.conn, self.workspace(), Contact::TYPE.into(), self.now)?;
        let contact = new.create(Id::generate(), display_id, customer.id, created_at);
        self.refuse_taken(&contact.customer_id, &contact.email, None)?;
        if contact.is_primary {
            self.demote_primary(&contact.customer_id)?;
        }
        let mut columns = columns(&contact);
        columns.push(("workspace_no", self.workspace().0.into()));
        self.insert(Contact::TABLE, &columns)?;
        self.record(&[EventType::ContactCreated], &subject(&contact), &contact, None)?;
        Ok(contact)
    }

    /// Changes the properties of a contact that a patch mentions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::EmailTaken`].
    pub fn update_contact(
        &self,
        named: &ContactRef,
        patch: ContactPatch,
    ) -> Result<Contact, StoreError> {
        let before: Contact = live::find(self.conn, self.workspace(), named)?;
        let mut after = before.clone();
        patch.apply(&mut after);
        if after.is_primary && !before.is_primary {
            self.demote_primary(&before.customer_id)?;
        }
        self.change_contact(&before, after)
    }

    /// Deletes a contact. A second time changes nothing and answers the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was one.
    pub fn delete_contact(
        &self,
        named: &ContactRef,
    ) -> Result<(Id<Contact>, DisplayId), StoreError> {
        let remains = live::find_even_deleted(self.conn, self.workspace(), named)?;
        if !remains.deleted {
            let contact: Contact = live::find(self.conn, self.workspace(), named)?;
            self.bury(Contact::TABLE, contact.id.as_str())?;
            self.record(&[EventType::ContactDeleted], &subject(&contact), &contact, None)?;
        }
        Ok((remains.id, remains.display_id))
    }

    /// Refuses an email that compares equal to that of another live contact of the customer. The
    /// unique index would let it in where the equal ones that an older version left begin with a
    /// number above 0.
    fn refuse_taken(
        &self,
        customer: &CustomerId,
        email: &Email,
        but: Option<&ContactId>,
    ) -> Result<(), StoreError> {
        let sql = "SELECT 1 FROM contacts
                   WHERE customer_id = ?1 AND email_key = ?2 AND id IS NOT ?3 AND deleted_at IS NULL";
        let mut others = self.conn.prepare_cached(sql)?;
        let taken = others.exists(params![customer, email.key(), but])?;
        if taken { Err(StoreError::EmailTaken) } else { Ok(()) }
    }

    fn demote_primary(&self, customer: &CustomerId) -> Result<(), StoreError> {
        let sql = "SELECT id FROM contacts
                   WHERE customer_id = ?1 AND is_primary = 1 AND deleted_at IS NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let primary = statement.query_row([customer], |row| row.get(0)).optional()?;
        if let Some(id) = primary {
            let named = Ref::Id(Id::stored(id));
            let before: Contact = live::find(self.conn, self.workspace(), &named)?;
            let after = Contact { is_primary: false, ..before.clone() };
            self.change_contact(&before, after)?;
        }
        Ok(())
    }

    fn change_contact(&self, before: &Contact, mut after: Contact) -> Result<Contact, StoreError> {
        after.updated_at = self.moved(before.updated_at);
        let difference = Difference::between(before, &after)?;
        let mut always = vec!["updated_at"];
        if difference.has("email") {
            self.refuse_taken(&after.customer_id, &after.email, Some(&after.id))?;
            always.extend(["email_key", "email_repeat"]);
        }
        let columns = columns(&after);
        self.update(Contact::TABLE, after.id.as_str(), &columns, &difference, &always)?;
        let kinds = [EventType::ContactUpdated];
        self.record(&kinds, &subject(&after), &after, Some(&difference))?;
        Ok(after)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::rows::fixture::{Db, body};

    #[test]
    fn the_primary_contact_is_found_whoever_came_after_it() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        let named = Ref::Id(aurora.id.clone());
        let primary = || db.reader().primary_contact(&named).unwrap();
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
        let named = Ref::Id(aurora.id);
        db.tx(3).delete_customer(&named).unwrap();
        let found = db.reader().primary_contact(&named);
        assert!(matches!(found, Err(StoreError::NotFound(ResourceType::Customer))));
    }
}
