//! Tracks the size of the write-ahead log, and finds the processes that keep it from being reset
//! once it has outgrown its limit.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::store::files::lock_holders::{Lock, LockHolder, lock_holders};
use crate::store::files::with_suffix;

/// The size of one database's write-ahead log. Clones share it.
#[derive(Clone, Debug)]
pub(in crate::store) struct WalGrowth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: PathBuf,
    /// The size after the last commit.
    pages: AtomicU32,
    is_oversized: AtomicBool,
}

/// A log that is larger than it should be because some process still reads from it.
#[derive(Clone, Debug)]
pub(in crate::store) struct OversizedWal {
    bytes: u64,
    readers: Vec<LockHolder>,
}

impl fmt::Display for OversizedWal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = std::process::id();
        let others: Vec<String> = self
            .readers
            .iter()
            .filter(|reader| reader.pid != own)
            .map(LockHolder::to_string)
            .collect();
        write!(
            f,
            "the write-ahead log has grown to {} MiB and cannot be reset while ",
            self.bytes >> 20
        )?;
        match (others.is_empty(), self.readers.is_empty()) {
            (false, _) => {
                let keep = if others.len() == 1 { "keeps" } else { "keep" };
                write!(f, "{} {keep} a read transaction open", others.join(" and "))
            }
            (true, false) => f.write_str("a backup or another long read by this server is running"),
            (true, true) => f.write_str("a read transaction is open"),
        }
    }
}

impl WalGrowth {
    pub fn new(database: &Path) -> Self {
        Self(Arc::new(Inner {
            database: database.to_owned(),
            pages: AtomicU32::new(0),
            is_oversized: AtomicBool::new(false),
        }))
    }

    pub fn set_pages(&self, pages: u32) {
        self.0.pages.store(pages, Ordering::Relaxed);
    }

    pub fn pages(&self) -> u32 {
        self.0.pages.load(Ordering::Relaxed)
    }

    /// Warns that the log has outgrown its limit. Warns only once until
    /// [`WalGrowth::report_shrunk`] is called.
    pub fn report_oversized(&self) {
        if !self.0.is_oversized.swap(true, Ordering::Relaxed)
            && let Some(oversized) = self.oversized()
        {
            log::warn!(
                "{oversized}; end that transaction, because until then the log keeps growing and reads get slower"
            );
        }
    }

    /// Logs that the log is within its limit again. Uses the level of the warning that this ends.
    pub fn report_shrunk(&self) {
        // In the usual case, this is a single load.
        if self.0.is_oversized.load(Ordering::Relaxed)
            && self.0.is_oversized.swap(false, Ordering::Relaxed)
        {
            log::warn!("the write-ahead log was reset and is within its limit again");
        }
    }

    /// Returns the size of the log and its readers if the log has outgrown its limit.
    pub fn oversized(&self) -> Option<OversizedWal> {
        self.0.is_oversized.load(Ordering::Relaxed).then(|| OversizedWal {
            bytes: fs::metadata(with_suffix(&self.0.database, "-wal")).map_or(0, |log| log.len()),
            readers: lock_holders(&with_suffix(&self.0.database, "-shm"), Lock::WAL_READ),
        })
    }
}
