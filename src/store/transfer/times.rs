//! The exact times of imported rows. A source has milliseconds, and the creation times of a
//! workspace's rows must be unique to the microsecond.

use rusqlite::{Connection, params};

use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
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

/// Assigns the creation times of one type of rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FreeTimes {
    /// The start of the millisecond that the last row asked for, and the time that it got.
    last: Option<(i64, i64)>,
}

impl FreeTimes {
    /// Returns the first free creation time in a time's millisecond, but after the rows of this
    /// import that asked for the same one, so that they keep their order. Rows beyond a thousand
    /// get a later millisecond; an export never has that many.
    ///
    /// `live` is the condition of the index of creation times.
    pub fn take(
        &mut self,
        conn: &Connection,
        workspace: WorkspaceNo,
        (table, live): (&str, &str),
        time: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let asked = start(time);
        let mut free = match self.last {
            Some((before, given)) if before == asked => given + 1,
            _ => asked,
        };
        let sql = format!(
            "SELECT created_at FROM {table}
             WHERE workspace_no = ?1 AND created_at >= ?2 AND {live} ORDER BY created_at"
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params![workspace.0, free])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(0)? > free {
                break;
            }
            free += 1;
        }
        self.last = Some((asked, free));
        Ok(Timestamp::from_micros(free))
    }
}
