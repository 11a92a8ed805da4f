//! A consistent copy of a database as one file, checked before anybody relies on it. For backups
//! and restores.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::check;
use super::watch::Watch;
use crate::store::engine::sqlite;
use crate::store::error::{CopyError, CopyWarning};
use crate::store::files;

/// Pages that are copied between two looks at who watches: 1 MiB of them.
const STEP: i32 = 256;
/// Pages after which the copy is brought to disk. One large sync at the end would hold up the
/// syncs of a server that writes to the same disk.
const SYNC: i32 = 16 * STEP;

/// Copies what `source` holds now to a new file at `draft`, in place of one that a copy which was
/// cut off has left there, and checks it. Others read and write meanwhile.
///
/// # Errors
/// See [`CopyError`]; the draft is removed.
pub(in crate::store) fn copy(
    source: &mut Connection,
    draft: &Path,
    watch: &Arc<dyn Watch>,
) -> Result<(), CopyError> {
    let done = write(source, draft, watch);
    // Another process is at work on the same file: it is not ours to remove.
    if done.is_err() && !matches!(done, Err(CopyError::UnderWay(_))) {
        // The error that matters is the first one.
        let _ = files::remove_draft(draft);
    }
    done
}

fn write(source: &mut Connection, draft: &Path, watch: &Arc<dyn Watch>) -> Result<(), CopyError> {
    let io = |source| CopyError::io(draft, source);
    if !files::remove_draft(draft).map_err(io)? {
        return Err(CopyError::UnderWay(draft.to_owned()));
    }
    watch.beginning();
    let file = files::create_private(draft).map_err(io)?;
    // Tells others that the file is not left over. Where there are no locks, there are no others.
    let _ = file.try_lock();
    let failed = |source| failure(draft, source);
    let mut copy = sqlite::open_copy(draft).map_err(failed)?;
    pages(source, &mut copy, draft, &file, watch)?;
    // A log beside it would make two files of it.
    sqlite::turn_wal_off(&copy).map_err(failed)?;
    watch.checking();
    let found = check::findings(&mut copy, watch).map_err(failed)?;
    if !found.is_empty() {
        return Err(CopyError::Faulty { found });
    }
    copy.close().map_err(|(_, source)| failed(source))?;
    file.sync_all().map_err(io)?;
    // The last moment at which nothing but the draft is there.
    if watch.stop() { Err(CopyError::Stopped) } else { Ok(()) }
}

/// Copies page by page within one read transaction, so that changes that are made meanwhile
/// neither reach the copy nor make it begin anew (SQLite manual, "Using the SQLite Online Backup
/// API" and "Write-Ahead Logging", 2.2).
fn pages(
    source: &mut Connection,
    copy: &mut Connection,
    draft: &Path,
    file: &File,
    watch: &Arc<dyn Watch>,
) -> Result<(), CopyError> {
    let failed = |source| failure(draft, source);
    let snapshot =
        source.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
    // A deferred transaction begins with its first read.
    snapshot
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(failed)?;
    let backup = Backup::new(&snapshot, copy).map_err(failed)?;
    let mut unsynced = 0;
    loop {
        if watch.stop() {
            return Err(CopyError::Stopped);
        }
        let step = backup.step(STEP).map_err(failed)?;
        let progress = backup.progress();
        let count = |pages: i32| u64::try_from(pages).unwrap_or(0);
        watch.copied(count(progress.pagecount - progress.remaining), count(progress.pagecount));
        unsynced += STEP;
        if unsynced >= SYNC {
            file.sync_data().map_err(|source| CopyError::io(draft, source))?;
            unsynced = 0;
        }
        match step {
            StepResult::Done => return Ok(()),
            // Nobody else uses the copy, and readers do not wait for writers.
            StepResult::Busy | StepResult::Locked => {
                return Err(CopyError::Locked);
            }
            _ => {}
        }
    }
}

/// Gives a draft its name. From then on the work is done: that the name could not be brought to
/// disk is a warning. Some network shares cannot sync directories at all.
///
/// # Errors
/// When the draft still has its own name.
pub(in crate::store) fn rename(draft: &Path, to: &Path) -> Result<Option<CopyWarning>, CopyError> {
    fs::rename(draft, to).map_err(|source| CopyError::io(to, source))?;
    let synced = files::sync_dir_of(to);
    Ok(synced.err().map(|source| CopyWarning::Unsynced { path: to.to_owned(), source }))
}

fn failure(draft: &Path, source: rusqlite::Error) -> CopyError {
    match source.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => CopyError::Stopped,
        Some(ErrorCode::DiskFull) => {
            CopyError::io(draft, io::Error::from(io::ErrorKind::StorageFull))
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            CopyError::Faulty { found: vec![source.to_string()] }
        }
        _ => CopyError::Sqlite { draft: draft.to_owned(), source },
    }
}
