//! Decides when to checkpoint and reset the write-ahead log, without holding up writes. Called by
//! the writer after its commits.

use std::sync::Arc;

use rusqlite::Connection;

use super::checkpoint_thread::{CheckpointReporter, CheckpointThread, checkpoint};
use super::damage::Damage;
use super::wal_growth::WalGrowth;
use crate::store::engine::write_stats::WriteStats;

/// The log size, in pages of 4 KiB, at which checkpoints start. At SQLite's default of 1000, pages
/// that change often are written twice as often. At 4000, each sync is larger and delays concurrent
/// commits for longer, without increasing their number.
const CHECKPOINT_PAGES: u32 = 2000;
/// The log size, in pages, at which the log is reset even if reads overlap. Only this reset waits
/// for readers. Matches the size to which SQLite truncates the log file (`WAL_SIZE_LIMIT`).
const RESET_PAGES: u32 = 16_000;
/// How many resets must fail in a row before the log counts as oversized. A single slow list can
/// make one fail.
const MAX_FAILED_RESETS: u32 = 2;

/// Keeps the log of one database short. A separate thread checkpoints most of it while the writer
/// runs. The writer checkpoints the rest itself, so that nothing is added to the log in the
/// meantime and it can restart from its beginning (SQLite manual, "Write-Ahead Logging", 2.3).
pub(in crate::store) struct Checkpoints {
    growth: WalGrowth,
    thread: Option<CheckpointThread>,
    failures: CheckpointReporter,
    resets: Resets,
}

/// When to try next to reset a log that has passed [`RESET_PAGES`].
struct Resets {
    next_at: u32,
    failed: u32,
}

impl Default for Resets {
    fn default() -> Self {
        Self { next_at: RESET_PAGES, failed: 0 }
    }
}

impl Resets {
    /// Delays the next attempt until the log is a quarter longer. Otherwise, a read that takes
    /// hours would delay every commit.
    fn record_failure(&mut self, pages: u32) {
        self.next_at = pages.saturating_add(pages / 4);
        self.failed = self.failed.saturating_add(1);
    }
}

impl Checkpoints {
    /// Takes over the checkpoints that SQLite would otherwise run in the commits of this
    /// connection.
    pub fn new(
        writer: &mut Connection,
        damage: Damage,
        stats: Arc<WriteStats>,
    ) -> rusqlite::Result<Self> {
        let growth = WalGrowth::new(writer.path().unwrap_or_default().as_ref());
        let length = growth.clone();
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            length.set_pages(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }))?;
        let failures = CheckpointReporter::new(damage, stats);
        Ok(Self { growth, thread: None, failures, resets: Resets::default() })
    }

    pub fn growth(&self) -> WalGrowth {
        self.growth.clone()
    }

    /// Keeps the log from growing without end. Called between transactions.
    pub fn after_commit(&mut self, writer: &Connection) {
        let pages = self.growth.pages();
        if pages < RESET_PAGES {
            self.resets = Resets::default();
            self.growth.report_shrunk();
        }
        if pages < CHECKPOINT_PAGES {
            return;
        }
        if self.thread.is_none() {
            self.thread = CheckpointThread::start(writer, &self.failures);
        }
        let finished = match &mut self.thread {
            Some(thread) if thread.is_busy => thread.has_finished(),
            Some(thread) => !thread.start_checkpoint(),
            // Without a thread, the writer does all the work.
            None => true,
        };
        if finished {
            checkpoint(writer, &self.failures);
            if pages >= self.resets.next_at {
                self.reset(pages);
            }
        }
    }

    /// Makes the next commit write the log from its beginning. This never happens by itself if, at
    /// every moment, some read is open that began before the last commit. The reset holds the write
    /// lock, so that new reads find everything in the database file and need nothing from the log.
    fn reset(&mut self, pages: u32) {
        if self.thread.as_mut().is_some_and(CheckpointThread::reset) {
            self.resets = Resets::default();
            return;
        }
        self.resets.record_failure(pages);
        if self.resets.failed >= MAX_FAILED_RESETS {
            self.growth.report_oversized();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use rusqlite::Connection;

    use crate::model::clock::SystemClock;
    use crate::store::{DataDir, Store, StoreError, WriteScope};

    /// Inserts rows of 100 kB, each in its own transaction.
    fn fill(store: &Store, rows: u32) {
        for _ in 0..rows {
            let write = move |tx: &crate::store::Tx<'_>| {
                let sql = "INSERT INTO idempotency_keys
                           SELECT 1, 'POST /', randomblob(16), zeroblob(32), 201, NULL,
                               zeroblob(100000), 0";
                tx.conn.prepare_cached(sql)?.execute(())?;
                Ok::<_, StoreError>(())
            };
            store.write_blocking(WriteScope::Database, write).unwrap();
        }
    }

    fn store(dir: &DataDir) -> Store {
        let store = Store::open_or_create(dir, Arc::new(SystemClock)).unwrap();
        let workspace = "INSERT INTO workspaces VALUES (1, 'c1', 'w', 'W', 0, 'USD')";
        store
            .write_blocking(WriteScope::Database, |tx| Ok(tx.conn.execute_batch(workspace)?))
            .unwrap();
        store
    }

    fn wal_megabytes(dir: &DataDir) -> u64 {
        let log = dir.path().join("pivotal.db-wal");
        std::fs::metadata(log).unwrap().len() >> 20
    }

    /// Rewrites a row of 500 kB this many times.
    fn rewrite(store: &Store, times: u32) {
        for _ in 0..times {
            let sql = "UPDATE idempotency_keys SET body = randomblob(500000)";
            store.write_blocking(WriteScope::Database, |tx| Ok(tx.conn.execute(sql, ())?)).unwrap();
        }
    }

    /// Alternates snapshots with another thread, so that one is open at every moment: each thread
    /// ends its own once the other thread has begun one.
    fn take_turns(
        file: &Path,
        first: bool,
        (ours_began, theirs_began): (&Sender<()>, &Receiver<()>),
        stop: &AtomicBool,
    ) {
        let conn = Connection::open(file).unwrap();
        conn.busy_timeout(Duration::from_secs(60)).unwrap();
        let mut wait = !first;
        while !stop.load(Ordering::Relaxed) {
            if wait && theirs_began.recv().is_err() {
                return;
            }
            if !conn.is_autocommit() {
                conn.execute_batch("COMMIT").unwrap();
            }
            conn.execute_batch("BEGIN; SELECT * FROM workspaces").unwrap();
            // Long enough for a few commits.
            std::thread::sleep(Duration::from_millis(25));
            if ours_began.send(()).is_err() {
                return;
            }
            wait = true;
        }
    }

    #[test]
    fn the_log_stays_bounded_while_reads_always_overlap() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::new(temporary.path());
        let store = store(&dir);
        fill(&store, 1);
        let stop = AtomicBool::new(false);
        let mut longest = 0;
        std::thread::scope(|scope| {
            let (to_second, from_first) = channel();
            let (to_first, from_second) = channel();
            let (file, stop) = (dir.database(), &stop);
            let (a, b) = (file.clone(), file);
            scope.spawn(move || take_turns(&a, true, (&to_second, &from_second), stop));
            scope.spawn(move || take_turns(&b, false, (&to_first, &from_first), stop));
            for _ in 0..800 {
                rewrite(&store, 1);
                longest = longest.max(wal_megabytes(&dir));
            }
            stop.store(true, Ordering::Relaxed);
        });
        // 64 MiB plus what is written before the log is reset. On a busy machine the reset can be
        // put off a few times, each time by a quarter. Without resets the log reaches 386 MiB.
        assert!(longest < 250, "{longest} MiB");
        rewrite(&store, 140);
        assert!(wal_megabytes(&dir) <= 65, "{} MiB", wal_megabytes(&dir));
    }

    #[test]
    fn a_long_reader_holds_up_few_writes() {
        let mut resets = super::Resets::default();
        let mut attempts = 0;
        for pages in (0..1_000_000).step_by(100) {
            if pages >= resets.next_at {
                resets.record_failure(pages);
                attempts += 1;
            }
        }
        assert!((10..30).contains(&attempts), "{attempts}");
    }

    #[test]
    fn the_log_stays_short_under_continuous_writes() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::new(temporary.path());
        let store = store(&dir);
        // Ten times the size at which the log is checkpointed.
        fill(&store, 800);
        assert!(wal_megabytes(&dir) < 40, "{} MiB", wal_megabytes(&dir));
    }

    #[test]
    fn the_log_stops_growing_after_a_long_read() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::new(temporary.path());
        let store = store(&dir);
        let snapshot = store.snapshot().unwrap();
        let seen = snapshot.read(|reader| reader.workspaces()).unwrap().len();
        fill(&store, 400);
        assert!(wal_megabytes(&dir) >= 38, "{} MiB", wal_megabytes(&dir));
        assert_eq!(snapshot.read(|reader| reader.workspaces()).unwrap().len(), seen);
        drop(snapshot);
        let before = wal_megabytes(&dir);
        fill(&store, 800);
        // The log is overwritten from its beginning as soon as its contents have been checkpointed.
        assert!(wal_megabytes(&dir) < before + 40, "{before} and {} MiB", wal_megabytes(&dir));
    }
}
