//! Every check that a database can be put to: SQLite's own, and what the schema cannot say. For
//! the store's own use, and for the command `check`.

use std::sync::Arc;

use rusqlite::Connection;

use super::copy::Watch;

/// Virtual machine steps between two looks at who watches.
const STEPS: i32 = 10_000;
/// Findings of one kind; a broken file has more than anybody reads.
const MOST: u32 = 100;

/// What is wrong with a database, a sentence each; nothing when it is sound. A watch that stops
/// it makes it fail as interrupted.
pub(super) fn findings(
    conn: &mut Connection,
    watch: &Arc<dyn Watch>,
) -> rusqlite::Result<Vec<String>> {
    let watching = Arc::clone(watch);
    conn.progress_handler(STEPS, Some(move || watching.stop()))?;
    let found = all(conn);
    conn.progress_handler(0, None::<fn() -> bool>)?;
    found
}

fn all(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = structure(conn)?;
    // A file that SQLite cannot walk through says nothing reliable of its rows.
    if found.is_empty() {
        found.extend(references(conn)?);
        found.extend(sequences(conn)?);
    }
    Ok(found)
}

/// Pages, records, indexes and constraints (SQLite manual, "PRAGMA integrity_check").
fn structure(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let said = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let lines = said.iter().flat_map(|text| text.lines()).map(str::trim);
    // A heading with asterisks only names the database.
    Ok(lines.filter(|line| *line != "ok" && !line.starts_with("***")).map(str::to_owned).collect())
}

/// Rows that refer to rows which do not exist.
fn references(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare(&format!(
        "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT {MOST}"
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
fn sequences(conn: &Connection) -> rusqlite::Result<Vec<String>> {
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
