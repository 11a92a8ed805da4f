//! Converts the rows of the three resources. Each new row has a document, and the columns that are
//! searched, sorted by, unique, or checked. One thread reads and converts the old rows while another
//! writes the new ones.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, Row, params_from_iter};

use super::Failure;
use super::documents::{
    CONTACT, CUSTOMER, Columns, Contact, Customer, ONBOARDING, Onboarding, SHAPE, text,
};
use super::old::OldDatabase;
use super::progress::Progress;
use crate::model::values::normalize::{email_key, host_key};
use crate::store::customers::search_text;
use crate::store::engine::sqlite::connection;

/// Rows per batch that is passed between the threads.
const BATCH: usize = 256;
/// How many batches can be queued.
const MAX_QUEUED: usize = 8;
/// The first version whose tables contain comparison keys.
pub(super) const WITH_KEYS: i64 = 5;
/// The first version whose resources are documents.
pub(super) const WITH_DOCUMENTS: i64 = 6;

/// The values of a new row. The first is the ID.
type NewRow = Vec<Value>;

/// Inputs for the conversion of all rows of a table.
pub(super) struct Mapping<'m> {
    /// Whether the old table contains comparison keys.
    pub has_keys: bool,
    /// The repeat numbers of contacts with equivalent emails, if the old table has none.
    pub repeats: &'m HashMap<String, i64>,
}

/// How to convert the rows of a table.
pub(super) struct Resource {
    pub table: &'static str,
    /// The columns of the old row.
    document: &'static str,
    others: &'static str,
    /// Columns of the old row that exist only from version [`WITH_KEYS`] on.
    keys: &'static str,
    /// The columns of the new row.
    new: &'static str,
    map: fn(&Row<'_>, &Mapping<'_>) -> Result<NewRow, Failure>,
}

/// Ordered so that referenced tables come first.
pub(super) const RESOURCES: [Resource; 3] = [
    Resource {
        table: "customers",
        document: CUSTOMER,
        others: "workspace_no, created_at, updated_at, deleted_at",
        keys: "domain_key, search",
        new: "id, workspace_no, display_id, slug, domain_key, status, hubspot_company_id,
            stripe_customer_id, search, created_at, updated_at, deleted_at, shape, doc",
        map: customer,
    },
    Resource {
        table: "contacts",
        document: CONTACT,
        others: "workspace_no, created_at, updated_at, deleted_at",
        keys: "email_key, email_repeat",
        new: "id, workspace_no, customer_id, display_id, email_key, email_repeat, is_primary,
            created_at, updated_at, deleted_at, shape, doc",
        map: contact,
    },
    Resource {
        table: "onboardings",
        document: ONBOARDING,
        others: "workspace_no, created_at, updated_at, deleted_at, target_launch_date,
            customer_deleted_at",
        keys: "",
        new: "id, workspace_no, customer_id, display_id, phase, state, target_launch_date,
            created_at, updated_at, deleted_at, customer_deleted_at, shape, doc",
        map: onboarding,
    },
];

fn owned(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn nullable(text: Option<&str>) -> Value {
    text.map_or(Value::Null, owned)
}

fn customer(row: &Row<'_>, mapping: &Mapping<'_>) -> Result<NewRow, Failure> {
    let mut columns = Columns::new(row);
    let doc = Customer::read(&mut columns)?;
    let (workspace, created_at, updated_at, deleted_at) =
        (columns.copy()?, columns.copy()?, columns.copy()?, columns.copy()?);
    let (domain_key, search) = if mapping.has_keys {
        (columns.copy()?, columns.copy()?)
    } else {
        let key = doc.domain.map(host_key);
        (
            key.map_or(Value::Null, Value::Text),
            Value::Text(search_text(doc.name, doc.slug, doc.domain)),
        )
    };
    Ok(vec![
        owned(doc.id),
        workspace,
        doc.display_id.into(),
        owned(doc.slug),
        domain_key,
        owned(doc.status),
        nullable(doc.hubspot_company_id),
        nullable(doc.stripe_customer_id),
        search,
        created_at,
        updated_at,
        deleted_at,
        SHAPE.into(),
        text(&doc)?,
    ])
}

fn contact(row: &Row<'_>, mapping: &Mapping<'_>) -> Result<NewRow, Failure> {
    let mut columns = Columns::new(row);
    let doc = Contact::read(&mut columns)?;
    let (workspace, created_at, updated_at, deleted_at) =
        (columns.copy()?, columns.copy()?, columns.copy()?, columns.copy()?);
    let (email_key, email_repeat) = if mapping.has_keys {
        (columns.copy()?, columns.copy()?)
    } else {
        let repeat = mapping.repeats.get(doc.id).copied().unwrap_or(0);
        (Value::Text(email_key(doc.email)), repeat.into())
    };
    Ok(vec![
        owned(doc.id),
        workspace,
        owned(doc.customer_id),
        doc.display_id.into(),
        email_key,
        email_repeat,
        i64::from(doc.is_primary).into(),
        created_at,
        updated_at,
        deleted_at,
        SHAPE.into(),
        text(&doc)?,
    ])
}

fn onboarding(row: &Row<'_>, _: &Mapping<'_>) -> Result<NewRow, Failure> {
    let mut columns = Columns::new(row);
    let doc = Onboarding::read(&mut columns)?;
    let (workspace, created_at, updated_at, deleted_at) =
        (columns.copy()?, columns.copy()?, columns.copy()?, columns.copy()?);
    let (target_launch_date, customer_deleted_at) = (columns.copy()?, columns.copy()?);
    Ok(vec![
        owned(doc.id),
        workspace,
        owned(doc.customer_id),
        doc.display_id.into(),
        owned(doc.phase),
        owned(doc.state),
        target_launch_date,
        created_at,
        updated_at,
        deleted_at,
        customer_deleted_at,
        SHAPE.into(),
        text(&doc)?,
    ])
}

impl Resource {
    /// Writes a new row for each old one, in the same order.
    pub fn copy(
        &self,
        old: &OldDatabase,
        new: &Connection,
        mapping: &Mapping<'_>,
        progress: &Progress<'_>,
    ) -> Result<(), Failure> {
        let (send, receive) = sync_channel(MAX_QUEUED);
        thread::scope(|scope| {
            let path = &old.path;
            let reading = scope.spawn(move || self.read(path, mapping, &send));
            let written = self.write(new, &receive, progress);
            // Unblocks a reader that waits for space in the queue after the writer failed.
            drop(receive);
            let read = reading.join();
            written?;
            read.unwrap_or_else(|_| {
                Err(Failure::Invalid("the thread that converts rows panicked".to_owned()))
            })
        })
    }

    fn read(
        &self,
        old: &Path,
        mapping: &Mapping<'_>,
        send: &SyncSender<Vec<NewRow>>,
    ) -> Result<(), Failure> {
        let conn = connection::open_reader(old)?;
        let keys = if mapping.has_keys { self.keys } else { "" };
        let columns: Vec<&str> = [self.document, self.others, keys]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let sql = format!("SELECT {} FROM {} ORDER BY rowid", columns.join(", "), self.table);
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(row) = rows.next()? {
            batch.push((self.map)(row, mapping).map_err(|failure| self.add_row_id(row, failure))?);
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                if send.send(full).is_err() {
                    // The writer has failed and reports the reason.
                    return Ok(());
                }
            }
        }
        let _ = send.send(batch);
        Ok(())
    }

    fn write(
        &self,
        new: &Connection,
        receive: &Receiver<Vec<NewRow>>,
        progress: &Progress<'_>,
    ) -> Result<(), Failure> {
        let values = vec!["?"; self.new.split(',').count()].join(", ");
        let sql = format!("INSERT INTO main.{} ({}) VALUES ({values})", self.table, self.new);
        let mut insert = new.prepare(&sql)?;
        for batch in receive {
            for row in &batch {
                let inserted = insert.execute(params_from_iter(row));
                inserted.map_err(|error| self.constraint_error(row, error))?;
            }
            progress.rows(batch.len() as u64);
        }
        Ok(())
    }

    /// Adds the ID of the old row to an error.
    fn add_row_id(&self, row: &Row<'_>, failure: Failure) -> Failure {
        match failure {
            Failure::Invalid(found) => {
                let id = row.get_ref("id").ok().and_then(|id| id.as_bytes().ok());
                let id = String::from_utf8_lossy(id.unwrap_or_default());
                Failure::Invalid(format!("row {id} of {}: {found}", self.table))
            }
            other => other,
        }
    }

    /// Adds the ID of the new row to a constraint violation.
    fn constraint_error(&self, row: &NewRow, error: rusqlite::Error) -> Failure {
        match (error.sqlite_error_code(), row.first()) {
            (Some(ErrorCode::ConstraintViolation), Some(Value::Text(id))) => {
                Failure::Invalid(format!("row {id} of {}: {error}", self.table))
            }
            _ => error.into(),
        }
    }
}
