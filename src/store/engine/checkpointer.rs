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
const REST: i64 = 256;
/// Passes over the log, of which each takes in what was written during the one before it.
const PASSES: u32 = 8;
/// How long writes wait for the reads that keep the log from being reset.
const RESET_TIMEOUT: Duration = Duration::from_millis(100);

/// What went wrong, told once and not after every commit.
#[derive(Clone)]
pub(in crate::store) struct Faults {
    damage: Damage,
    told: Arc<AtomicBool>,
}

impl Faults {
    pub fn new(damage: Damage) -> Self {
        Self { damage, told: Arc::default() }
    }

    fn report(&self, error: rusqlite::Error) {
        let error = self.damage.judge(StoreError::from(error), self.damage.generation());
        if !self.told.swap(true, Ordering::Relaxed) {
            log::warn!(
                "the write-ahead log cannot be taken in and grows; it is tried again after every commit: {error}"
            );
        }
    }

    fn none(&self) {
        if self.told.swap(false, Ordering::Relaxed) {
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
pub(in crate::store) struct Beside {
    ask: Option<SyncSender<Task>>,
    /// Whether the task was done to its end.
    done: Receiver<bool>,
    pub at_work: bool,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    pub fn start(writer: &Connection, faults: &Faults) -> Option<Self> {
        let path = writer.path()?.to_owned();
        let (ask, asked) = sync_channel(1);
        let (tell, done) = sync_channel(1);
        let faults = faults.clone();
        let work = move || {
            let mut conn = None;
            while let Ok(task) = asked.recv() {
                conn = conn.or_else(|| {
                    let opened = sqlite::open_checkpointer(path.as_ref());
                    opened.map_err(|error| faults.report(error)).ok()
                });
                let done = conn.as_ref().is_some_and(|conn| match task {
                    Task::CatchUp => catch_up(conn, &faults),
                    Task::Reset => reset(conn, &faults),
                });
                if tell.send(done).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("checkpoints".to_owned()).spawn(work);
        let thread = thread.inspect_err(|error| log::warn!("no thread for checkpoints: {error}"));
        Some(Self { ask: Some(ask), done, at_work: false, thread: Some(thread.ok()?) })
    }

    /// Lets the thread begin; false when it has ended.
    pub fn begin(&mut self) -> bool {
        self.at_work = self.ask(Task::CatchUp);
        self.at_work
    }

    fn ask(&self, task: Task) -> bool {
        self.ask.as_ref().is_some_and(|ask| ask.try_send(task).is_ok())
    }

    /// Resets the log and waits for it, for [`RESET_TIMEOUT`] and what the disk takes. On the
    /// thread's connection: the writer's keeps its own way of waiting for locks.
    pub fn reset(&mut self) -> bool {
        self.ask(Task::Reset) && self.done.recv().unwrap_or(false)
    }

    pub fn has_finished(&mut self) -> bool {
        self.at_work = self.done.try_recv() == Err(TryRecvError::Empty);
        !self.at_work
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.ask.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the thread for checkpoints ended with a panic");
        }
    }
}

/// Takes the log in, again and again until little of it is left or others read from an older part
/// of it.
fn catch_up(conn: &Connection, faults: &Faults) -> bool {
    let mut left = i64::MAX;
    for _ in 0..PASSES {
        match take_in(conn, faults) {
            Some(now) if now > REST && now < left => left = now,
            Some(now) => return now <= REST,
            None => return false,
        }
    }
    false
}

/// Takes the whole log in and waits until nobody reads from it, so that the next commit writes it
/// from its beginning (SQLite manual, "PRAGMA wal_checkpoint"). False when somebody kept reading.
fn reset(conn: &Connection, faults: &Faults) -> bool {
    let done = conn.busy_timeout(RESET_TIMEOUT).and_then(|()| {
        let mut statement = conn.prepare_cached("PRAGMA wal_checkpoint(RESTART)")?;
        statement.query_row([], |row| Ok(row.get::<_, i64>("busy")? == 0))
    });
    done.unwrap_or_else(|error| {
        faults.report(error);
        false
    })
}

/// Takes in what nobody reads any more, without waiting for anybody, and tells how many pages are
/// left; nothing when it failed, in which case the log only grows longer than it should.
pub(in crate::store) fn take_in(conn: &Connection, faults: &Faults) -> Option<i64> {
    let left = |row: &rusqlite::Row<'_>| {
        Ok(row.get::<_, i64>("log")? - row.get::<_, i64>("checkpointed")?)
    };
    let passed = conn
        .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
        .and_then(|mut statement| statement.query_row([], left));
    match passed {
        Ok(left) => {
            faults.none();
            Some(left)
        }
        Err(error) => {
            faults.report(error);
            None
        }
    }
}
