//! Changes on PostgreSQL: threads with a connection each, which write groups of jobs with the same
//! scope. Groups of different workspaces are written at the same time, by this server and by others.

pub(in crate::store) mod group;
mod queue;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use self::group::RunningGroup;
use self::queue::{Group, GroupQueue, Refused};
use super::connect::connector::Connector;
use super::connect::session::Session;
use super::connection::PgConnection;
use super::failure::classify;
use crate::model::clock::Clock;
use crate::store::Tx;
use crate::store::engine::write_job::{Job, LOCK_TIMEOUT, QUEUE_CAPACITY};
use crate::store::engine::write_stats::WriteStats;
use crate::store::error::StoreError;
use crate::store::webhooks::signal::OutboxSignal;
use crate::store::write_scope::WriteScope;

/// How many jobs can share a transaction. PostgreSQL keeps this many savepoints of a transaction in
/// shared memory; with more, every reader would have to look them up on disk.
const MAX_GROUP: usize = 64;
/// After a failure to connect, changes fail at once for this long. Real time, because it depends on
/// another machine.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a server may take to respond that a commit has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The handle to the threads. Dropping it ends them once the queue is empty.
pub(in crate::store) struct Writer {
    queue: Arc<GroupQueue<Job>>,
    threads: Vec<JoinHandle<()>>,
    stats: Arc<WriteStats>,
}

impl Writer {
    /// Starts the threads.
    ///
    /// # Errors
    /// Fails if the operating system cannot start a thread.
    pub fn start(
        threads: usize,
        connector: &Connector,
        clock: &Arc<dyn Clock>,
        outbox: &OutboxSignal,
        stats: Arc<WriteStats>,
    ) -> io::Result<Self> {
        let queue = Arc::new(GroupQueue::new(QUEUE_CAPACITY, MAX_GROUP));
        let mut writer = Self { queue, threads: Vec::new(), stats };
        for number in 1..=threads.max(1) {
            let worker = WriterThread {
                queue: Arc::clone(&writer.queue),
                connector: connector.clone(),
                clock: Arc::clone(clock),
                outbox: outbox.clone(),
                stats: Arc::clone(&writer.stats),
                conn: None,
                hanging: None,
                failed: None,
            };
            let named = thread::Builder::new().name(format!("writer-{number}"));
            writer.threads.push(named.spawn(move || worker.run())?);
        }
        Ok(writer)
    }

    /// Queues a change. The receiver gets its result after the commit, or is closed if the change
    /// panicked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the queue is full.
    pub fn send<T: Send + 'static>(
        &self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        let (job, receiver) = Job::new(change);
        self.stats.job_queued();
        match self.queue.push(scope, job) {
            Ok(()) => Ok(receiver),
            Err(refused) => {
                self.stats.job_refused();
                Err(StoreError::Unavailable(match refused {
                    Refused::Full => "too many changes are waiting".to_owned(),
                    Refused::Closed => "the server is stopping".to_owned(),
                }))
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                log::error!("a writer thread panicked");
            }
        }
    }
}

/// The state of a thread.
struct WriterThread {
    queue: Arc<GroupQueue<Job>>,
    connector: Connector,
    clock: Arc<dyn Clock>,
    outbox: OutboxSignal,
    stats: Arc<WriteStats>,
    conn: Option<PgConnection>,
    /// A connection whose commit took too long, and may still wait for a standby. There is at most
    /// one, so that the server doesn't run out of connections.
    hanging: Option<PgConnection>,
    /// When and why the last attempt to connect failed.
    failed: Option<(Instant, StoreError)>,
}

impl WriterThread {
    fn run(mut self) {
        while let Some(Group { scope, jobs }) = self.queue.take() {
            jobs.iter().for_each(|_| self.stats.job_started());
            let size = jobs.len() as u64;
            let mut group = RunningGroup::new(jobs);
            let is_known = self.is_pausing();
            let stored = self.write(scope, &mut group);
            self.stats.group_written(size);
            if let Err(error) = &stored {
                self.stats.group_failed();
                if !is_known {
                    log::error!("cannot store a group of changes: {error}");
                }
                // Whatever state it is in: the next group gets a new one.
                self.hanging = self.conn.take().filter(PgConnection::is_waiting);
            }
            // Before the responses: a job that is sent after one must find its scope free.
            self.queue.finish(scope);
            group.respond(&stored);
        }
    }

    fn write(&mut self, scope: WriteScope, group: &mut RunningGroup) -> Result<(), StoreError> {
        self.connector.lease().check()?;
        self.check_hanging()?;
        let conn = self.begin(scope)?;
        let stored = group.write(&conn, self.connector.lease(), &*self.clock, &self.stats);
        if conn.take_outbox_change() {
            self.outbox.wake();
        }
        self.conn = Some(conn);
        stored
    }

    /// Fails while the last commit still waits for a standby, unless another host is the primary.
    fn check_hanging(&mut self) -> Result<(), StoreError> {
        let preferred = self.connector.preferred();
        self.hanging.take_if(|conn| conn.origin().host != preferred || conn.has_responded(LOOK));
        match self.hanging {
            Some(_) => Err(StoreError::Unavailable("no standby confirms changes".to_owned())),
            None => Ok(()),
        }
    }

    /// Begins a transaction. If the connection was lost since the last one, or its server accepts
    /// changes no longer, gets a new one. Returns the connection.
    fn begin(&mut self, scope: WriteScope) -> Result<PgConnection, StoreError> {
        if let Some(conn) = self.conn.take().filter(|conn| !conn.is_closed())
            && !self.connector.lease().is_of_another(conn.origin().primary)
        {
            match RunningGroup::begin(&conn, scope) {
                Ok(()) => return Ok(conn),
                Err(error) if is_lock_timeout(&error) => return Err(busy(scope)),
                // Nothing has run yet.
                Err(_) => {}
            }
        }
        let conn = self.reconnect()?;
        RunningGroup::begin(&conn, scope).map_err(|error| match is_lock_timeout(&error) {
            true => busy(scope),
            false => classify(&error).into(),
        })?;
        Ok(conn)
    }

    /// Returns whether changes fail at once because the last attempt to connect has just failed.
    fn is_pausing(&self) -> bool {
        self.failed.as_ref().is_some_and(|(at, _)| at.elapsed() < PAUSE)
    }

    fn reconnect(&mut self) -> Result<PgConnection, StoreError> {
        if let Some((_, error)) = self.failed.as_ref().filter(|_| self.is_pausing()) {
            return Err(error.clone());
        }
        let connected = self.connector.connect(Session::writer(LOCK_TIMEOUT));
        let connected = connected.map_err(|error| StoreError::Unavailable(error.to_string()));
        let connected = connected.and_then(|conn| {
            self.connector.lease().check_for(conn.origin().primary).map(|()| conn)
        });
        self.failed = connected.as_ref().err().map(|error| (Instant::now(), error.clone()));
        connected
    }
}

fn is_lock_timeout(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE)
}

fn busy(scope: WriteScope) -> StoreError {
    StoreError::Unavailable(match scope {
        WriteScope::Workspace(_) => "another server keeps changing this workspace".to_owned(),
        WriteScope::Database | WriteScope::SingleRow => {
            "another server is changing the whole database".to_owned()
        }
    })
}
