//! All changes go through one thread, which owns the only connection that writes. It runs the jobs
//! that are waiting in one transaction and responds to each once the transaction is on disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::checkpoints::Checkpoints;
use super::connection;
use super::damage::{Damage, Generation};
use crate::model::clock::Clock;
use crate::store::Tx;
use crate::store::engine::write_job::{Job, LOCK_TIMEOUT, Outcome, QUEUE_CAPACITY};
use crate::store::engine::write_stats::WriteStats;
use crate::store::error::StoreError;
use crate::store::files::lock_holders::{Lock, LockHolder, other_lock_holders};
use crate::store::files::{self, OpenFiles};
use crate::store::webhooks::signal::OutboxSignal;

/// How many jobs can share a transaction. With more, the first of them would wait for too long.
const MAX_GROUP: usize = 256;

/// What is checked before anything is written.
pub(in crate::store) struct Guards {
    pub damage: Damage,
    pub open_files: OpenFiles,
}

/// The handle to the writer thread. Dropping it ends the thread once the queue is empty.
pub(in crate::store) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    damage: Damage,
    stats: Arc<WriteStats>,
    is_stopping: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// Fails if the operating system cannot start a thread.
    pub fn start(
        mut conn: Connection,
        checkpoints: Checkpoints,
        clock: Arc<dyn Clock>,
        guards: Guards,
        outbox: OutboxSignal,
        stats: Arc<WriteStats>,
    ) -> std::io::Result<Self> {
        // Short, so that a change that waits for another process can be made to give up.
        conn.busy_timeout(connection::WRITER_TIMEOUT).map_err(std::io::Error::other)?;
        outbox.watch(&mut conn).map_err(std::io::Error::other)?;
        let (queue, jobs) = sync_channel(QUEUE_CAPACITY);
        let (damage, is_stopping) = (guards.damage.clone(), Arc::new(AtomicBool::new(false)));
        let cache = damage.generation();
        let worker = WriterThread {
            checkpoints,
            conn,
            clock,
            guards,
            outbox,
            cache,
            stats: Arc::clone(&stats),
            is_stopping: Arc::clone(&is_stopping),
        };
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || worker.run(&jobs))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), damage, stats, is_stopping })
    }

    /// From now on, makes changes fail instead of waiting for another process's lock.
    pub fn stop_waiting(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Queues a change. The receiver gets its result after the commit, or is closed if the change
    /// panicked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full, [`StoreError::Damaged`] or
    /// [`StoreError::SuspectedDamage`] if the file is or may be damaged.
    pub fn send<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        self.damage.ensure_undamaged()?;
        let (job, receiver) = Job::new(change);
        let stopped = || StoreError::Unavailable("the server is stopping".to_owned());
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        self.stats.job_queued();
        match queue.try_send(job) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => {
                self.stats.job_refused();
                Err(StoreError::Unavailable("too many changes are waiting".to_owned()))
            }
            Err(TrySendError::Disconnected(_)) => Err(stopped()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop_waiting();
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the writer thread panicked");
        }
    }
}

/// The state of the thread.
struct WriterThread {
    // The first field, so that its connection is closed before the last one, which removes the log.
    checkpoints: Checkpoints,
    conn: Connection,
    clock: Arc<dyn Clock>,
    guards: Guards,
    outbox: OutboxSignal,
    cache: Generation,
    stats: Arc<WriteStats>,
    is_stopping: Arc<AtomicBool>,
}

impl WriterThread {
    fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut size = 0;
            let group = std::iter::once(first).chain(jobs.try_iter().take(MAX_GROUP - 1));
            let group = group.inspect(|_| {
                self.stats.job_started();
                size += 1;
            });
            self.guards.damage.refresh(&self.conn, &mut self.cache);
            self.commit(group);
            self.stats.group_written(size);
            // After the responses, which do not need to wait for a checkpoint.
            self.checkpoints.after_commit(&self.conn);
        }
    }

    /// Runs jobs in one transaction, each in its own savepoint, and responds to them.
    fn commit(&self, mut group: impl Iterator<Item = Job>) {
        let mut outcomes = Vec::new();
        let committed = self.begin_transaction().and_then(|()| {
            for job in group.by_ref() {
                self.run_job(job, &mut outcomes)?;
            }
            let started = Instant::now();
            self.execute("COMMIT")?;
            self.stats.committed(started.elapsed());
            // A file that was moved away goes unnoticed otherwise: SQLite keeps writing to it.
            self.guards.open_files.ensure_in_place()
        });
        let Err(error) = committed else {
            self.outbox.committed();
            for outcome in outcomes {
                outcome.respond(Ok(()));
            }
            return;
        };
        self.stats.group_failed();
        let error = self.guards.damage.report(error, self.cache);
        log::error!("cannot store a group of changes: {error}");
        // After some errors, such as a full disk, SQLite has already rolled back.
        if !self.conn.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            log::error!("cannot roll back: {error}");
        }
        // These jobs had not started; they were waiting for the same lock or disk. Collect them
        // before responding to any caller: a job sent after a response has not waited.
        let waiting: Vec<Job> = group.collect();
        for outcome in outcomes {
            outcome.respond(Err(error.clone()));
        }
        for job in waiting {
            job.fail(error.clone());
        }
    }

    fn run_job(&self, job: Job, outcomes: &mut Vec<Outcome>) -> Result<(), StoreError> {
        self.execute("SAVEPOINT job")?;
        let tx = Tx { conn: (&self.conn).into(), now: self.clock.now() };
        if let Err(error) = job.run(&tx, outcomes) {
            // After some errors, such as a log that cannot grow, SQLite has rolled back the whole
            // transaction, and the jobs before this one are lost for the same reason. Nor may
            // anything be kept if the file may be damaged.
            if self.conn.is_autocommit() || matches!(error, StoreError::Damaged(_)) {
                return Err(error);
            }
            self.execute("ROLLBACK TO job")?;
        }
        self.execute("RELEASE job")
    }

    /// Begins a transaction, waiting while another process writes.
    fn begin_transaction(&self) -> Result<(), StoreError> {
        // The jobs may have been queued before the damage was detected.
        self.guards.damage.ensure_undamaged()?;
        self.guards.open_files.ensure_in_place()?;
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let begun = self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([]);
            let Err(error) = begun else { return Ok(()) };
            let is_busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
            if !is_busy {
                return Err(error.into());
            }
            if Instant::now() >= deadline || self.is_stopping.load(Ordering::Relaxed) {
                return Err(StoreError::Unavailable(self.describe_lock_holder()));
            }
        }
    }

    /// Describes the process that holds the lock this one is waiting for.
    fn describe_lock_holder(&self) -> String {
        let holder = self.conn.path().and_then(|path| other_lock_holder(path.as_ref()));
        let holder = holder.unwrap_or_else(|| "another process".to_owned());
        format!("{holder} is keeping a write transaction open")
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.conn.prepare_cached(sql)?.execute([]).map(drop)?)
    }
}

/// Returns another process that holds the write lock of a database.
pub(in crate::store) fn other_lock_holder(database: &Path) -> Option<String> {
    let index = files::with_suffix(database, files::SHM);
    other_lock_holders(&index, Lock::WAL_WRITE).first().map(LockHolder::to_string)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::model::clock::SystemClock;
    use crate::model::values::slug::Slug;
    use crate::model::values::text::Name;
    use crate::model::workspace::{NewWorkspace, Workspace};
    use crate::store::{DataDir, Store, StoreError, Tx, WriteScope};

    fn create(tx: &Tx<'_>, slug: &str) -> Result<Option<Workspace>, StoreError> {
        let (slug, name) = (Slug::parse(slug).unwrap(), Name::parse(slug).unwrap());
        tx.create_workspace(NewWorkspace { slug, name })
    }

    fn slugs(store: &Store) -> Vec<String> {
        let all = store.read(|reader| reader.workspaces()).unwrap();
        all.iter().map(|workspace| workspace.slug.to_string()).collect()
    }

    #[test]
    fn a_job_that_fails_or_panics_loses_only_its_own_changes() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        // The first job waits until the others are queued, so that all share one transaction.
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = store.database.send(WriteScope::Database, move |tx| {
            wait.recv().unwrap();
            create(tx, "first")
        });
        let failing = store.database.send(WriteScope::Database, |tx| {
            create(tx, "failing")?;
            Err::<(), _>(StoreError::SlugTaken)
        });
        let panicking = store.database.send(WriteScope::Database, |tx| {
            create(tx, "panicking")?;
            if tx.now().as_micros() > 0 {
                panic!("on purpose");
            }
            Ok(())
        });
        let last = store.database.send(WriteScope::Database, |tx| create(tx, "last"));
        go.send(()).unwrap();
        assert!(first.unwrap().blocking_recv().unwrap().unwrap().is_some());
        assert!(matches!(failing.unwrap().blocking_recv(), Ok(Err(StoreError::SlugTaken))));
        assert!(panicking.unwrap().blocking_recv().is_err());
        assert!(last.unwrap().blocking_recv().unwrap().unwrap().is_some());
        assert_eq!(slugs(&store), ["first", "last"]);
        assert!(
            store.write_blocking(WriteScope::Database, |tx| create(tx, "later")).unwrap().is_some()
        );
    }

    #[test]
    fn a_full_queue_refuses_changes_immediately() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = store.database.send(WriteScope::Database, move |tx| {
            wait.recv().unwrap();
            create(tx, "first")
        });
        let refused = (0..2 * super::QUEUE_CAPACITY)
            .find_map(|_| store.database.send(WriteScope::Database, |_| Ok(())).err());
        assert!(matches!(refused, Some(StoreError::Unavailable(_))));
        go.send(()).unwrap();
        assert!(first.unwrap().blocking_recv().unwrap().unwrap().is_some());
    }
    #[test]
    fn a_full_disk_fails_the_job_but_later_jobs_are_stored() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        // SQLite's own limit on the number of pages causes the error of a full disk. It is raised
        // to the size of the file if that is larger.
        let limit = |pages: i64| {
            let set = move |tx: &Tx<'_>| {
                Ok(tx.conn.sqlite()?.pragma_update(None, "max_page_count", pages)?)
            };
            store.write_blocking(WriteScope::Database, set).unwrap();
        };
        let fill = |tx: &Tx<'_>| {
            (0..10_000).try_for_each(|n| create(tx, &format!("filling-{n}")).map(drop))
        };
        limit(1);
        let refused = store.write_blocking(WriteScope::Database, fill);
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert_eq!(slugs(&store), [""; 0]);
        limit(i64::from(u32::MAX) - 1);
        store.write_blocking(WriteScope::Database, fill).unwrap();
        assert_eq!(slugs(&store).len(), 10_000);
    }

    #[test]
    fn when_sqlite_rolls_back_all_jobs_of_the_transaction_get_the_cause() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let first = store.database.send(WriteScope::Database, move |tx| {
            wait.recv().unwrap();
            create(tx, "first").map(drop)
        });
        // SQLite does this if a page that no longer fits into its cache cannot be written.
        let failing = store.database.send(WriteScope::Database, |tx| {
            tx.conn.execute_batch("ROLLBACK")?;
            Err::<(), _>(StoreError::Unavailable("the disk is full".to_owned()))
        });
        let last = store.database.send(WriteScope::Database, |tx| create(tx, "last").map(drop));
        go.send(()).unwrap();
        for job in [first, failing, last] {
            let refused = job.unwrap().blocking_recv().unwrap();
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
        assert_eq!(slugs(&store), [""; 0]);
        assert!(
            store.write_blocking(WriteScope::Database, |tx| create(tx, "later")).unwrap().is_some()
        );
    }
}
