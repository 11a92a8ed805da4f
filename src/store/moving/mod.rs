//! Moves a whole database to another place, from either engine to either. Rows are copied as they
//! are, table by table, and compared before the new database can be used.

mod copy;
mod digest;
mod error;
mod sides;
mod tables;
#[cfg(test)]
mod tests;
mod verify;

use std::sync::Arc;

pub use self::error::MoveError;
use self::sides::{Source, Target};
use self::tables::Table;
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, Conn};
use crate::store::error::{CopyWarning, StoreError};
use crate::store::files::contents::Contents;
use crate::store::files::watch::Watch;
use crate::store::location::Location;

/// What was moved.
#[derive(Debug)]
pub struct Moved {
    pub contents: Contents,
    /// Deliveries that a server on the new database sends.
    pub pending_deliveries: i64,
    /// Failures that did not undo the move.
    pub warning: Option<CopyWarning>,
}

/// The errors of statements outside of a table's copy.
enum Interruption {
    Engine(engine::Error),
    Stopped,
}

impl From<engine::Error> for Interruption {
    fn from(error: engine::Error) -> Self {
        Self::Engine(error)
    }
}

/// Copies the database at `from`, which stays as it is, to `to`, where there must be none or an
/// empty one. No other process may use either of them.
///
/// # Errors
/// See [`MoveError`]. Except after an unknown outcome, there is nothing at `to`.
pub fn move_database(
    from: &Location,
    to: &Location,
    now: Timestamp,
    watch: &Arc<dyn Watch>,
) -> Result<Moved, MoveError> {
    if is_same_place(from, to) {
        return Err(MoveError::SamePlace(from.place()));
    }
    let tables = tables::tables().map_err(StoreError::from)?;
    let source = Source::open(from)?;
    let (contents, total) = measure(source.conn(), &tables).map_err(StoreError::from)?;
    let pending_deliveries = pending(source.conn()).map_err(StoreError::from)?;
    watch.on_start();
    let mut target = Target::create(to, &tables)?;
    let (mut originals, mut done) = (Vec::new(), 0);
    for table in &tables {
        let copied = copy::copy(source.conn(), target.conn(), table, |rows| {
            watch.on_progress(done + rows, total);
            if watch.should_stop() { Err(Interruption::Stopped) } else { Ok(()) }
        });
        let digest = copied.map_err(|error| match error {
            Interruption::Stopped => MoveError::Stopped,
            Interruption::Engine(error) => {
                MoveError::Table { table: table.name.clone(), source: error.into() }
            }
        })?;
        done += digest.rows;
        originals.push(digest);
    }
    target.complete(&tables, watch)?;
    watch.on_check();
    verify::compare_tables(&target, &tables, &originals, &**watch)?;
    verify::compare_exports(&source, &mut target, now, &**watch)?;
    source.ensure_unused()?;
    // The last chance to stop.
    if watch.should_stop() {
        return Err(MoveError::Stopped);
    }
    let warning = target.publish()?;
    Ok(Moved { contents, pending_deliveries, warning })
}

fn is_same_place(from: &Location, to: &Location) -> bool {
    let path = |of: &Location| of.files().and_then(|dir| dir.path().canonicalize().ok());
    from.place() == to.place() || path(from).is_some_and(|from| Some(from) == path(to))
}

/// Returns what is in the database, and the number of rows.
fn measure(conn: Conn<'_>, tables: &[Table]) -> engine::Result<(Contents, u64)> {
    let mut total = 0;
    for table in tables {
        total += conn.query_row(&table.count(), (), |row| row.get::<_, u64>(0))?;
    }
    Ok((Contents::of(conn)?, total))
}

fn pending(conn: Conn<'_>) -> engine::Result<i64> {
    let sql = "SELECT count(*) FROM webhook_deliveries WHERE status = 'pending' AND held = 0";
    conn.query_row(sql, (), |row| row.get(0))
}
