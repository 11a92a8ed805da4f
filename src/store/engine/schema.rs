//! The schema's version: making a new database, recognising an existing one, and bringing an
//! older one up to date.

use rusqlite::{Connection, TransactionBehavior};

use super::identity;
use crate::store::rows::comparison;

/// The schema of a new database.
const SCHEMA: &str = include_str!("../../../schema.sql");

/// The steps from each version to the next; the first leads from version 1 to version 2.
const STEPS: &[&str] = &[
    include_str!("migrations/0002_idempotency.sql"),
    include_str!("migrations/0003_admin.sql"),
    include_str!("migrations/0004_identity.sql"),
    include_str!("migrations/0005_comparison.sql"),
];

/// The version that `schema.sql` stands for.
pub(in crate::store) const VERSION: i64 = 1 + STEPS.len() as i64;

/// Marks a file as ours (`PRAGMA application_id`): the letters `Pvtl`.
pub(in crate::store) const APPLICATION_ID: i64 = 0x5076_746c;

/// Makes the schema in an empty database, in one transaction.
pub(in crate::store) fn create(conn: &mut Connection) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(SCHEMA)?;
    identity::ensure(&tx)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()
}

/// The version that the file has.
pub(in crate::store) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a database of an older version up to date, whatever its version, in one transaction.
pub(in crate::store) fn upgrade(conn: &mut Connection) -> rusqlite::Result<()> {
    comparison::register(conn)?;
    upgrade_by(conn, STEPS, finish)
}

fn finish(conn: &Connection) -> rusqlite::Result<()> {
    identity::ensure(conn)?;
    comparison::log_equal_emails(conn)
}

/// `finish` completes what SQL alone cannot make, in the same transaction.
fn upgrade_by(
    conn: &mut Connection,
    steps: &[&str],
    finish: fn(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    // A step that makes a table anew would trip over references to it. The pragma has no effect
    // inside a transaction, and the check below takes its place (SQLite manual, "ALTER TABLE", 7).
    conn.pragma_update(None, "foreign_keys", false)?;
    let done = run(conn, steps, finish);
    conn.pragma_update(None, "foreign_keys", true)?;
    done
}

fn run(
    conn: &mut Connection,
    steps: &[&str],
    finish: fn(&Connection) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = usize::try_from(version(&tx)?).unwrap_or(0).max(1);
    for (step, sql) in steps.iter().enumerate().skip(from - 1) {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", step as i64 + 2)?;
    }
    finish(&tx)?;
    let dangling = tx.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if dangling {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY);
        let said = "a row refers to one that does not exist".to_owned();
        return Err(rusqlite::Error::SqliteFailure(code, Some(said)));
    }
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE b (a INTEGER REFERENCES a (id));
        INSERT INTO a VALUES (1, 'x'); INSERT INTO b VALUES (1); PRAGMA user_version = 1;";

    fn old() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(OLD).unwrap();
        conn
    }

    fn nothing(_: &Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    #[test]
    fn a_skipped_version_is_caught_up_in_one_go() {
        let mut conn = old();
        let steps = ["ALTER TABLE a ADD COLUMN age INTEGER", "UPDATE a SET age = 7"];
        upgrade_by(&mut conn, &steps, nothing).unwrap();
        assert_eq!(version(&conn).unwrap(), 3);
        let age: i64 = conn.query_row("SELECT age FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(age, 7);
        upgrade_by(&mut conn, &steps, nothing).unwrap();
        assert_eq!(version(&conn).unwrap(), 3);
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut conn = old();
        let steps = ["ALTER TABLE a ADD COLUMN age INTEGER", "INSERT INTO nowhere VALUES (1)"];
        assert!(upgrade_by(&mut conn, &steps, nothing).is_err());
        assert_eq!(version(&conn).unwrap(), 1);
        assert!(conn.prepare("SELECT age FROM a").is_err());
    }

    #[test]
    fn a_step_that_breaks_a_reference_is_undone() {
        let mut conn = old();
        assert!(upgrade_by(&mut conn, &["DELETE FROM a"], nothing).is_err());
        let left: i64 = conn.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 1);
    }
}
