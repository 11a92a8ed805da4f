//! Builds the new file: tables, rows in their old order, then indexes and triggers, then checks.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::old::OldDatabase;
use super::progress::Progress;
use super::resources::{Mapping, RESOURCES, WITH_DOCUMENTS, WITH_KEYS};
use super::tables::CopyMode;
use super::{Failure, checks, emails, tables};
use crate::store::engine::sqlite::schema::Definition;
use crate::store::engine::sqlite::{connection, identity, schema};
use crate::store::files;
use crate::store::files::watch::Watch;

pub(super) struct Rebuilt {
    pub warnings: Vec<String>,
}

/// Builds the new file at `draft`, complete and synced.
pub(super) fn rebuild(
    old: &OldDatabase,
    database: &Path,
    draft: &Path,
    watch: &Arc<dyn Watch>,
) -> Result<Rebuilt, Failure> {
    let file = files::create_private(draft)?;
    // The lock shows other processes that the draft is in use. On a file system without locks,
    // other processes don't check for one.
    let _ = file.try_lock();
    let definitions = schema::definitions()?;
    let counts = counts(&old.conn, &definitions)?;
    let entries = definitions.iter().filter(|definition| !definition.is_table());
    let entries =
        entries.map(|definition| counts.get(&definition.table).copied().unwrap_or(0)).sum();
    let progress = Progress::new(watch, counts.values().sum(), entries);
    let conn = connection::open_rebuild(draft, database)?;
    fill(old, &conn, &definitions, &counts, &progress)?;
    let mut warnings = find_unknown_objects(&old.conn, &definitions)?;
    if old.version < WITH_KEYS {
        warnings.extend(emails::warnings(&conn)?);
    }
    conn.close().map_err(|(_, source)| source)?;
    progress.checking();
    checks::check(&counts, draft, &file)?;
    Ok(Rebuilt { warnings })
}

fn fill(
    old: &OldDatabase,
    new: &Connection,
    definitions: &[Definition],
    counts: &HashMap<String, u64>,
    progress: &Progress<'_>,
) -> Result<(), Failure> {
    let has_keys = old.version >= WITH_KEYS;
    let repeats = if has_keys { HashMap::new() } else { emails::repeats(&old.conn)? };
    let mapping = Mapping { has_keys, repeats: &repeats };
    new.execute_batch("BEGIN")?;
    for definition in definitions.iter().filter(|definition| definition.is_table()) {
        new.execute_batch(&definition.sql)?;
    }
    for table in tables::BEFORE_RESOURCES {
        tables::copy(old, new, table, progress)?;
    }
    for resource in &RESOURCES {
        if old.version >= WITH_DOCUMENTS {
            tables::copy(old, new, (resource.table, CopyMode::InParts), progress)?;
        } else {
            resource.copy(old, new, &mapping, progress)?;
        }
    }
    if has_keys {
        tables::copy(old, new, ("slug_runs", CopyMode::AtOnce), progress)?;
    } else {
        new.execute_batch(include_str!("slug_runs.sql"))?;
    }
    for table in tables::AFTER_RESOURCES {
        tables::copy(old, new, table, progress)?;
    }
    identity::ensure(new)?;
    for definition in definitions.iter().filter(|definition| !definition.is_table()) {
        new.execute_batch(&definition.sql)?;
        progress.entries(counts.get(&definition.table).copied().unwrap_or(0));
    }
    // Mark it last, so that an incomplete file is not recognized as a database of this program.
    schema::mark(new)?;
    new.execute_batch("COMMIT; DETACH old")?;
    Ok(())
}

/// Counts the rows of the old database in each table of the schema.
fn counts(old: &Connection, definitions: &[Definition]) -> rusqlite::Result<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    for definition in definitions.iter().filter(|definition| definition.is_table()) {
        let table = &definition.name;
        if old.table_exists(None, table.as_str())? {
            let sql = format!("SELECT count(*) FROM {table}");
            let count = old.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
            counts.insert(table.clone(), u64::try_from(count).unwrap_or(0));
        }
    }
    Ok(counts)
}

/// Returns a warning for each table, index, trigger, or view in the old database that is not in the
/// schema, and so not in the new database.
fn find_unknown_objects(
    old: &Connection,
    definitions: &[Definition],
) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut statement = old.prepare(sql)?;
    let objects = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut warnings = Vec::new();
    for object in objects {
        let (kind, name): (String, String) = object?;
        if !definitions.iter().any(|definition| definition.name == name) {
            warnings.push(format!(
                "the {kind} {name} does not belong to pivotal-server and was not copied to the upgraded database"
            ));
        }
    }
    Ok(warnings)
}
