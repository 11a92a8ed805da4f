//! The thread that checkpoints the write-ahead log into the database file while the writer runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::connection;
use super::damage::Damage;
use crate::store::engine::write_stats::WriteStats;
use crate::store::error::StoreError;

/// How many pages a checkpoint may leave to the writer, which cannot write while it checkpoints
/// them itself: a few milliseconds of work.
const MAX_REMAINDER: i64 = 256;
/// The maximum number of passes over the log. Each pass checkpoints what was written during the one
/// before it.
const MAX_PASSES: u32 = 8;
/// How long writes wait for the reads that keep the log from being reset.
const RESET_TIMEOUT: Duration = Duration::from_millis(100);

/// Measures checkpoints, and logs a failure once instead of after every commit.
#[derive(Clone)]
pub(in crate::store) struct CheckpointReporter {
    damage: Damage,
    stats: Arc<WriteStats>,
    reported: Arc<AtomicBool>,
}

impl CheckpointReporter {
    pub fn new(damage: Damage, stats: Arc<WriteStats>) -> Self {
        Self { damage, stats, reported: Arc::default() }
    }

    /// Runs one pass over the log.
    fn measure<T>(&self, pass: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = pass();
        self.stats.checkpointed(started.elapsed());
        result
    }

    fn report(&self, error: rusqlite::Error) {
        let error = self.damage.report(StoreError::from(error), self.damage.generation());
        if !self.reported.swap(true, Ordering::Relaxed) {
            log::warn!(
                "cannot checkpoint the write-ahead log, which keeps growing; retrying after every commit: {error}"
            );
        }
    }

    fn clear(&self) {
        if self.reported.swap(false, Ordering::Relaxed) {
            log::info!("checkpoints of the write-ahead log work again");
        }
    }
}

enum Task {
    CatchUp,
    Reset,
}

pub(in crate::store) struct CheckpointThread {
    tasks: Option<SyncSender<Task>>,
    /// Whether the task was completed.
    done: Receiver<bool>,
    pub is_busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl CheckpointThread {
    pub fn start(writer: &Connection, failures: &CheckpointReporter) -> Option<Self> {
        let path = writer.path()?.to_owned();
        let durability = connection::durability(writer).ok()?;
        let (tasks, received) = sync_channel(1);
        let (report_done, done) = sync_channel(1);
        let failures = failures.clone();
        let work = move || {
            let mut conn = None;
            while let Ok(task) = received.recv() {
                conn = conn.or_else(|| {
                    let opened = connection::open_checkpointer(path.as_ref(), durability);
                    opened.map_err(|error| failures.report(error)).ok()
                });
                let done = conn.as_ref().is_some_and(|conn| match task {
                    Task::CatchUp => catch_up(conn, &failures),
                    Task::Reset => reset(conn, &failures),
                });
                if report_done.send(done).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("checkpoints".to_owned()).spawn(work);
        let thread =
            thread.inspect_err(|error| log::warn!("cannot start the checkpoint thread: {error}"));
        Some(Self { tasks: Some(tasks), done, is_busy: false, thread: Some(thread.ok()?) })
    }

    /// Starts a checkpoint. Returns false if the thread has ended.
    pub fn start_checkpoint(&mut self) -> bool {
        self.is_busy = self.send(Task::CatchUp);
        self.is_busy
    }

    fn send(&self, task: Task) -> bool {
        self.tasks.as_ref().is_some_and(|tasks| tasks.try_send(task).is_ok())
    }

    /// Resets the log and waits for it: up to [`RESET_TIMEOUT`], plus the time the disk takes. Uses
    /// the thread's connection, so that the busy timeout of the writer's connection stays as it is.
    pub fn reset(&mut self) -> bool {
        self.send(Task::Reset) && self.done.recv().unwrap_or(false)
    }

    pub fn has_finished(&mut self) -> bool {
        self.is_busy = self.done.try_recv() == Err(TryRecvError::Empty);
        !self.is_busy
    }
}

impl Drop for CheckpointThread {
    fn drop(&mut self) {
        drop(self.tasks.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the checkpoint thread panicked");
        }
    }
}

/// Repeats the checkpoint until little of the log is left, or until readers still need an older
/// part of it.
fn catch_up(conn: &Connection, failures: &CheckpointReporter) -> bool {
    let mut left = i64::MAX;
    for _ in 0..MAX_PASSES {
        match checkpoint(conn, failures) {
            Some(now) if now > MAX_REMAINDER && now < left => left = now,
            Some(now) => return now <= MAX_REMAINDER,
            None => return false,
        }
    }
    false
}

/// Checkpoints the whole log and waits until no reader needs it, so that the next commit writes it
/// from its beginning (SQLite manual, "PRAGMA wal_checkpoint"). Returns false if a reader still
/// needs it.
fn reset(conn: &Connection, failures: &CheckpointReporter) -> bool {
    let done = conn.busy_timeout(RESET_TIMEOUT).and_then(|()| {
        let mut statement = conn.prepare_cached("PRAGMA wal_checkpoint(RESTART)")?;
        failures.measure(|| statement.query_row([], |row| Ok(row.get::<_, i64>("busy")? == 0)))
    });
    done.unwrap_or_else(|error| {
        failures.report(error);
        false
    })
}

/// Checkpoints what no reader needs, without waiting for anything, and returns the number of pages
/// left. Returns `None` if it failed; then the log only grows larger than it should.
pub(in crate::store) fn checkpoint(
    conn: &Connection,
    failures: &CheckpointReporter,
) -> Option<i64> {
    let left = |row: &rusqlite::Row<'_>| {
        Ok(row.get::<_, i64>("log")? - row.get::<_, i64>("checkpointed")?)
    };
    let passed = conn
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
        .and_then(|mut statement| failures.measure(|| statement.query_row([], left)));
    match passed {
        Ok(left) => {
            failures.clear();
            Some(left)
        }
        Err(error) => {
            failures.report(error);
            None
        }
    }
}
