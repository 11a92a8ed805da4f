//! The exact times of imported rows. A source has milliseconds, and the creation times of a
//! workspace's rows must be unique to the microsecond.

use std::collections::HashMap;

use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{Conn, params};
use crate::store::error::StoreError;

const MILLI: i64 = 1000;

/// Returns the start of a time's millisecond.
fn start(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(MILLI) * MILLI
}

/// Returns whether two times are the same to the millisecond.
pub(super) fn same_milli(a: Timestamp, b: Timestamp) -> bool {
    start(a) == start(b)
}

/// How far a creation time can be from that of its row, because the milliseconds before are taken.
const MAX_SHIFT: i64 = 1_000_000;

/// Returns whether a row with this creation time may have been imported with `actual`.
pub(super) fn is_same_creation(row: Timestamp, actual: Timestamp) -> bool {
    (0..MAX_SHIFT).contains(&(actual.as_micros() - start(row)))
}

/// Returns the start of a time's millisecond, or `earliest` if that is later.
pub(super) fn not_before(time: Timestamp, earliest: Timestamp) -> Timestamp {
    Timestamp::from_micros(start(time)).max(earliest)
}

/// How many milliseconds are remembered at most.
const MAX_REMEMBERED: usize = 1 << 16;

/// How many rows are looked up together: PostgreSQL sends all of them.
const LOOKED_UP: u32 = 100;

/// Assigns the creation times of one type of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct FreeTimes {
    /// The last time that was assigned for each millisecond, by the start of that millisecond.
    /// Without it, each row would pass over all those that asked for the same one: many have only a
    /// date.
    given: HashMap<i64, i64>,
}

impl FreeTimes {
    /// Returns the first free creation time in a time's millisecond, but after the rows of this
    /// import that asked for the same one, so that they keep their order. Rows beyond a thousand
    /// get a later millisecond; an export never has that many.
    ///
    /// `live` is the condition of the index of creation times.
    pub fn take(
        &mut self,
        conn: Conn<'_>,
        workspace: WorkspaceNo,
        (table, live): (&str, &str),
        time: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let asked = start(time);
        let mut free = self.given.get(&asked).map_or(asked, |given| given + 1);
        let sql = format!(
            "SELECT created_at FROM {table}
             WHERE workspace_no = ?1 AND created_at >= ?2 AND {live} ORDER BY created_at LIMIT ?3"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut is_taken = true;
        while is_taken {
            is_taken = false;
            let mut rows = statement.query(params![workspace.0, free, LOOKED_UP])?;
            while let Some(row) = rows.next()? {
                is_taken = row.get::<_, i64>(0)? == free;
                if !is_taken {
                    break;
                }
                free += 1;
            }
        }
        if self.given.len() == MAX_REMEMBERED {
            self.given.clear();
        }
        self.given.insert(asked, free);
        Ok(Timestamp::from_micros(free))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::customer::Customer;
    use crate::store::rows::fixture::{Db, time_at};
    use crate::store::rows::resource::Table;

    #[test]
    fn rows_that_alternate_between_milliseconds_continue_after_the_last_of_each() {
        let db = Db::new();
        let workspace = db.caller().workspace.no;
        let mut times = FreeTimes::default();
        // Nothing is inserted, so only what is remembered keeps the times apart.
        let taken = [1, 2, 1, 2, 1].map(|second| {
            let place = (Customer::TABLE, "deleted_at IS NULL");
            let taken = times.take(db.conn().into(), workspace, place, time_at(second)).unwrap();
            (second, taken.as_micros() - time_at(second).as_micros())
        });
        assert_eq!(taken, [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2)]);
    }
}
