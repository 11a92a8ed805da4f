//! Shows the progress of an upgrade: as log lines if logging is on, as for a server, otherwise
//! through the watch, which draws a progress bar for a command.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::store::files::watch::Watch;

/// Time between two log lines. Real time, because they are for a person who is waiting.
const LOG_INTERVAL: Duration = Duration::from_secs(5);

/// Units of work. The ratio is measured: writing a row takes about four times as long as writing an
/// index entry.
const ROW: u64 = 4;
const ENTRY: u64 = 1;

pub(super) struct Progress<'w> {
    /// `None` if the log is used instead.
    watch: Option<&'w Arc<dyn Watch>>,
    total: u64,
    done: Cell<u64>,
    last_logged: Cell<Instant>,
}

impl<'w> Progress<'w> {
    /// Creates the progress of writing this many rows and index entries.
    pub fn new(watch: &'w Arc<dyn Watch>, rows: u64, entries: u64) -> Self {
        // A progress bar would be interleaved with the log lines.
        let watch = (!log::log_enabled!(log::Level::Info)).then_some(watch);
        let total = rows * ROW + entries * ENTRY;
        Self { watch, total, done: Cell::new(0), last_logged: Cell::new(Instant::now()) }
    }

    /// Adds rows that were written.
    pub fn rows(&self, count: u64) {
        self.advance(count * ROW);
    }

    /// Adds index entries that were written.
    pub fn entries(&self, count: u64) {
        self.advance(count * ENTRY);
    }

    /// Reports that everything is written and the checks begin.
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
            log::info!("upgrading: {}%", percent(done, self.total));
        }
    }
}

fn percent(done: u64, total: u64) -> u64 {
    (done * 100).checked_div(total).unwrap_or(100).min(100)
}
