//! All checks of a database: SQLite's own, and those that the schema cannot express.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode};

use super::watch::Watch;
use crate::store::files;
use crate::store::rows::{document, slug_runs};

/// SQLite virtual machine steps between two checks for cancellation.
const STEPS_PER_CHECK: i32 = 10_000;
/// SQLite's message for damage that it cannot describe.
const MALFORMED: &str = "database disk image is malformed";
/// The maximum number of findings per check. A damaged file can have more than anyone reads.
const MAX_FINDINGS: u32 = 100;

/// Checks a database and returns its problems, one sentence each. Fails with `SQLITE_INTERRUPT` if
/// `watch` stops it.
pub(in crate::store) fn findings(
    conn: &mut Connection,
    watch: &Arc<dyn Watch>,
) -> rusqlite::Result<Vec<String>> {
    let watching = Arc::clone(watch);
    conn.progress_handler(STEPS_PER_CHECK, Some(move || watching.should_stop()))?;
    let found = run_all(conn);
    conn.progress_handler(0, None::<fn() -> bool>)?;
    found
}

fn run_all(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = check_structure(conn, CheckDepth::Full, MAX_FINDINGS)?;
    // If SQLite cannot walk the file, queries return nothing reliable.
    if found.is_empty() {
        found.extend(check_references(conn)?);
        found.extend(check_sequences(conn)?);
        found.extend(slug_runs::check(conn, MAX_FINDINGS)?);
        found.extend(document::check(conn, MAX_FINDINGS)?);
    }
    Ok(found)
}

/// How thoroughly SQLite checks a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum CheckDepth {
    /// Checks pages and records.
    Quick,
    /// Also compares indexes with their tables, which takes several times as long.
    Full,
}

/// Checks pages, records, indexes, and constraints (SQLite manual, "PRAGMA integrity_check").
/// Returns up to `limit` findings, with page and table where SQLite reports them.
pub(in crate::store) fn check_structure(
    conn: &Connection,
    depth: CheckDepth,
    limit: u32,
) -> rusqlite::Result<Vec<String>> {
    let pragma = match depth {
        CheckDepth::Quick => "quick_check",
        CheckDepth::Full => "integrity_check",
    };
    let message = match run_pragma(conn, &format!("PRAGMA {pragma}({limit})"))? {
        PragmaResult::Findings(found) => return Ok(found),
        PragmaResult::Aborted(message) => message,
    };
    // A record that cannot be read ends the check without any location, so check table by table.
    let found = tables(conn).unwrap_or_default().into_iter().flat_map(|table| {
        match run_pragma(conn, &format!("PRAGMA {pragma}('{table}')")) {
            Ok(PragmaResult::Findings(found)) => found,
            Ok(PragmaResult::Aborted(message)) => vec![format!("table {table}: {message}")],
            Err(_) => Vec::new(),
        }
    });
    let found: Vec<String> = found.take(limit as usize).collect();
    Ok(if found.is_empty() { vec![message] } else { found })
}

/// The result of one of SQLite's checks.
enum PragmaResult {
    Findings(Vec<String>),
    /// The check encountered damage that it could not describe.
    Aborted(String),
}

fn run_pragma(conn: &Connection, pragma: &str) -> rusqlite::Result<PragmaResult> {
    let mut statement = match conn.prepare(pragma) {
        Ok(statement) => statement,
        Err(error) if is_damage(&error) => return Ok(PragmaResult::Aborted(error.to_string())),
        Err(error) => return Err(error),
    };
    let mut rows = statement.query([])?;
    let mut messages = Vec::new();
    loop {
        match rows.next() {
            Ok(Some(row)) => messages.push(row.get::<_, String>(0)?),
            Ok(None) => break,
            Err(error) if !is_damage(&error) => return Err(error),
            Err(error) => {
                messages.push(error.to_string());
                break;
            }
        }
    }
    let lines = messages.iter().flat_map(|text| text.lines()).map(str::trim);
    // A line with asterisks is a heading that only names the database.
    let lines: Vec<&str> = lines.filter(|line| *line != "ok" && !line.starts_with("***")).collect();
    // SQLite lists the broken pages, then ends with this message if it needs what is on them.
    let findings = lines.iter().filter(|line| **line != MALFORMED);
    let findings: Vec<String> = findings.map(|line| add_table_name(conn, line)).collect();
    match lines.last() {
        Some(&last) if findings.is_empty() => Ok(PragmaResult::Aborted(last.to_owned())),
        _ => Ok(PragmaResult::Findings(findings)),
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

fn tables(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Appends the name to a line such as `Tree 5 page 12 cell 3: …`, where SQLite identifies a table
/// or index by its root page.
fn add_table_name(conn: &Connection, line: &str) -> String {
    let root = line.strip_prefix("Tree ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    let name = root.and_then(|root: i64| {
        let sql = "SELECT type || ' ' || name FROM sqlite_schema WHERE rootpage = ?1";
        conn.query_row(sql, [root], |row| row.get::<_, String>(0)).ok()
    });
    name.map_or_else(|| line.to_owned(), |name| format!("{line} ({name})"))
}

/// Appends to a finding whether the file was truncated, probably while it was copied or downloaded.
/// Only for a command that has no connection to the file: closing the file here would release that
/// connection's locks.
pub(in crate::store) fn add_truncation(path: &Path, found: String) -> String {
    match missing_bytes(path) {
        Some(missing) => {
            format!("{found}: the file was truncated: its last {missing} bytes are missing")
        }
        None => found,
    }
}

/// Returns how many bytes a file without a WAL is shorter than its header says (SQLite manual,
/// "Database File Format", 1.3).
fn missing_bytes(path: &Path) -> Option<u64> {
    if files::with_suffix(path, "-wal").exists() {
        return None;
    }
    let mut header = [0u8; 100];
    let mut file = File::open(path).ok()?;
    file.read_exact(&mut header).ok()?;
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    let missing = (page * u64::from(pages)).checked_sub(file.metadata().ok()?.len())?;
    (missing > 0).then_some(missing)
}

/// Finds rows that refer to missing rows.
fn check_references(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(&format!(
        "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT {MAX_FINDINGS}"
    ))?;
    let rows = statement.query_map([], |row| {
        let (table, row_id, parent): (String, Option<i64>, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let row_id = row_id.map_or_else(String::new, |id| format!(" {id}"));
        Ok(format!("row{row_id} of {table} refers to a row of {parent} that does not exist"))
    })?;
    rows.collect()
}

/// Finds sequences that would allocate a display ID or a creation time again.
fn check_sequences(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    for (resource, table, display_id) in [
        ("customer", "customers", "display_id"),
        ("contact", "contacts", "display_id"),
        ("onboarding", "onboardings", "display_id"),
        ("event", "events", "0"),
    ] {
        let sql = format!(
            "SELECT w.slug FROM workspaces AS w
             LEFT JOIN sequences AS s ON s.workspace_no = w.no AND s.resource = ?1
             WHERE coalesce(s.display_id, 0) <
                   (SELECT coalesce(max({display_id}), 0) FROM {table} WHERE workspace_no = w.no)
                OR coalesce(s.created_at, 0) <
                   (SELECT coalesce(max(created_at), 0) FROM {table} WHERE workspace_no = w.no)"
        );
        let mut statement = conn.prepare(&sql)?;
        let rows = statement.query_map([resource], |row| row.get::<_, String>(0))?;
        for slug in rows {
            let slug = slug?;
            found.push(format!("workspace `{slug}`: the sequence of {table} is behind its rows"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_record_is_reported_with_its_table() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "CREATE TABLE good (a); INSERT INTO good VALUES (1);
             CREATE TABLE bad (a, b); INSERT INTO bad VALUES ('record', 'to break')",
        )
        .unwrap();
        conn.close().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let text = bytes.windows(14).rposition(|window| window == b"recordto break").unwrap();
        // The type of the second column is the last byte of the record's header.
        bytes[text - 1] = 0x7f;
        std::fs::write(&path, bytes).unwrap();
        let conn = Connection::open(&path).unwrap();
        for depth in [CheckDepth::Quick, CheckDepth::Full] {
            let found = check_structure(&conn, depth, MAX_FINDINGS).unwrap();
            assert_eq!(found, ["table bad: database disk image is malformed"]);
        }
    }
}
