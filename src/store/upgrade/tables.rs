//! Copies the tables whose rows stay the same, by column name.

use rusqlite::Connection;

use super::Failure;
use super::old::OldDatabase;
use super::progress::Progress;

/// Rows to copy between two progress updates.
const STEP: u64 = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyMode {
    /// In one statement.
    AtOnce,
    /// In several statements, for tables that may have many rows.
    InParts,
}

/// Tables to copy before the resources, which refer to some of them.
pub(super) const BEFORE_RESOURCES: [(&str, CopyMode); 4] = [
    ("database", CopyMode::AtOnce),
    ("workspaces", CopyMode::AtOnce),
    ("sequences", CopyMode::AtOnce),
    ("api_keys", CopyMode::AtOnce),
];
/// Tables to copy after the resources.
pub(super) const AFTER_RESOURCES: [(&str, CopyMode); 11] = [
    ("events", CopyMode::InParts),
    ("webhook_endpoints", CopyMode::AtOnce),
    ("webhook_deliveries", CopyMode::InParts),
    ("webhook_attempts", CopyMode::AtOnce),
    ("webhook_settings", CopyMode::AtOnce),
    ("idempotency_keys", CopyMode::InParts),
    ("admin", CopyMode::AtOnce),
    ("admin_sessions", CopyMode::AtOnce),
    ("admin_submissions", CopyMode::AtOnce),
    ("health", CopyMode::AtOnce),
    ("purges", CopyMode::AtOnce),
];

/// Copies a table if the old database has it.
pub(super) fn copy(
    old: &OldDatabase,
    new: &Connection,
    (table, rows): (&str, CopyMode),
    progress: &Progress<'_>,
) -> Result<(), Failure> {
    if !old.conn.table_exists(None, table)? {
        return Ok(());
    }
    let columns = common_columns(new, table)?.join(", ");
    if columns.is_empty() {
        return Err(Failure::Invalid(format!("table {table} has none of the expected columns")));
    }
    match rows {
        CopyMode::AtOnce => {
            let sql =
                format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM old.{table}");
            progress.rows(new.execute(&sql, [])? as u64);
        }
        CopyMode::InParts => copy_parts(new, table, &columns, progress)?,
    }
    Ok(())
}

fn copy_parts(
    new: &Connection,
    table: &str,
    columns: &str,
    progress: &Progress<'_>,
) -> rusqlite::Result<()> {
    // The rowid marks where a part ends, so it is copied as well.
    let mut insert = new.prepare(&format!(
        "INSERT INTO main.{table} (rowid, {columns})
         SELECT rowid, {columns} FROM old.{table} WHERE rowid > ?1 ORDER BY rowid LIMIT {STEP}"
    ))?;
    let mut last = i64::MIN;
    loop {
        let copied = insert.execute([last])?;
        if copied == 0 {
            return Ok(());
        }
        last = new.last_insert_rowid();
        progress.rows(copied as u64);
    }
}

/// Returns the columns that both the new and the old table have.
fn common_columns(new: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_info(?1, 'main')
               WHERE name IN (SELECT name FROM pragma_table_info(?1, 'old'))";
    new.prepare(sql)?.query_map([table], |row| row.get(0))?.collect()
}
