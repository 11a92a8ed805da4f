//! Checks that the new file is complete before it replaces the old one.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::thread;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension};

use super::Failure;
use crate::store::engine::sqlite::connection;

/// Checks the pages, the constraints, the references and the number of rows, and syncs the file.
pub(super) fn check(
    counts: &HashMap<String, u64>,
    draft: &Path,
    file: &File,
) -> Result<(), Failure> {
    // Each takes about half of the time.
    let (events, others): (Vec<_>, Vec<_>) =
        counts.keys().map(String::as_str).partition(|table| *table == "events");
    thread::scope(|scope| {
        let first = scope.spawn(|| check_rows(&others, draft));
        let second = scope
            .spawn(|| check_rows(&events, draft).and_then(|()| check_references(counts, draft)));
        // The file no longer changes, so it can be synced while it is being checked.
        let synced = file.sync_all();
        let panicked = || Err(Failure::Invalid("a check of the new file panicked".to_owned()));
        let (first, second) = (first.join(), second.join());
        first.unwrap_or_else(|_| panicked())?;
        second.unwrap_or_else(|_| panicked())?;
        Ok(synced?)
    })
}

/// Checks the pages of tables and their indexes, and every row against the constraints.
fn check_rows(tables: &[&str], draft: &Path) -> Result<(), Failure> {
    let conn = connection::open_reader(draft)?;
    for table in tables {
        let mut statement = conn.prepare(&format!("PRAGMA quick_check({table})"))?;
        let messages = statement.query_map([], |row| row.get(0))?;
        for message in messages {
            let message: String = message?;
            if message != "ok" {
                let row = find_invalid_row(&conn, table)?;
                let row = row.map_or_else(String::new, |id| format!("row {id} of {table}: "));
                return Err(Failure::Invalid(row + &message));
            }
        }
    }
    Ok(())
}

/// Finds the row that violates a constraint by inserting the rows one by one into an empty table
/// with the same definition, because the check does not report the row.
fn find_invalid_row(conn: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let sql: String = conn.query_row(sql, [table], |row| row.get(0))?;
    let trial = Connection::open_in_memory()?;
    trial.pragma_update(None, "foreign_keys", false)?;
    trial.execute_batch(&sql)?;
    let mut statement = conn.prepare(&format!("SELECT * FROM {table}"))?;
    let columns = statement.column_count();
    let values = vec!["?"; columns].join(", ");
    let mut insert = trial.prepare(&format!("INSERT INTO {table} VALUES ({values})"))?;
    let mut delete = trial.prepare(&format!("DELETE FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            insert.raw_bind_parameter(column + 1, ToSqlOutput::Borrowed(row.get_ref(column)?))?;
        }
        if insert.raw_execute().is_err() {
            let name = row.get_ref(0)?.as_bytes().unwrap_or_default();
            return Ok(Some(String::from_utf8_lossy(name).into_owned()));
        }
        delete.execute([])?;
    }
    Ok(None)
}

fn check_references(counts: &HashMap<String, u64>, draft: &Path) -> Result<(), Failure> {
    let conn = connection::open_reader(draft)?;
    if let Some(found) = find_dangling_reference(&conn)? {
        return Err(Failure::Invalid(found));
    }
    for (table, expected) in counts {
        let sql = format!("SELECT count(*) FROM {table}");
        let count = conn.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
        if u64::try_from(count) != Ok(*expected) {
            return Err(Failure::Invalid(format!(
                "{count} of {expected} rows of {table} were copied"
            )));
        }
    }
    Ok(())
}

/// Finds a row that refers to a missing row.
fn find_dangling_reference(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 1";
    let found = conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let Some((table, row, parent)): Option<(String, Option<i64>, String)> = found.optional()?
    else {
        return Ok(None);
    };
    // Some tables have no IDs, or no rowids.
    let sql = format!("SELECT CAST(id AS TEXT) FROM {table} WHERE rowid = ?1");
    let id = conn.query_row(&sql, [row], |row| row.get::<_, String>(0));
    let id = id.map_or_else(|_| "a row".to_owned(), |id| format!("row {id}"));
    Ok(Some(format!("{id} of {table} refers to a row of {parent} that does not exist")))
}
