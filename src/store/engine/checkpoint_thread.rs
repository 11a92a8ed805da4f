//! The thread that takes the write-ahead log into the database file, beside the writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::damage::Damage;
use super::sqlite;
use crate::store::error::StoreError;

/// Pages that may be left for the writer, which cannot write meanwhile: a few milliseconds.
const MAX_REMAINDER: i64 = 256;
/// Passes over the log, of which each takes in what was written during the one before it.
const MAX_PASSES: u32 = 8;
/// How long writes wait for the reads that keep the log from being reset.
const RESET_TIMEOUT: Duration = Duration::from_millis(100);

/// What went wrong, told once and not after every commit.
#[derive(Clone)]
pub(in crate::store) struct FailureReporter {
    damage: Damage,
    reported: Arc<AtomicBool>,
}

impl FailureReporter {
    pub fn new(damage: Damage) -> Self {
        Self { damage, reported: Arc::default() }
    }

    fn report(&self, error: rusqlite::Error) {
        let error = self.damage.report(StoreError::from(error), self.damage.generation());
        if !self.reported.swap(true, Ordering::Relaxed) {
            log::warn!(
                "the write-ahead log cannot be taken in and grows; it is tried again after every commit: {error}"
            );
        }
    }

    fn clear(&self) {
        if self.reported.swap(false, Ordering::Relaxed) {
            log::info!("the write-ahead log is taken in again");
        }
    }
}

/// What the thread is asked to do.
enum Task {
    CatchUp,
    Reset,
}

/// The thread, and whether it is at work.
pub(in crate::store) struct CheckpointThread {
    tasks: Option<SyncSender<Task>>,
    /// Whether the task was done to its end.
    done: Receiver<bool>,
    pub is_busy: bool,
    thread: Option<JoinHandle<()>>,
}

impl CheckpointThread {
    pub fn start(writer: &Connection, failures: &FailureReporter) -> Option<Self> {
        let path = writer.path()?.to_owned();
        let (ask, asked) = sync_channel(1);
        let (report_done, done) = sync_channel(1);
        let failures = failures.clone();
        let work = move || {
            let mut conn = None;
            while let Ok(task) = asked.recv() {
                conn = conn.or_else(|| {
                    let opened = sqlite::open_checkpointer(path.as_ref());
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
        let thread = thread.inspect_err(|error| log::warn!("no thread for checkpoints: {error}"));
        Some(Self { tasks: Some(ask), done, is_busy: false, thread: Some(thread.ok()?) })
    }

    /// Lets the thread begin; false when it has ended.
    pub fn start_checkpoint(&mut self) -> bool {
        self.is_busy = self.send(Task::CatchUp);
        self.is_busy
    }

    fn send(&self, task: Task) -> bool {
        self.tasks.as_ref().is_some_and(|ask| ask.try_send(task).is_ok())
    }

    /// Resets the log and waits for it, for [`RESET_TIMEOUT`] and what the disk takes. On the
    /// thread's connection: the writer's keeps its own way of waiting for locks.
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
            log::error!("the thread for checkpoints ended with a panic");
        }
    }
}

/// Takes the log in, again and again until little of it is left or others read from an older part
/// of it.
fn catch_up(conn: &Connection, failures: &FailureReporter) -> bool {
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

/// Takes the whole log in and waits until nobody reads from it, so that the next commit writes it
/// from its beginning (SQLite manual, "PRAGMA wal_checkpoint"). False when somebody kept reading.
fn reset(conn: &Connection, failures: &FailureReporter) -> bool {
    let done = conn.busy_timeout(RESET_TIMEOUT).and_then(|()| {
        let mut statement = conn.prepare_cached("PRAGMA wal_checkpoint(RESTART)")?;
        statement.query_row([], |row| Ok(row.get::<_, i64>("busy")? == 0))
    });
    done.unwrap_or_else(|error| {
        failures.report(error);
        false
    })
}

/// Takes in what nobody reads any more, without waiting for anybody, and tells how many pages are
/// left; nothing when it failed, in which case the log only grows longer than it should.
pub(in crate::store) fn checkpoint(conn: &Connection, failures: &FailureReporter) -> Option<i64> {
    let left = |row: &rusqlite::Row<'_>| {
        Ok(row.get::<_, i64>("log")? - row.get::<_, i64>("checkpointed")?)
    };
    let passed = conn
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
        .and_then(|mut statement| statement.query_row([], left));
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
