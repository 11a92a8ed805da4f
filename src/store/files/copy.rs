//! Makes a consistent copy of a database as a single file, and checks it. For backups and restores.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::check;
use super::watch::Watch;
use crate::store::admin::copies;
use crate::store::engine::sqlite::connection;
use crate::store::error::{CopyError, CopyWarning};
use crate::store::files;
use crate::store::webhooks::hold;

/// Pages to copy between two checks for cancellation: 1 MiB.
const PAGES_PER_STEP: i32 = 256;
/// Pages to copy between two syncs. A single large sync at the end would delay the syncs of a
/// server that writes to the same disk.
const PAGES_PER_SYNC: i32 = 16 * PAGES_PER_STEP;

/// Copies the current state of `source` to a new file at `draft` and checks it, while others read
/// and write `source`. Replaces a draft left behind by an interrupted copy.
///
/// # Errors
/// See [`CopyError`]. The draft is removed.
pub(in crate::store) fn copy(
    source: &mut Connection,
    draft: &Path,
    watch: &Arc<dyn Watch>,
) -> Result<(), CopyError> {
    let done = write_and_check(source, draft, watch);
    // Do not remove a file that another process is writing.
    if done.is_err() && !matches!(done, Err(CopyError::InProgress(_))) {
        // Report the first error, not the one from cleaning up.
        let _ = files::remove_draft(draft);
    }
    done
}

fn write_and_check(
    source: &mut Connection,
    draft: &Path,
    watch: &Arc<dyn Watch>,
) -> Result<(), CopyError> {
    let io = |source| CopyError::io(draft, source);
    if !files::remove_draft(draft).map_err(io)? {
        return Err(CopyError::InProgress(draft.to_owned()));
    }
    watch.on_start();
    let file = files::create_private(draft).map_err(io)?;
    // The lock shows other processes that the draft is in use. On a file system without locks,
    // other processes don't check for one.
    let _ = file.try_lock();
    let to_copy_error = |source| copy_error(draft, source);
    let mut copy = connection::open_copy(draft).map_err(to_copy_error)?;
    copy_pages(source, &mut copy, draft, &file, watch)?;
    // A database that is started from the copy must not send what the original still has to send.
    hold::hold_pending(&copy).map_err(to_copy_error)?;
    copies::end_sessions(&copy).map_err(to_copy_error)?;
    // With a log next to it, the copy would not be a single file.
    connection::disable_wal(&copy).map_err(to_copy_error)?;
    watch.on_check();
    let found = check::findings(&mut copy, watch).map_err(to_copy_error)?;
    if !found.is_empty() {
        return Err(CopyError::CopyDamaged { found });
    }
    copy.close().map_err(|(_, source)| to_copy_error(source))?;
    file.sync_all().map_err(io)?;
    // The last chance to stop before the draft is renamed.
    if watch.should_stop() { Err(CopyError::Stopped) } else { Ok(()) }
}

/// Copies page by page within one read transaction, so that changes made in the meantime neither
/// get into the copy nor restart it (SQLite manual, "Using the SQLite Online Backup API" and
/// "Write-Ahead Logging", 2.2).
fn copy_pages(
    source: &mut Connection,
    copy: &mut Connection,
    draft: &Path,
    file: &File,
    watch: &Arc<dyn Watch>,
) -> Result<(), CopyError> {
    let to_copy_error = |source| copy_error(draft, source);
    let snapshot =
        source.transaction_with_behavior(TransactionBehavior::Deferred).map_err(to_copy_error)?;
    // A deferred transaction begins with its first read.
    snapshot
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(to_copy_error)?;
    let backup = Backup::new(&snapshot, copy).map_err(to_copy_error)?;
    let mut unsynced = 0;
    loop {
        if watch.should_stop() {
            return Err(CopyError::Stopped);
        }
        let step = backup.step(PAGES_PER_STEP).map_err(to_copy_error)?;
        let progress = backup.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or(0);
        watch
            .on_progress(count(progress.pagecount - progress.remaining), count(progress.pagecount));
        unsynced += PAGES_PER_STEP;
        if unsynced >= PAGES_PER_SYNC {
            file.sync_data().map_err(|source| CopyError::io(draft, source))?;
            unsynced = 0;
        }
        match step {
            StepResult::Done => return Ok(()),
            // Nothing else uses the copy, and in WAL mode readers do not wait for writers.
            StepResult::Busy | StepResult::Locked => {
                return Err(CopyError::Locked);
            }
            _ => {}
        }
    }
}

/// Renames a draft to its final name. After that, the copy is complete: if the directory cannot be
/// synced, which some network shares do not support, that is only a warning.
///
/// # Errors
/// The draft still has its old name.
pub(in crate::store) fn publish(draft: &Path, to: &Path) -> Result<Option<CopyWarning>, CopyError> {
    fs::rename(draft, to).map_err(|source| CopyError::io(to, source))?;
    let synced = files::sync_dir_of(to);
    Ok(synced.err().map(|source| CopyWarning::Unsynced { path: to.to_owned(), source }))
}

pub(super) fn copy_error(draft: &Path, source: rusqlite::Error) -> CopyError {
    match source.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => CopyError::Stopped,
        Some(ErrorCode::DiskFull) => {
            CopyError::io(draft, io::Error::from(io::ErrorKind::StorageFull))
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            CopyError::CopyDamaged { found: vec![source.to_string()] }
        }
        _ => CopyError::Sqlite { draft: draft.to_owned(), source },
    }
}
