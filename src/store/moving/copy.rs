//! Copies a table row by row.

use super::digest::Digest;
use super::tables::Table;
use crate::store::engine::{self, Conn, Row, Value};

/// How many values a statement inserts. More would not be faster.
const MAX_VALUES: usize = 1000;
/// How many bytes of texts a statement inserts, apart from its last row.
const MAX_BYTES: usize = 1 << 20;

/// Rows that are inserted together.
struct Batch<'t> {
    to: Conn<'t>,
    table: &'t Table,
    values: Vec<Value<'static>>,
    bytes: usize,
}

/// Copies a table and returns the digest of what was read. `progress` is called with the number of
/// rows after each batch, and stops the copy if it returns an error.
pub(super) fn copy<E: From<engine::Error>>(
    from: Conn<'_>,
    to: Conn<'_>,
    table: &Table,
    mut progress: impl FnMut(u64) -> Result<(), E>,
) -> Result<Digest, E> {
    let mut digest = Digest::default();
    let mut batch = Batch { to, table, values: Vec::new(), bytes: 0 };
    let mut statement = from.prepare_batched(&table.select())?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        digest.add(&row, table.columns.len())?;
        batch.add(&row)?;
        if batch.is_full() {
            batch.insert()?;
            progress(digest.rows)?;
        }
    }
    batch.insert()?;
    progress(digest.rows)?;
    Ok(digest)
}

impl Batch<'_> {
    fn add(&mut self, row: &Row<'_>) -> engine::Result<()> {
        for column in 0..self.table.columns.len() {
            let value = row.get_ref(column)?.to_owned()?;
            self.bytes += match &value {
                Value::Null | Value::Integer(_) => 8,
                Value::Text(text) => text.len(),
                Value::Blob(bytes) => bytes.len(),
            };
            self.values.push(value);
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.values.len() + self.table.columns.len() > MAX_VALUES || self.bytes > MAX_BYTES
    }

    fn insert(&mut self) -> engine::Result<()> {
        let rows = self.values.len() / self.table.columns.len();
        if rows > 0 {
            self.to.execute(&self.table.insert(rows), &self.values[..])?;
            self.values.clear();
            self.bytes = 0;
        }
        Ok(())
    }
}
