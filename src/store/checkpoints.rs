//! Takes the write-ahead log into the database file without holding up those who write. For the
//! writer, which asks for it after its commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::damage::Damage;
use super::error::StoreError;
use super::sqlite;

/// Pages of the log (of 4 KiB) from which on it is taken in. SQLite does so at 1000, and writes
/// pages that change often twice as often then. With 4000, what is synced at once holds up the
/// commits beside it for longer, and no more of them are made.
const BEGIN: u32 = 2000;
/// Pages that may be left for the writer, which cannot write meanwhile: a few milliseconds.
const REST: i64 = 256;
/// Passes over the log, of which each takes in what was written during the one before it.
const PASSES: u32 = 8;

/// The log of one database. Most of it is taken in by a thread that runs beside the writer; the
/// rest by the writer itself, so that nothing is added to the log meanwhile and it can begin anew
/// (SQLite manual, "Write-Ahead Logging", 2.3).
pub(super) struct Checkpoints {
    /// The log's length after the last commit.
    pages: Arc<AtomicU32>,
    beside: Option<Beside>,
    faults: Faults,
}

/// What went wrong, told once and not after every commit.
#[derive(Clone)]
struct Faults {
    damage: Damage,
    told: Arc<AtomicBool>,
}

impl Faults {
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

/// The thread, and whether it is at work.
struct Beside {
    ask: Option<SyncSender<()>>,
    done: Receiver<()>,
    at_work: bool,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Takes over what SQLite would otherwise do by itself in the commits of this connection.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn of(writer: &mut Connection, damage: Damage) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicU32::new(0));
        let length = Arc::clone(&pages);
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            length.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, beside: None, faults: Faults { damage, told: Arc::default() } })
    }

    /// Sees to it that the log does not grow without end. Called between two transactions.
    pub fn after_commit(&mut self, writer: &Connection) {
        if self.pages.load(Ordering::Relaxed) < BEGIN {
            return;
        }
        if self.beside.is_none() {
            self.beside = Beside::start(writer, &self.faults);
        }
        let finished = match &mut self.beside {
            Some(beside) if beside.at_work => beside.has_finished(),
            Some(beside) => !beside.begin(),
            // Without a thread the writer does it all.
            None => true,
        };
        if finished {
            take_in(writer, &self.faults);
        }
    }
}

impl Beside {
    fn start(writer: &Connection, faults: &Faults) -> Option<Self> {
        let path = writer.path()?.to_owned();
        let (ask, asked) = sync_channel(1);
        let (tell, done) = sync_channel(1);
        let faults = faults.clone();
        let work = move || {
            let mut conn = None;
            while asked.recv().is_ok() {
                conn = conn.or_else(|| {
                    let opened = sqlite::open_checkpointer(path.as_ref());
                    opened.map_err(|error| faults.report(error)).ok()
                });
                if let Some(conn) = &conn {
                    catch_up(conn, &faults);
                }
                if tell.send(()).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("checkpoints".to_owned()).spawn(work);
        let thread = thread.inspect_err(|error| log::warn!("no thread for checkpoints: {error}"));
        Some(Self { ask: Some(ask), done, at_work: false, thread: Some(thread.ok()?) })
    }

    /// Lets the thread begin; false when it has ended.
    fn begin(&mut self) -> bool {
        self.at_work = self.ask.as_ref().is_some_and(|ask| ask.try_send(()).is_ok());
        self.at_work
    }

    fn has_finished(&mut self) -> bool {
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
fn catch_up(conn: &Connection, faults: &Faults) {
    let mut left = i64::MAX;
    for _ in 0..PASSES {
        match take_in(conn, faults) {
            Some(now) if now > REST && now < left => left = now,
            _ => return,
        }
    }
}

/// Takes in what nobody reads any more, without waiting for anybody, and tells how many pages are
/// left; nothing when it failed, in which case the log only grows longer than it should.
fn take_in(conn: &Connection, faults: &Faults) -> Option<i64> {
    let left = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::time::SystemClock;
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

    fn log_megabytes(dir: &DataDir) -> u64 {
        let log = dir.path().join("pivotal.db-wal");
        std::fs::metadata(log).unwrap().len() >> 20
    }

    #[test]
    fn the_log_stays_short_under_lasting_writes() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::new(temporary.path());
        let store = store(&dir);
        // Ten times as much as the log holds before it is taken in.
        fill(&store, 800);
        assert!(log_megabytes(&dir) < 40, "{} MiB", log_megabytes(&dir));
    }

    #[test]
    fn the_log_of_a_long_read_is_short_again_afterwards() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = DataDir::new(temporary.path());
        let store = store(&dir);
        let snapshot = store.snapshot().unwrap();
        let seen = snapshot.read(|reader| reader.workspaces()).unwrap().len();
        fill(&store, 400);
        assert!(log_megabytes(&dir) >= 38, "{} MiB", log_megabytes(&dir));
        assert_eq!(snapshot.read(|reader| reader.workspaces()).unwrap().len(), seen);
        drop(snapshot);
        let before = log_megabytes(&dir);
        fill(&store, 800);
        // It is written over from its beginning, as soon as what is in it has been taken in.
        assert!(log_megabytes(&dir) < before + 40, "{before} and {} MiB", log_megabytes(&dir));
    }
}
