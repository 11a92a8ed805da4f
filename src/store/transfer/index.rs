//! What the rows of a source have claimed so far: IDs, slugs, and so on. It is a temporary
//! database, which SQLite keeps in memory while it is small and otherwise in a file without a name,
//! so a source of any size can be checked.

use rusqlite::{Connection, OptionalExtension, Row, params};
use strum::FromRepr;

use crate::model::customer::CustomerId;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id, ResourceId};
use crate::model::values::slug::{FIRST_NUMBER, Slug};
use crate::store::error::StoreError;

pub(super) struct Index {
    conn: Connection,
}

/// What can be claimed by only one row.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// The type and ID of a resource.
    Id(ResourceType, String),
    /// The ID of an event.
    Event(String),
    /// The type and display ID of a resource.
    Number(ResourceType, DisplayId),
    /// The slug of a live customer.
    Slug(Slug),
    /// A customer and the comparison key of a live contact's email.
    Email(CustomerId, String),
    /// A customer that has a live primary contact.
    Primary(CustomerId),
    /// A customer and the name of a live onboarding that has no ID.
    Name(CustomerId, String),
}

/// The row that made a claim.
pub(super) struct Claim {
    /// Where it is.
    pub place: String,
    pub state: State,
    /// The ID of the resource. A customer that will get a new one has a temporary one.
    pub id: ResourceId,
}

/// What is known about a row of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRepr)]
#[repr(u8)]
pub(super) enum State {
    Live,
    Deleted,
    /// Left out because of a conflict.
    Skipped,
    Rejected,
}

const SCHEMA: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE claims (
        kind  TEXT    NOT NULL,
        key   TEXT    NOT NULL,
        place TEXT    NOT NULL,
        state INTEGER NOT NULL,
        id    TEXT    NOT NULL,
        PRIMARY KEY (kind, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE updated (id TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE passed_over (stem TEXT PRIMARY KEY NOT NULL, number INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    CREATE TABLE repeats (key TEXT PRIMARY KEY NOT NULL, number INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
    BEGIN;";

impl Index {
    pub fn new() -> Result<Self, StoreError> {
        // An empty name means a temporary file (SQLite manual, "Opening A New Database Connection").
        let conn = Connection::open("")?;
        conn.execute_batch(SCHEMA)?;
        Ok(Self { conn })
    }

    /// Returns the row that claims a key.
    pub fn find(&self, key: &Key) -> Result<Option<Claim>, StoreError> {
        let (kind, key) = key.text();
        let sql = "SELECT place, state, id FROM claims WHERE kind = ?1 AND key = ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let read = |row: &Row<'_>| {
            Ok(Claim {
                place: row.get(0)?,
                state: State::from_repr(row.get(1)?).unwrap_or(State::Rejected),
                id: Id::from_stored(row.get(2)?),
            })
        };
        Ok(statement.query_row(params![kind, key], read).optional()?)
    }

    /// Claims a key, unless a row before has done so.
    pub fn claim(&self, key: &Key, claim: &Claim) -> Result<(), StoreError> {
        let (kind, key) = key.text();
        let sql = "INSERT INTO claims (kind, key, place, state, id) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT DO NOTHING";
        self.conn.prepare_cached(sql)?.execute(params![
            kind,
            key,
            claim.place,
            claim.state as u8,
            claim.id.as_str()
        ])?;
        Ok(())
    }

    /// Records that a row changes an existing resource, so that what this resource has claimed in
    /// the workspace no longer counts.
    pub fn set_updated(&self, id: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO updated (id) VALUES (?1) ON CONFLICT DO NOTHING";
        self.conn.prepare_cached(sql)?.execute([id])?;
        Ok(())
    }

    pub fn is_updated(&self, id: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM updated WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.exists([id])?)
    }

    /// Returns the first number for a slug with this stem that has not been passed over.
    pub fn first_number(&self, stem: &str) -> Result<u32, StoreError> {
        let sql = "SELECT number + 1 FROM passed_over WHERE stem = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let number = statement.query_row([stem], |row| row.get(0)).optional()?;
        Ok(number.unwrap_or(FIRST_NUMBER))
    }

    /// Records that a number and those below it are taken or claimed.
    pub fn pass_over(&self, stem: &str, number: u32) -> Result<(), StoreError> {
        let sql = "INSERT INTO passed_over (stem, number) VALUES (?1, ?2)
                   ON CONFLICT (stem) DO UPDATE SET number = excluded.number";
        self.conn.prepare_cached(sql)?.execute(params![stem, number])?;
        Ok(())
    }

    /// Counts how often this has been called with a key, this call included.
    pub fn repeat(&self, key: &str) -> Result<u32, StoreError> {
        let sql = "INSERT INTO repeats (key, number) VALUES (?1, 1)
                   ON CONFLICT (key) DO UPDATE SET number = number + 1 RETURNING number";
        Ok(self.conn.prepare_cached(sql)?.query_row([key], |row| row.get(0))?)
    }
}

impl Key {
    /// The kind of the key, and its text within this kind.
    fn text(&self) -> (&'static str, String) {
        match self {
            Self::Id(resource, id) => ("id", format!("{} {id}", <&str>::from(*resource))),
            Self::Event(id) => ("event", id.clone()),
            Self::Number(resource, number) => {
                ("number", format!("{} {}", <&str>::from(*resource), number.0))
            }
            Self::Slug(slug) => ("slug", slug.to_string()),
            Self::Email(customer, email) => ("email", format!("{customer} {email}")),
            Self::Primary(customer) => ("primary", customer.to_string()),
            Self::Name(customer, name) => ("name", format!("{customer} {name}")),
        }
    }
}
