//! The undo log: temporary tables with the version that each row had when a snapshot was taken.
//! They are in the memory of the writer's connection, and take part in its transactions.
//!
//! The history of a workspace number is divided into segments: one begins with each snapshot. Per
//! segment, the log holds the first previous version of each row that was changed in it. So the
//! state of a snapshot is the current one with the earliest version of each row in its segment or
//! a later one.

use crate::store::engine::{Conn, Result};

/// The tables whose rows are logged when they change.
pub(super) const LOGGED: [&str; 5] =
    ["customers", "contacts", "onboardings", "events", "idempotency_keys"];
/// The tables whose rows are counted.
pub(super) const COUNTED: [&str; 3] = ["customers", "contacts", "onboardings"];
/// The tables that a snapshot copies, because they are small.
pub(super) const COPIED: [&str; 2] = ["sequences", "slug_runs"];

/// A column without an affinity can't be found through its index by a value.
const INTEGER: &str = "CAST(0 AS INTEGER)";
const TEXT: &str = "CAST('' AS TEXT)";

const SNAPSHOTS: &str = "
    CREATE TEMP TABLE snapshots (
        segment      INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace_id TEXT    NOT NULL,
        workspace_no INTEGER NOT NULL,
        name         TEXT    NOT NULL,
        -- The last purge before it.
        last_purge   INTEGER NOT NULL,
        UNIQUE (workspace_id, name)
    );
    CREATE INDEX temp.snapshots_by_number ON snapshots (workspace_no, segment);
    -- How many rows a table had, to notice those that another process has added.
    CREATE TEMP TABLE row_counts (
        segment INTEGER NOT NULL,
        name    TEXT    NOT NULL,
        rows    INTEGER NOT NULL,
        PRIMARY KEY (segment, name)
    );
    -- The rows that a restore is about to rewrite, and the segments with their versions.
    CREATE TEMP TABLE restoring (
        name    TEXT    NOT NULL,
        row_key TEXT    NOT NULL,
        segment INTEGER NOT NULL,
        PRIMARY KEY (name, row_key)
    ) WITHOUT ROWID;
";

/// Returns the expression that identifies a row, even after it was deleted and inserted again. Row
/// numbers don't: SQLite gives the number of a deleted row to another one, of any workspace.
pub(super) fn key(table: &str, row: &str) -> String {
    match table {
        "idempotency_keys" => format!("{row}.endpoint || ' ' || hex({row}.key)"),
        _ => format!("{row}.id"),
    }
}

/// Returns whether a snapshot was taken since the connection was opened.
pub(super) fn exists(conn: Conn<'_>) -> Result<bool> {
    let Ok(conn) = conn.sqlite().map(Conn::from) else { return Ok(false) };
    let sql = "SELECT 1 FROM sqlite_temp_schema WHERE name = 'snapshots'";
    conn.prepare_cached(sql)?.exists(())
}

/// Creates the tables and the triggers, unless they exist.
pub(super) fn ensure(conn: Conn<'_>) -> Result<()> {
    if exists(conn)? {
        return Ok(());
    }
    conn.execute_batch(SNAPSHOTS)?;
    for table in COPIED {
        conn.execute_batch(&format!(
            "CREATE TEMP TABLE copied_{table} AS
                 SELECT {INTEGER} AS segment, t.* FROM main.{table} AS t WHERE false;
             CREATE INDEX temp.copied_{table}_by_segment ON copied_{table} (segment);"
        ))?;
    }
    for table in LOGGED {
        let columns = columns(conn, table)?;
        let old: Vec<String> = columns.iter().map(|column| format!("OLD.{column}")).collect();
        let (columns, old) = (columns.join(", "), old.join(", "));
        // The statement that fires a trigger can impose its own conflict handling, so the triggers
        // avoid conflicts.
        let log = |row: &str, existed: u8, columns: &str, values: &str| {
            let key = key(table, row);
            format!(
                "INSERT INTO undo_{table} (segment, row_key, existed{columns})
                 SELECT s.segment, {key}, {existed}{values}
                 FROM (SELECT max(segment) AS segment FROM snapshots
                       WHERE workspace_no = {row}.workspace_no) AS s
                 WHERE s.segment IS NOT NULL AND NOT EXISTS (
                     SELECT 1 FROM undo_{table} AS u
                     WHERE u.segment = s.segment AND u.row_key = {key});"
            )
        };
        let log_old = log("OLD", 1, &format!(", {columns}"), &format!(", {old}"));
        let log_new = log("NEW", 0, "", "");
        conn.execute_batch(&format!(
            "CREATE TEMP TABLE undo_{table} AS
                 SELECT {INTEGER} AS segment, {TEXT} AS row_key, {INTEGER} AS existed, t.*
                 FROM main.{table} AS t WHERE false;
             CREATE UNIQUE INDEX temp.undo_{table}_by_row ON undo_{table} (segment, row_key);
             CREATE TEMP TRIGGER undo_{table}_insert AFTER INSERT ON main.{table}
             BEGIN {log_new} END;
             CREATE TEMP TRIGGER undo_{table}_update AFTER UPDATE ON main.{table}
             BEGIN {log_old} END;
             CREATE TEMP TRIGGER undo_{table}_delete AFTER DELETE ON main.{table}
             BEGIN {log_old} END;"
        ))?;
    }
    Ok(())
}

/// Returns the columns of a table.
pub(super) fn columns(conn: Conn<'_>, table: &str) -> Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_info(?1, 'main')";
    let mut statement = conn.prepare_cached(sql)?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Removes a segment. Its versions go to the segment before it, which needs those of rows that it
/// has none of.
pub(super) fn remove(conn: Conn<'_>, segment: i64) -> Result<()> {
    let sql = "SELECT max(b.segment) FROM snapshots AS s
                   JOIN snapshots AS b
                       ON b.workspace_no = s.workspace_no AND b.segment < s.segment
               WHERE s.segment = ?1";
    let before: Option<i64> = conn.prepare_cached(sql)?.query_row([segment], |row| row.get(0))?;
    for table in LOGGED {
        if let Some(before) = before {
            let sql = format!("UPDATE OR IGNORE undo_{table} SET segment = ?1 WHERE segment = ?2");
            conn.prepare_cached(&sql)?.execute([before, segment])?;
        }
        clear(conn, table, segment)?;
    }
    for table in COPIED {
        let sql = format!("DELETE FROM copied_{table} WHERE segment = ?1");
        conn.prepare_cached(&sql)?.execute([segment])?;
    }
    for table in ["row_counts", "snapshots"] {
        let sql = format!("DELETE FROM temp.{table} WHERE segment = ?1");
        conn.prepare_cached(&sql)?.execute([segment])?;
    }
    Ok(())
}

/// Forgets the versions of a segment.
pub(super) fn clear(conn: Conn<'_>, table: &str, segment: i64) -> Result<()> {
    let sql = format!("DELETE FROM undo_{table} WHERE segment = ?1");
    conn.prepare_cached(&sql)?.execute([segment]).map(drop)
}
