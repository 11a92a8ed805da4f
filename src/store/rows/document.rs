//! A resource as it is stored: the JSON object that the API returns, with the exact times next to
//! it. Callers send the text as it is, or parse the resource from it.

use std::marker::PhantomData;

use rusqlite::Connection;

use super::resource::{Listed, Resource, Table};
use super::row::conversion_error;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::onboarding::Onboarding;
use crate::model::parse::page::{Page, PageText};
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, Row};
use crate::store::error::StoreError;

/// The JSON text of a resource.
#[derive(Clone, Debug)]
pub struct Document<R> {
    text: String,
    // Both to the microsecond; the text has only milliseconds.
    created_at: Timestamp,
    updated_at: Timestamp,
    resource: PhantomData<fn() -> R>,
}

/// The positions of the columns that documents are read from.
const TEXT_COLUMN: usize = 0;
const SHAPE_COLUMN: usize = 1;
const CREATED_AT_COLUMN: usize = 2;
const UPDATED_AT_COLUMN: usize = 3;

/// A resource and its document.
#[derive(Clone, Debug)]
pub struct Stored<R> {
    pub resource: R,
    pub document: Document<R>,
}

impl<R: Resource> Document<R> {
    /// Serializes a resource.
    pub(in crate::store) fn from_resource(resource: &R) -> serde_json::Result<Self> {
        let text = serde_json::to_string(resource)?;
        let (created_at, updated_at) = resource.times();
        Ok(Self { text, created_at, updated_at, resource: PhantomData })
    }

    /// Parses the resource, with its times to the microsecond.
    pub(in crate::store) fn parse(&self) -> serde_json::Result<R> {
        let mut resource: R = serde_json::from_str(&self.text)?;
        resource.set_times(self.created_at, self.updated_at);
        Ok(resource)
    }

    /// Parses the resource, with its times to the microsecond.
    ///
    /// # Errors
    /// Fails if another program changed the text.
    pub fn read(&self) -> Result<R, StoreError> {
        Ok(self.parse()?)
    }

    pub(in crate::store) fn into_stored(self) -> Result<Stored<R>, StoreError> {
        Ok(Stored { resource: self.parse()?, document: self })
    }

    /// Upgrades a document of an older shape. A field that it lacks gets its default, so new fields
    /// need `#[serde(default)]`.
    fn upgraded(self, shape: i64) -> serde_json::Result<Self> {
        if shape == R::SHAPE { Ok(self) } else { Self::from_resource(&self.parse()?) }
    }

    /// Adds the text of a row with [`Listed::COLUMNS`] to a page, without a copy in between. It was
    /// checked when it was written, and is not checked again.
    pub(in crate::store) fn copy_text(row: &Row<'_>, page: &mut PageText) -> engine::Result<()> {
        if row.get::<_, i64>(SHAPE_COLUMN)? == R::SHAPE {
            page.push(row.get_ref(TEXT_COLUMN)?.as_bytes()?);
        } else {
            page.push(Self::from_row(row)?.text.as_bytes());
        }
        Ok(())
    }

    /// Returns when the resource of a row with [`Listed::COLUMNS`] was created.
    pub(in crate::store) fn created_at_of(row: &Row<'_>) -> engine::Result<Timestamp> {
        Ok(Timestamp::from_micros(row.get(CREATED_AT_COLUMN)?))
    }
}

impl<R> Document<R> {
    /// The object as the API returns it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<R: Resource> Page<Document<R>> {
    /// Parses the resources of the page.
    pub fn read(&self) -> Result<Page<R>, StoreError> {
        let data = self.data.iter().map(Document::read).collect::<Result<_, _>>()?;
        Ok(Page { data, next: self.next })
    }
}

impl<R: Resource> Table for Document<R> {
    const TABLE: &'static str = R::TABLE;
    const LISTED_WHERE: &'static str = R::LISTED_WHERE;
}

impl<R: Resource> Listed for Document<R> {
    const COLUMNS: &'static str = "doc, shape, created_at, updated_at";

    fn from_row(row: &Row<'_>) -> engine::Result<Self> {
        let (text, shape) = (row.get(TEXT_COLUMN)?, row.get(SHAPE_COLUMN)?);
        if shape > R::SHAPE {
            let error = "the row was written by a newer version";
            return Err(conversion_error(SHAPE_COLUMN, error));
        }
        let document = Self {
            text,
            created_at: Self::created_at_of(row)?,
            updated_at: Timestamp::from_micros(row.get(UPDATED_AT_COLUMN)?),
            resource: PhantomData,
        };
        document.upgraded(shape).map_err(|error| conversion_error(TEXT_COLUMN, error))
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

/// Each table with its current shape and the columns that mirror a field of the document.
const MIRRORED_COLUMNS: &[(&str, i64, &[&str])] = &[
    (Customer::TABLE, Customer::SHAPE, &["id", "display_id", "slug", "status"]),
    (Contact::TABLE, Contact::SHAPE, &["id", "display_id", "customer_id", "is_primary"]),
    (Onboarding::TABLE, Onboarding::SHAPE, &["id", "display_id", "customer_id", "phase", "state"]),
];

/// Finds rows whose columns differ from their document. Databases from before version 6 have no
/// documents.
pub(in crate::store) fn check(conn: &Connection, limit: u32) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    for (table, shape, columns) in MIRRORED_COLUMNS {
        if !conn.column_exists(None, *table, "doc")? {
            continue;
        }
        let differ = columns.iter().map(|name| format!("{name} IS NOT doc ->> '$.{name}'"));
        let differ = differ.collect::<Vec<_>>().join(" OR ");
        let sql = format!("SELECT id FROM {table} WHERE {differ} LIMIT {limit}");
        let mut statement = conn.prepare(&sql)?;
        for id in statement.query_map([], |row| row.get::<_, String>(0))? {
            found.push(format!("table {table}: the document of {} differs from its columns", id?));
        }
        let sql = format!("SELECT id FROM {table} WHERE shape > {shape} LIMIT {limit}");
        let mut statement = conn.prepare(&sql)?;
        for id in statement.query_map([], |row| row.get::<_, String>(0))? {
            found.push(format!("table {table}: {} was written by a newer version", id?));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::values::id::Ref;
    use crate::store::rows::fixture::Db;

    /// Updates the row of the only customer.
    fn update(db: &Db, assignments: &str) {
        let changed =
            db.conn().execute(&format!("UPDATE customers SET {assignments}"), []).unwrap();
        assert_eq!(changed, 1);
    }

    #[test]
    fn a_document_of_an_older_shape_is_upgraded_when_it_is_read() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora", "tags": ["a"]}));
        let id_ref = Ref::Id(aurora.id.clone());
        let now = db.reader().customer(&id_ref).unwrap().text().to_owned();
        db.conn().execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        // The older shape is simulated by different spacing.
        update(&db, "shape = 0, doc = replace(doc, ',', ', ')");
        assert_eq!(db.reader().customer(&id_ref).unwrap().text(), now);
    }

    #[test]
    fn a_document_of_a_newer_version_is_not_read() {
        let db = Db::new();
        let id_ref: Ref<Customer> = Ref::Id(db.customer(1, &json!({"name": "Aurora"})).id);
        update(&db, "shape = 99");
        let refused = db.reader().customer(&id_ref).unwrap_err();
        assert!(refused.to_string().contains("newer version"), "{refused}");
        let found = check(db.conn(), 9).unwrap();
        assert!(matches!(&found[..], [only] if only.contains("newer version")), "{found:?}");
    }

    #[test]
    fn times_keep_their_microseconds() {
        let db = Db::new();
        let id_ref: Ref<Customer> = Ref::Id(db.customer(1, &json!({"name": "Aurora"})).id);
        update(&db, "created_at = created_at + 7, updated_at = updated_at + 8");
        let document = db.reader().customer(&id_ref).unwrap();
        let customer = document.read().unwrap();
        assert_eq!(customer.created_at.as_micros() % 1000, 7);
        assert_eq!(customer.updated_at.as_micros() % 1000, 8);
        assert_eq!(Document::from_resource(&customer).unwrap().text(), document.text());
    }

    #[test]
    fn a_column_that_differs_from_its_document_is_found() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        db.contact(2, &aurora, &json!({"name": "A", "email": "a@b.example", "is_primary": true}));
        db.onboarding(3, &aurora, json!({"phase": "review"}));
        assert_eq!(check(db.conn(), 9).unwrap(), Vec::<String>::new());
        update(&db, "slug = 'borealis'");
        let expected = format!("table customers: the document of {} differs", aurora.id);
        let found = check(db.conn(), 9).unwrap();
        assert!(matches!(&found[..], [only] if only.starts_with(&expected)), "{found:?}");
    }
}
