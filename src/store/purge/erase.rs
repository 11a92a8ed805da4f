//! Overwrites what purged rows have left in the file, in small steps between other changes.

use std::thread;
use std::time::Duration;

use crate::store::engine::sqlite::connection::{self, Durability};
use crate::store::error::StoreError;
use crate::store::files::lock_holders::{Lock, LockHolder, lock_holders};
use crate::store::files::{self, DataDir};
use crate::store::reader::Reader;
use crate::store::tx::Tx;
use crate::store::{Store, WriteScope};

/// How many pages are read in one go, and overwritten in one transaction.
const READ: u32 = 1024;
const WRITE: usize = 64;
/// How long writes wait for a truncation of the write-ahead log, and how often it is tried. Real
/// time, because it depends on other processes.
const TRUNCATE_WAIT: Duration = Duration::from_millis(100);
const TRUNCATE_ATTEMPTS: u32 = if cfg!(test) { 2 } else { 50 };

/// The condition for unfinished purges of which only remains can be in the file.
const ROWS_ARE_GONE: &str = "erased_at IS NULL AND NOT (
    resource = 'workspace' AND workspace_no IN (SELECT no FROM workspaces))";

/// What a pass over the file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// The pages of the file.
    pub pages: u32,
    /// The pages in whose unused space something was overwritten.
    pub overwritten: u32,
}

/// Why copies of purged rows may still be in the file or in its write-ahead log.
#[derive(Debug, thiserror::Error)]
pub enum Unfinished {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error(
        "this build of SQLite has no `sqlite_dbpage`, or the file is too large for it; build the server in its repository, whose `.cargo/config.toml` turns it on"
    )]
    NoPageAccess,
    #[error("the write-ahead log can't be truncated while {0}")]
    Reading(String),
    #[error("it was interrupted")]
    Stopped,
}

impl Reader<'_> {
    /// Returns the number of the last purge whose remains may be in the file. Leaves out purges
    /// whose rows are still being deleted.
    pub fn unfinished_purge(&self) -> Result<Option<i64>, StoreError> {
        let sql = format!("SELECT max(no) FROM purges WHERE {ROWS_ARE_GONE}");
        Ok(self.conn.prepare_cached(&sql)?.query_row((), |row| row.get(0))?)
    }
}

impl Tx<'_> {
    /// Marks the purges up to this one as finished.
    pub(super) fn finish_purges(&self, last: i64) -> Result<(), StoreError> {
        let sql = format!("UPDATE purges SET erased_at = ?1 WHERE no <= ?2 AND {ROWS_ARE_GONE}");
        self.conn.prepare_cached(&sql)?.execute([self.now.as_micros(), last])?;
        Ok(())
    }
}

impl Store {
    /// Overwrites what purges have left in the file and its write-ahead log, and marks them as
    /// finished. Does nothing and returns `None` if all are. `progress` is told how many pages of
    /// how many are done, and returns whether to go on.
    ///
    /// # Errors
    /// [`Unfinished`]. Calling it again does the rest.
    pub fn erase(
        &self,
        mut progress: impl FnMut(u32, u32) -> bool,
    ) -> Result<Option<Erasure>, Unfinished> {
        while let Some(deleting) = self.read(|reader| reader.unfinished_workspace())? {
            let delete = move |tx: &Tx<'_>| tx.delete_workspace_rows(deleting);
            while self.write_blocking(deleting.scope(), delete)? {
                if !progress(0, 0) {
                    return Err(Unfinished::Stopped);
                }
            }
        }
        // Nothing is overwritten in a database that is removed when its server ends.
        if self.files().is_some_and(DataDir::is_ephemeral) {
            return Ok(None);
        }
        let Some(last) = self.read(|reader| reader.unfinished_purge())? else { return Ok(None) };
        let Some(dir) = self.files() else {
            // PostgreSQL reuses the space of deleted rows by itself.
            self.write_blocking(WriteScope::Database, move |tx| tx.finish_purges(last))?;
            return Ok(None);
        };
        let count_pages =
            || self.read(|reader| reader.accessible_pages())?.ok_or(Unfinished::NoPageAccess);
        let (mut pages, mut next, mut overwritten) = (count_pages()?, 1, 0);
        while next <= pages {
            let end = pages.min(next.saturating_add(READ - 1));
            // A page that changes after this can only get remains of rows that still exist.
            let found = self.read(|reader| reader.pages_with_remains(next, end))?;
            for some in found.chunks(WRITE) {
                let some = some.to_owned();
                let overwrite = move |tx: &Tx<'_>| tx.overwrite_unused_space(&some);
                overwritten += self.write_blocking(WriteScope::Database, overwrite)?;
            }
            next = end + 1;
            // A page that was split since can have moved its remains to the end of the file.
            pages = count_pages()?;
            if !progress(end, pages.max(end)) {
                return Err(Unfinished::Stopped);
            }
        }
        truncate_wal(dir, || progress(pages, pages))?;
        self.write_blocking(WriteScope::Database, move |tx| tx.finish_purges(last))?;
        Ok(Some(Erasure { pages, overwritten }))
    }

    /// Counts the pages of the file that contain one of these texts.
    pub fn count_pages_with(&self, texts: &[String]) -> Result<u32, StoreError> {
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let pages = self.read(|reader| reader.accessible_pages())?.unwrap_or(0);
        let (mut next, mut count) = (1, 0);
        while next <= pages {
            let end = pages.min(next.saturating_add(READ - 1));
            count += self.read(|reader| reader.count_pages_with(&texts, next, end))?;
            next = end + 1;
        }
        Ok(count)
    }
}

/// Truncates the write-ahead log, which contains earlier versions of pages. Waits for reads,
/// during which nothing can be written, only for short moments.
fn truncate_wal(dir: &DataDir, mut should_go_on: impl FnMut() -> bool) -> Result<(), Unfinished> {
    let database = dir.database();
    let conn = connection::open_checkpointer(&database, Durability::Full)
        .and_then(|conn| conn.busy_timeout(TRUNCATE_WAIT).map(|()| conn))
        .map_err(StoreError::from)?;
    for _ in 0..TRUNCATE_ATTEMPTS {
        let busy: i64 = conn
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get("busy"))
            .map_err(StoreError::from)?;
        if busy == 0 {
            return Ok(());
        }
        if !should_go_on() {
            return Err(Unfinished::Stopped);
        }
        thread::sleep(TRUNCATE_WAIT);
    }
    let index = files::with_suffix(&database, files::SHM);
    Err(Unfinished::Reading(describe_readers(&lock_holders(&index, Lock::WAL_READ))))
}

fn describe_readers(holders: &[LockHolder]) -> String {
    match holders.first() {
        Some(holder) => format!("{holder} reads from it"),
        None => "a read transaction is open".to_owned(),
    }
}
