//! Counts the bytes that a connection writes to the write-ahead log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::Wal;

/// The number of pages in the log at which SQLite checkpoints by default. The hook replaces its
/// own.
const CHECKPOINT_PAGES: u64 = 1000;
/// The header of each page in the log (SQLite file format, 4.1).
const FRAME_HEADER: u64 = 24;

pub struct LogSize {
    frames: Arc<AtomicU64>,
    page_size: u64,
}

impl LogSize {
    /// Starts counting. The log must be empty.
    pub fn watch(conn: &mut Connection) -> rusqlite::Result<Self> {
        let page_size: i64 = conn.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let frames = Arc::new(AtomicU64::new(0));
        let (counted, mut before) = (Arc::clone(&frames), 0);
        conn.wal_hook(Some(move |log: &mut Wal, pages: i32| {
            let pages = u64::from(pages.unsigned_abs());
            // After a checkpoint, the log restarts from its beginning.
            let new = if pages > before { pages - before } else { pages };
            counted.fetch_add(new, Ordering::Relaxed);
            before = pages;
            if pages >= CHECKPOINT_PAGES { log.checkpoint() } else { Ok(()) }
        }))?;
        Ok(Self { frames, page_size: page_size.unsigned_abs() })
    }

    pub fn bytes(&self) -> u64 {
        self.frames.load(Ordering::Relaxed) * (self.page_size + FRAME_HEADER)
    }
}
