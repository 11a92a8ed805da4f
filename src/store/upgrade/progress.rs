//! How far an upgrade is: lines in the log, as of a server, or a bar where nothing is logged, as at
//! a command.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::store::files::watch::Watch;

/// Time between two lines. Real time: they are for a person who waits.
const LOG_INTERVAL: Duration = Duration::from_secs(5);

/// Units of work. What they take is measured: a row is written in about four times the time that
/// one of its entries in an index takes.
const ROW: u64 = 4;
const ENTRY: u64 = 1;

pub(super) struct Progress<'w> {
    /// Whoever looks on, unless there is a log.
    watch: Option<&'w Arc<dyn Watch>>,
    total: u64,
    done: Cell<u64>,
    last_logged: Cell<Instant>,
}

impl<'w> Progress<'w> {
    /// Of so many rows, and so many entries of indexes.
    pub fn new(watch: &'w Arc<dyn Watch>, rows: u64, entries: u64) -> Self {
        // A bar would be drawn between the lines.
        let watch = (!log::log_enabled!(log::Level::Info)).then_some(watch);
        let total = rows * ROW + entries * ENTRY;
        Self { watch, total, done: Cell::new(0), last_logged: Cell::new(Instant::now()) }
    }

    /// So many rows were written.
    pub fn rows(&self, count: u64) {
        self.advance(count * ROW);
    }

    /// So many entries of an index were made.
    pub fn entries(&self, count: u64) {
        self.advance(count * ENTRY);
    }

    /// All is written.
    pub fn checking(&self) {
        if self.last_logged.get().elapsed() >= LOG_INTERVAL {
            log::info!("upgrading: checking the new file");
        }
        if let Some(watch) = self.watch {
            watch.on_check();
        }
    }

    fn advance(&self, units: u64) {
        let done = self.done.get() + units;
        self.done.set(done);
        if let Some(watch) = self.watch {
            watch.on_progress(done, self.total);
        }
        if self.last_logged.get().elapsed() >= LOG_INTERVAL {
            self.last_logged.set(Instant::now());
            log::info!("upgrading: {} %", percent(done, self.total));
        }
    }
}

fn percent(done: u64, total: u64) -> u64 {
    (done * 100).checked_div(total).unwrap_or(100).min(100)
}
