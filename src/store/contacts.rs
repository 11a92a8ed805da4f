//! Contacts in the database. For the store's users: the methods of [`Reader`] and [`Tx`].

use rusqlite::{OptionalExtension, Row};

use super::error::StoreError;
use super::live::{self, List, Listed, Resource};
use super::record::{Columns, Difference, Subject, nullable, time};
use super::row::json;
use super::{Reader, Tx, sequences};
use crate::model::caller::Caller;
use crate::model::contact::{Contact, ContactPatch, ContactRef, NewContact};
use crate::model::customer::{Customer, CustomerId, CustomerRef};
use crate::model::email::Email;
use crate::model::event::EventType;
use crate::model::id::{DisplayId, Id, Ref};
use crate::model::labels::Labels;
use crate::model::page::{Page, PageRequest};
use crate::model::resource::ResourceType;
use crate::model::text::{Line, Name};
use crate::model::time::Timestamp;
use crate::model::workspace::WorkspaceNo;

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

impl Reader<'_> {
    /// A contact by either form of its id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn contact(
        &self,
        workspace: WorkspaceNo,
        named: &ContactRef,
    ) -> Result<Contact, StoreError> {
        live::find(self.conn, workspace, named)
    }

    /// A page of a customer's contacts.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such customer.
    pub fn contacts_of(
        &self,
        workspace: WorkspaceNo,
        customer: &CustomerRef,
        page: &PageRequest,
    ) -> Result<Page<Contact>, StoreError> {
        let customer: Customer = live::find(self.conn, workspace, customer)?;
        List::under(&workspace, "customer_id", &customer.id).page(self.conn, page)
    }
}

impl Tx<'_> {
    /// Creates a contact of a customer. When it is the primary one, the other is demoted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the customer, or [`StoreError::EmailTaken`].
    pub fn create_contact(
        &self,
        caller: &Caller,
        customer: &CustomerRef,
        new: NewContact,
    ) -> Result<Contact, StoreError> {
        let workspace = caller.workspace.no;
        let customer: Customer = live::find(self.conn, workspace, customer)?;
        if new.is_primary {
            self.demote_primary(caller, &customer.id)?;
        }
        let (display_id, created_at) =
            sequences::next(self.conn, workspace, Contact::TYPE.into(), self.now)?;
        let contact = Contact {
            id: Id::generate(),
            display_id,
            customer_id: customer.id,
            name: new.name,
            email: new.email,
            title: new.title,
            is_primary: new.is_primary,
            labels: new.labels,
            created_at,
            updated_at: created_at,
        };
        let mut columns = columns(&contact);
        columns.push(("workspace_no", workspace.0.into()));
        self.insert(Contact::TABLE, &columns)?;
        self.record(caller, &[EventType::ContactCreated], &subject(&contact), &contact, None)?;
        Ok(contact)
    }

    /// Changes the properties of a contact that a patch mentions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::EmailTaken`].
    pub fn update_contact(
        &self,
        caller: &Caller,
        named: &ContactRef,
        patch: ContactPatch,
    ) -> Result<Contact, StoreError> {
        let before: Contact = live::find(self.conn, caller.workspace.no, named)?;
        if patch.is_primary == Some(true) && !before.is_primary {
            self.demote_primary(caller, &before.customer_id)?;
        }
        self.change_contact(caller, before, |contact| patch.apply(contact))
    }

    /// Deletes a contact. A second time changes nothing and answers the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was one.
    pub fn delete_contact(
        &self,
        caller: &Caller,
        named: &ContactRef,
    ) -> Result<(Id<Contact>, DisplayId), StoreError> {
        let workspace = caller.workspace.no;
        let remains = live::find_even_deleted(self.conn, workspace, named)?;
        if !remains.deleted {
            let contact: Contact = live::find(self.conn, workspace, named)?;
            self.bury(Contact::TABLE, contact.id.as_str())?;
            self.record(caller, &[EventType::ContactDeleted], &subject(&contact), &contact, None)?;
        }
        Ok((remains.id, remains.display_id))
    }

    fn demote_primary(&self, caller: &Caller, customer: &CustomerId) -> Result<(), StoreError> {
        let sql = "SELECT id FROM contacts
                   WHERE customer_id = ?1 AND is_primary = 1 AND deleted_at IS NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let primary = statement.query_row([customer], |row| row.get(0)).optional()?;
        if let Some(id) = primary {
            let named = Ref::Id(Id::stored(id));
            let contact = live::find(self.conn, caller.workspace.no, &named)?;
            self.change_contact(caller, contact, |contact: &mut Contact| {
                contact.is_primary = false
            })?;
        }
        Ok(())
    }

    fn change_contact(
        &self,
        caller: &Caller,
        before: Contact,
        change: impl FnOnce(&mut Contact),
    ) -> Result<Contact, StoreError> {
        let mut after = before.clone();
        change(&mut after);
        after.updated_at = self.moved(before.updated_at);
        let difference = Difference::between(&before, &after)?;
        let columns = columns(&after);
        self.update(Contact::TABLE, after.id.as_str(), &columns, &difference, &["updated_at"])?;
        let kinds = [EventType::ContactUpdated];
        self.record(caller, &kinds, &subject(&after), &after, Some(&difference))?;
        Ok(after)
    }
}
