//! Takes the write-ahead log into the database file without holding up those who write. For the
//! writer, which asks for it after its commits.

use rusqlite::Connection;

use super::checkpoint_thread::{CheckpointThread, FailureReporter, checkpoint};
use super::damage::Damage;
use super::wal_growth::WalGrowth;

/// Pages of the log (of 4 KiB) from which on it is taken in. SQLite does so at 1000, and writes
/// pages that change often twice as often then. With 4000, what is synced at once holds up the
/// commits beside it for longer, and no more of them are made.
const CHECKPOINT_PAGES: u32 = 2000;
/// Pages from which on the log is reset even if reads overlap, which nothing else waits for. As
/// much as is left of its file (`WAL_KEPT`).
const RESET_PAGES: u32 = 16_000;
/// Attempts in a row that fail before the log counts as outgrown. One can fail because of a single
/// slow list.
const MAX_FAILED_RESETS: u32 = 2;

/// The log of one database. Most of it is taken in by a thread that runs beside the writer; the
/// rest by the writer itself, so that nothing is added to the log meanwhile and it can begin anew
/// (SQLite manual, "Write-Ahead Logging", 2.3).
pub(in crate::store) struct Checkpoints {
    growth: WalGrowth,
    thread: Option<CheckpointThread>,
    failures: FailureReporter,
    resets: Resets,
}

/// When to try next to reset a log that has passed [`LIMIT`].
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
    /// Waits until the log is a quarter longer: a reader that stays for hours must not hold up
    /// writes at every commit.
    fn record_failure(&mut self, pages: u32) {
        self.next_at = pages.saturating_add(pages / 4);
        self.failed = self.failed.saturating_add(1);
    }
}

impl Checkpoints {
    /// Takes over what SQLite would otherwise do by itself in the commits of this connection.
    pub fn new(writer: &mut Connection, damage: Damage) -> rusqlite::Result<Self> {
        let growth = WalGrowth::new(writer.path().unwrap_or_default().as_ref());
        let length = growth.clone();
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            length.set_pages(u32::try_from(pages).unwrap_or(0));
            Ok(())
        }))?;
        let failures = FailureReporter::new(damage);
        Ok(Self { growth, thread: None, failures, resets: Resets::default() })
    }

    /// The length of the log, for those who watch it.
    pub fn growth(&self) -> WalGrowth {
        self.growth.clone()
    }

    /// Sees to it that the log does not grow without end. Called between two transactions.
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
            Some(beside) if beside.is_busy => beside.has_finished(),
            Some(beside) => !beside.start_checkpoint(),
            // Without a thread the writer does it all.
            None => true,
        };
        if finished {
            checkpoint(writer, &self.failures);
            if pages >= self.resets.next_at {
                self.reset(pages);
            }
        }
    }

    /// Makes the next commit write the log from its beginning. Where a read is always open, one
    /// that began before the last commit, this never happens by itself: with the write lock held,
    /// reads that begin find everything in the file and need nothing of the log.
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
    use crate::store::{DataDir, Store, StoreError};

    /// Writes so many rows of a tenth of a megabyte, each in a transaction of its own.
    fn fill(store: &Store, rows: u32) {
        for _ in 0..rows {
            let write = move |tx: &crate::store::Tx<'_>| {
                let sql = "INSERT INTO idempotency_keys
                           SELECT 1, 'POST /', randomblob(16), zeroblob(32), 201, NULL,
                               zeroblob(100000), 0";
                tx.conn.prepare_cached(sql)?.execute([])?;
                Ok::<_, StoreError>(())
            };
            store.write_blocking(write).unwrap();
        }
    }

    fn store(dir: &DataDir) -> Store {
        let store = Store::open_or_create(dir, Arc::new(SystemClock)).unwrap();
        let workspace = "INSERT INTO workspaces VALUES (1, 'c1', 'w', 'W', 0)";
        store.write_blocking(|tx| Ok(tx.conn.execute_batch(workspace)?)).unwrap();
        store
    }

    fn wal_megabytes(dir: &DataDir) -> u64 {
        let log = dir.path().join("pivotal.db-wal");
        std::fs::metadata(log).unwrap().len() >> 20
    }

    /// Rewrites a row of half a megabyte, so many times.
    fn rewrite(store: &Store, times: u32) {
        for _ in 0..times {
            let sql = "UPDATE idempotency_keys SET body = randomblob(500000)";
            store.write_blocking(|tx| Ok(tx.conn.execute(sql, [])?)).unwrap();
        }
    }

    /// Holds snapshots in turn with another thread, so that one is open at every moment: each ends
    /// its own when the other one has begun.
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
            // Long enough for a few commits to be made meanwhile.
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
        // 64 MiB and what is written until it is reset, which a busy machine can put off a few
        // times, each time by a quarter. Without resets it has 386.
        assert!(longest < 250, "{longest} MiB");
        rewrite(&store, 140);
        assert!(wal_megabytes(&dir) <= 65, "{} MiB", wal_megabytes(&dir));
    }

    #[test]
    fn a_reader_that_stays_holds_up_few_writes() {
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
    fn the_log_stays_short_under_lasting_writes() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::new(temporary.path());
        let store = store(&dir);
        // Ten times as much as the log holds before it is taken in.
        fill(&store, 800);
        assert!(wal_megabytes(&dir) < 40, "{} MiB", wal_megabytes(&dir));
    }

    #[test]
    fn the_log_of_a_long_read_is_short_again_afterwards() {
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
        // It is written over from its beginning, as soon as what is in it has been taken in.
        assert!(wal_megabytes(&dir) < before + 40, "{before} and {} MiB", wal_megabytes(&dir));
    }
}
