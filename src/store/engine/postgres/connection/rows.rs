//! The rows of a result, which have all arrived or arrive in batches.

use std::vec::IntoIter;

use tokio_postgres::Row;

use super::cursor::Cursor;
use crate::store::engine::error::Result;

pub struct PgRows<'c> {
    left: Left<'c>,
    current: Option<Row>,
}

enum Left<'c> {
    Arrived(IntoIter<Row>),
    InBatches(Cursor<'c>),
}

impl PgRows<'_> {
    /// Goes to the next row. Not inlined, because that would keep callers from inlining the same for
    /// the other engine.
    #[inline(never)]
    pub fn next(&mut self) -> Result<Option<&Row>> {
        self.current = match &mut self.left {
            Left::Arrived(rows) => rows.next(),
            Left::InBatches(cursor) => cursor.next()?,
        };
        Ok(self.current.as_ref())
    }
}

impl From<Vec<Row>> for PgRows<'_> {
    fn from(rows: Vec<Row>) -> Self {
        Self { left: Left::Arrived(rows.into_iter()), current: None }
    }
}

impl<'c> From<Cursor<'c>> for PgRows<'c> {
    fn from(cursor: Cursor<'c>) -> Self {
        Self { left: Left::InBatches(cursor), current: None }
    }
}
