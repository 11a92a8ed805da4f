//! Compares the rows of a table in two databases, whatever their order, without keeping them.

use sha2::{Digest as _, Sha256};

use super::tables::Table;
use crate::store::engine::{self, Conn, Row, ValueRef};

/// How many rows there are, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    pub rows: u64,
    sum: u128,
}

impl Digest {
    /// Reads a table.
    pub fn of(conn: Conn<'_>, table: &Table) -> engine::Result<Self> {
        let mut digest = Self::default();
        let mut statement = conn.prepare_batched(&table.select())?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            digest.add(&row, table.columns.len())?;
        }
        Ok(digest)
    }

    pub fn add(&mut self, row: &Row<'_>, columns: usize) -> engine::Result<()> {
        let mut hash = Sha256::new();
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => hash.update([0]),
                ValueRef::Integer(number) => {
                    hash.update([1]);
                    hash.update(number.to_be_bytes());
                }
                ValueRef::Text(bytes) => update(&mut hash, 2, bytes),
                ValueRef::Blob(bytes) => update(&mut hash, 3, bytes),
            }
        }
        let hash: [u8; 32] = hash.finalize().into();
        let (half, _) = hash.split_at(16);
        // The length is that of the array, so nothing is lost.
        let half = half.iter().fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte));
        self.sum = self.sum.wrapping_add(half);
        self.rows += 1;
        Ok(())
    }
}

/// With its length, so that the values of two rows can't be split in another way.
fn update(hash: &mut Sha256, kind: u8, bytes: &[u8]) {
    hash.update([kind]);
    hash.update(bytes.len().to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::tables::tables;
    use super::*;

    fn digest(rows: &str) -> Digest {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("../../../schema.sql")).unwrap();
        conn.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        conn.execute_batch(&format!("INSERT INTO slug_runs VALUES {rows}")).unwrap();
        let tables = tables().unwrap();
        let table = tables.iter().find(|table| table.name == "slug_runs").unwrap();
        Digest::of((&conn).into(), table).unwrap()
    }

    #[test]
    fn two_tables_are_equal_if_they_have_the_same_rows() {
        let rows = digest("(1, 'a-', 2, 3), (1, 'b-', 4, 5)");
        assert_eq!(rows, digest("(1, 'b-', 4, 5), (1, 'a-', 2, 3)"));
        for other in [
            "(1, 'a-', 2, 3)",
            "(1, 'a-', 2, 3), (1, 'b-', 4, 6)",
            "(1, 'a-', 2, 3), (2, 'b-', 4, 5)",
            "(1, 'b-', 2, 3), (1, 'a-', 4, 5)",
        ] {
            assert_ne!(rows, digest(other), "{other}");
        }
    }
}
