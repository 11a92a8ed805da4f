//! Every check that a database can be put to: SQLite's own, and what the schema cannot say.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode};

use super::watch::Watch;
use crate::store::files;
use crate::store::rows::{document, slug_runs};

/// Virtual machine steps between two looks at who watches.
const STEPS_PER_CHECK: i32 = 10_000;
/// SQLite's words for damage of which it says nothing else.
const MALFORMED: &str = "database disk image is malformed";
/// Findings of one kind; a broken file has more than anybody reads.
const MAX_FINDINGS: u32 = 100;

/// What is wrong with a database, a sentence each; nothing when it is sound. A watch that stops
/// it makes it fail as interrupted.
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
    // A file that SQLite cannot walk through says nothing reliable of its rows.
    if found.is_empty() {
        found.extend(check_references(conn)?);
        found.extend(check_sequences(conn)?);
        found.extend(slug_runs::check(conn, MAX_FINDINGS)?);
        found.extend(document::check(conn, MAX_FINDINGS)?);
    }
    Ok(found)
}

/// How thoroughly SQLite looks at a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum CheckDepth {
    /// Pages and records.
    Quick,
    /// Indexes are compared with their tables too, which takes several times as long.
    Full,
}

/// Pages, records, indexes and constraints (SQLite manual, "PRAGMA integrity_check"): up to so many
/// faults, with their page and table where SQLite names them.
pub(in crate::store) fn check_structure(
    conn: &Connection,
    how: CheckDepth,
    most: u32,
) -> rusqlite::Result<Vec<String>> {
    let pragma = match how {
        CheckDepth::Quick => "quick_check",
        CheckDepth::Full => "integrity_check",
    };
    let broken = match run_pragma(conn, &format!("PRAGMA {pragma}({most})"))? {
        PragmaResult::Findings(found) => return Ok(found),
        PragmaResult::Aborted(broken) => broken,
    };
    // A record that cannot be read ends the check without a word about where it is.
    let found = tables(conn).unwrap_or_default().into_iter().flat_map(|table| {
        match run_pragma(conn, &format!("PRAGMA {pragma}('{table}')")) {
            Ok(PragmaResult::Findings(found)) => found,
            Ok(PragmaResult::Aborted(broken)) => vec![format!("table {table}: {broken}")],
            Err(_) => Vec::new(),
        }
    });
    let found: Vec<String> = found.take(most as usize).collect();
    Ok(if found.is_empty() { vec![broken] } else { found })
}

/// What a check of SQLite says.
enum PragmaResult {
    Findings(Vec<String>),
    /// It met damage that it could not describe.
    Aborted(String),
}

fn run_pragma(conn: &Connection, pragma: &str) -> rusqlite::Result<PragmaResult> {
    let mut statement = match conn.prepare(pragma) {
        Ok(statement) => statement,
        Err(error) if is_damage(&error) => return Ok(PragmaResult::Aborted(error.to_string())),
        Err(error) => return Err(error),
    };
    let mut rows = statement.query([])?;
    let mut said = Vec::new();
    loop {
        match rows.next() {
            Ok(Some(row)) => said.push(row.get::<_, String>(0)?),
            Ok(None) => break,
            Err(error) if !is_damage(&error) => return Err(error),
            Err(error) => {
                said.push(error.to_string());
                break;
            }
        }
    }
    let lines = said.iter().flat_map(|text| text.lines()).map(str::trim);
    // A heading with asterisks only names the database.
    let lines: Vec<&str> = lines.filter(|line| *line != "ok" && !line.starts_with("***")).collect();
    // SQLite names the broken pages, and ends with this when it needs what is on them.
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

/// Adds the name to a line such as `Tree 5 page 12 cell 3: …`, which names a table or an index by
/// its root page.
fn add_table_name(conn: &Connection, line: &str) -> String {
    let root = line.strip_prefix("Tree ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    let name = root.and_then(|root: i64| {
        let sql = "SELECT type || ' ' || name FROM sqlite_schema WHERE rootpage = ?1";
        conn.query_row(sql, [root], |row| row.get::<_, String>(0)).ok()
    });
    name.map_or_else(|| line.to_owned(), |name| format!("{line} ({name})"))
}

/// Adds to what SQLite says of a file that cannot be read whether it was cut off: copying or
/// downloading it probably was. Only for a command that has no connection to the file: closing the
/// file here would release the locks of one.
pub(in crate::store) fn add_truncation(path: &Path, found: String) -> String {
    match missing_bytes(path) {
        Some(missing) => {
            format!("{found}: the file was cut off, its last {missing} bytes are missing")
        }
        None => found,
    }
}

/// How much shorter a file without a log is than its header says (SQLite manual, "Database File
/// Format", 1.3).
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

/// Rows that refer to rows which do not exist.
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

/// Sequences that would give out a display id or a creation time once more.
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
            found.push(format!(
                "the sequence of {table} of the workspace `{slug}` lies behind its rows"
            ));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_cannot_be_read_is_reported_with_its_table() {
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
        for how in [CheckDepth::Quick, CheckDepth::Full] {
            let found = check_structure(&conn, how, MAX_FINDINGS).unwrap();
            assert_eq!(found, ["table bad: database disk image is malformed"]);
        }
    }
}
