//! A resource as it is stored: the object as the API returns it, with its exact times beside it.
//! Callers send the text as it is or read the resource from it.

use std::marker::PhantomData;

use rusqlite::{Connection, Row};

use super::resource::{Listed, Resource, Table};
use super::row::conversion_error;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::onboarding::Onboarding;
use crate::model::parse::page::Page;
use crate::model::values::time::Timestamp;
use crate::store::error::StoreError;

/// The JSON text of an `R`.
#[derive(Clone, Debug)]
pub struct Document<R> {
    text: String,
    /// Both in microseconds; the text has only milliseconds.
    created_at: Timestamp,
    updated_at: Timestamp,
    resource: PhantomData<fn() -> R>,
}

/// A resource with its document.
#[derive(Clone, Debug)]
pub struct Stored<R> {
    /// The resource.
    pub resource: R,
    /// Its text.
    pub document: Document<R>,
}

impl<R: Resource> Document<R> {
    /// The text of a resource.
    pub(in crate::store) fn from_resource(resource: &R) -> serde_json::Result<Self> {
        let text = serde_json::to_string(resource)?;
        let (created_at, updated_at) = resource.times();
        Ok(Self { text, created_at, updated_at, resource: PhantomData })
    }

    /// The resource, with its times to the microsecond.
    pub(in crate::store) fn parse(&self) -> serde_json::Result<R> {
        let mut resource: R = serde_json::from_str(&self.text)?;
        resource.set_times(self.created_at, self.updated_at);
        Ok(resource)
    }

    /// The resource.
    ///
    /// # Errors
    /// When the text was changed by something else than this program.
    pub fn read(&self) -> Result<R, StoreError> {
        Ok(self.parse()?)
    }

    pub(in crate::store) fn into_stored(self) -> Result<Stored<R>, StoreError> {
        Ok(Stored { resource: self.parse()?, document: self })
    }

    /// Brings a text of an older shape up to date. A property that it lacks gets its default, which
    /// the type has to have (`#[serde(default)]`).
    fn upgraded(self, shape: i64) -> serde_json::Result<Self> {
        if shape == R::SHAPE { Ok(self) } else { Self::from_resource(&self.parse()?) }
    }
}

impl<R> Document<R> {
    /// The object as the API returns it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl<R: Resource> Page<Document<R>> {
    /// The resources of the page.
    ///
    /// # Errors
    /// Those of [`Document::read`].
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

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (text, shape) = (row.get(0)?, row.get(1)?);
        if shape > R::SHAPE {
            return Err(conversion_error(1, "a newer version of this program wrote the row"));
        }
        let document = Self {
            text,
            created_at: Timestamp::from_micros(row.get(2)?),
            updated_at: Timestamp::from_micros(row.get(3)?),
            resource: PhantomData,
        };
        document.upgraded(shape).map_err(|error| conversion_error(0, error))
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

/// Each table with its present shape and the columns that repeat a property of the document.
const MIRRORED_COLUMNS: &[(&str, i64, &[&str])] = &[
    (Customer::TABLE, Customer::SHAPE, &["id", "display_id", "slug", "status"]),
    (Contact::TABLE, Contact::SHAPE, &["id", "display_id", "customer_id", "is_primary"]),
    (Onboarding::TABLE, Onboarding::SHAPE, &["id", "display_id", "customer_id", "phase", "state"]),
];

/// Rows whose document and columns differ. A database from before version 6 has no documents.
pub(in crate::store) fn check(conn: &Connection, most: u32) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    for (table, shape, columns) in MIRRORED_COLUMNS {
        if !conn.column_exists(None, *table, "doc")? {
            continue;
        }
        let differ = columns.iter().map(|name| format!("{name} IS NOT doc ->> '$.{name}'"));
        let differ = differ.collect::<Vec<_>>().join(" OR ");
        let sql = format!("SELECT id FROM {table} WHERE {differ} LIMIT {most}");
        let mut statement = conn.prepare(&sql)?;
        for id in statement.query_map([], |row| row.get::<_, String>(0))? {
            found.push(format!("table {table}: the document of {} differs from its columns", id?));
        }
        let sql = format!("SELECT id FROM {table} WHERE shape > {shape} LIMIT {most}");
        let mut statement = conn.prepare(&sql)?;
        for id in statement.query_map([], |row| row.get::<_, String>(0))? {
            found.push(format!("table {table}: a newer version of this program wrote {}", id?));
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

    /// Changes the row of the only customer.
    fn set(db: &Db, what: &str) {
        let changed = db.conn().execute(&format!("UPDATE customers SET {what}"), []).unwrap();
        assert_eq!(changed, 1);
    }

    #[test]
    fn a_document_of_an_older_shape_is_brought_up_to_date_as_it_is_read() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora", "tags": ["a"]}));
        let id_ref = Ref::Id(aurora.id.clone());
        let now = db.reader().customer(&id_ref).unwrap().text().to_owned();
        db.conn().execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        // The spaces are what the older shape wrote in another way.
        set(&db, "shape = 0, doc = replace(doc, ',', ', ')");
        assert_eq!(db.reader().customer(&id_ref).unwrap().text(), now);
    }

    #[test]
    fn a_document_of_a_newer_version_is_not_read() {
        let db = Db::new();
        let id_ref: Ref<Customer> = Ref::Id(db.customer(1, &json!({"name": "Aurora"})).id);
        set(&db, "shape = 99");
        let refused = db.reader().customer(&id_ref).unwrap_err();
        assert!(refused.to_string().contains("newer version"), "{refused}");
        let found = check(db.conn(), 9).unwrap();
        assert!(matches!(&found[..], [only] if only.contains("newer version")), "{found:?}");
    }

    #[test]
    fn times_keep_their_microseconds() {
        let db = Db::new();
        let id_ref: Ref<Customer> = Ref::Id(db.customer(1, &json!({"name": "Aurora"})).id);
        set(&db, "created_at = created_at + 7, updated_at = updated_at + 8");
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
        set(&db, "slug = 'borealis'");
        let says = format!("table customers: the document of {} differs", aurora.id);
        let found = check(db.conn(), 9).unwrap();
        assert!(matches!(&found[..], [only] if only.starts_with(&says)), "{found:?}");
    }
}
