//! Removes the rows of discarded numbers in batches, so that requests get their turn in between.

use super::undo_log;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::unchecked::Unchecked;
use crate::store::engine::{self, params};
use crate::store::error::StoreError;
use crate::store::purge::LARGE_TABLES;
use crate::store::tx::Tx;

/// How many rows a transaction removes.
const BATCH: u32 = 200;
/// How many discarded numbers are kept without rows. A request that was authenticated before a
/// reset can still write to its number.
const KEPT_NUMBERS: usize = 32;

const OTHERS: [&str; 2] = ["slug_runs", "sequences"];

impl Tx<'_> {
    /// Removes some of the rows that resets and restores have discarded, and returns whether there
    /// may be more.
    pub fn remove_discarded(&self) -> Result<bool, StoreError> {
        let numbers = self.discarded_numbers()?;
        if numbers.is_empty() {
            return Ok(false);
        }
        for &number in &numbers {
            let _unchecked = Unchecked::events_of(self.conn, WorkspaceNo(number))?;
            for (table, key) in LARGE_TABLES {
                let sql = format!(
                    "DELETE FROM {table} WHERE ({key}) IN (
                         SELECT {key} FROM {table} WHERE workspace_no = ?1 LIMIT ?2)"
                );
                if self.conn.prepare_cached(&sql)?.execute(params![number, BATCH])? > 0 {
                    return Ok(true);
                }
            }
            for table in OTHERS {
                let sql = format!("DELETE FROM {table} WHERE workspace_no = ?1");
                self.conn.prepare_cached(&sql)?.execute([number])?;
            }
        }
        for &number in &numbers[numbers.len().min(KEPT_NUMBERS)..] {
            let sql = "DELETE FROM workspaces WHERE no = ?1";
            self.conn.prepare_cached(sql)?.execute([number])?;
        }
        Ok(false)
    }

    /// Returns the discarded numbers that no snapshot needs, newest first.
    fn discarded_numbers(&self) -> Result<Vec<i64>, StoreError> {
        let needed = if undo_log::exists(self.conn)? {
            "SELECT workspace_no FROM temp.snapshots"
        } else {
            "SELECT no FROM workspaces WHERE false"
        };
        let sql = format!(
            "SELECT no FROM workspaces WHERE slug >= '#' AND slug < '$' AND no NOT IN ({needed})
             ORDER BY no DESC"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let numbers = statement.query_map((), |row| row.get(0))?;
        Ok(numbers.collect::<engine::Result<_>>()?)
    }
}
