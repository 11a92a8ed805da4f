//! Upgrades databases from older versions. An upgrade builds a new file with the current schema
//! next to the old one, and replaces it once the new file is complete and checked. The old file is
//! kept.

mod checks;
mod documents;
mod emails;
mod old;
mod progress;
mod rebuild;
mod replace;
mod resources;
mod space;
mod tables;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use self::old::OldDatabase;
use super::engine::sqlite::schema;
use super::error::OpenError;
use super::files;
use super::files::watch::Watch;

/// Why a database could not be rebuilt.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A row that does not fit the new schema, or a problem with the new file.
    #[error("{0}")]
    Invalid(String),
}

/// Upgrades the database, unless it has the current version. The caller must hold `open.lock`
/// exclusively.
///
/// # Errors
/// See [`OpenError`]. The old database stays in place, and nothing is left next to it.
pub(in crate::store) fn run(database: &Path, watch: &Arc<dyn Watch>) -> Result<(), OpenError> {
    let draft = files::with_suffix(database, files::UPGRADING);
    // What a killed upgrade left behind would count as used space.
    files::remove_draft(&draft).map_err(|source| OpenError::io(&draft, source))?;
    let old = OldDatabase::open(database)?;
    if old.version >= schema::VERSION {
        return Ok(());
    }
    let from = old.version;
    // Check before the log is checkpointed, so that nothing is changed if there is too little
    // space.
    space::ensure_free_space(&old, database)?;
    old.lock()?;
    log::info!("upgrading {} from schema {from} to {}", database.display(), schema::VERSION);
    let started = Instant::now();
    let done = rebuild::rebuild(&old, database, &draft, watch)
        .map_err(|failure| to_open_error(failure, database, &draft, from))
        .and_then(|rebuilt| {
            // SQLite must not have the file open when it is renamed.
            old.close()?;
            Ok((replace::replace(database, &draft, from)?, rebuilt))
        });
    let (backup, rebuilt) = done.inspect_err(|_| {
        // Report the first error, not the one from cleaning up.
        let _ = files::remove_draft(&draft);
    })?;
    rebuilt.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    log::info!(
        "upgraded {} to schema {} in {:.1} s; the previous database is kept as {}",
        database.display(),
        schema::VERSION,
        started.elapsed().as_secs_f64(),
        backup.display()
    );
    Ok(())
}

fn to_open_error(failure: Failure, database: &Path, draft: &Path, from: i64) -> OpenError {
    let found = match failure {
        Failure::Io(source) => return OpenError::io(draft, source),
        Failure::Sqlite(source) => match OpenError::sqlite(draft, source) {
            // Only the old file can be damaged: this process has just written the new one.
            OpenError::Damaged { found, .. } => {
                return OpenError::Damaged { path: database.to_owned(), found };
            }
            OpenError::Sqlite { source, .. } => source.to_string(),
            other => return other,
        },
        Failure::Invalid(found) => found,
    };
    OpenError::Upgrade { path: database.to_owned(), from, found }
}
