//! Upgrades: a database of an older version is rebuilt with the schema of this one in a new file
//! beside it, which takes its place once it is complete and checked. The old file is kept.

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
use super::engine::schema;
use super::error::OpenError;
use super::files;
use super::files::watch::Watch;

/// Why a database was not rebuilt.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A row that the new schema has no place for, or a fault of the new file.
    #[error("{0}")]
    Invalid(String),
}

/// Upgrades the database, unless it is of this version. Needs `open.lock` for itself.
///
/// # Errors
/// See [`OpenError`]; the database is the old one then, and nothing is left beside it.
pub(in crate::store) fn run(database: &Path, watch: &Arc<dyn Watch>) -> Result<(), OpenError> {
    let draft = files::with_suffix(database, files::UPGRADING);
    // What an upgrade that was killed has left would count as used space.
    files::remove_draft(&draft).map_err(|source| OpenError::io(&draft, source))?;
    let old = OldDatabase::open(database)?;
    if old.version >= schema::VERSION {
        return Ok(());
    }
    let from = old.version;
    // Before the log is taken in, so that nothing is changed if there is not enough.
    space::ensure_free_space(&old, database)?;
    old.lock()?;
    log::info!("upgrading {} from schema {from} to {}", database.display(), schema::VERSION);
    let started = Instant::now();
    let done = rebuild::rebuild(&old, database, &draft, watch)
        .map_err(|failure| to_open_error(failure, database, &draft, from))
        .and_then(|rebuilt| {
            // SQLite must not have the file open when it loses its name.
            old.close()?;
            Ok((replace::replace(database, &draft, from)?, rebuilt))
        });
    let (kept, rebuilt) = done.inspect_err(|_| {
        // The error that matters is the first one.
        let _ = files::remove_draft(&draft);
    })?;
    rebuilt.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    log::info!(
        "upgraded {} to schema {} in {:.1} s; the database from before is kept as {}",
        database.display(),
        schema::VERSION,
        started.elapsed().as_secs_f64(),
        kept.display()
    );
    Ok(())
}

fn to_open_error(failure: Failure, database: &Path, draft: &Path, from: i64) -> OpenError {
    let found = match failure {
        Failure::Io(source) => return OpenError::io(draft, source),
        Failure::Sqlite(source) => match OpenError::sqlite(draft, source) {
            // Only the old file can be: the new one was written by this process.
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
