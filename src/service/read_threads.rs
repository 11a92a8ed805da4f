//! Threads for reads that may be slow, so that these don't hold up the web workers or each other.
//! The API's filtered lists and the admin pages have separate threads, and slow hashes use neither.
//! Lookups have threads only if the database is on another machine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use crate::store::{ReadLimit, StoreError};

type Job = Box<dyn FnOnce() + Send>;

/// A pool of threads that ends when it is dropped.
#[derive(Debug)]
pub(crate) struct ReadThreads {
    jobs: Sender<Job>,
    slots: Arc<Semaphore>,
    timeout: Duration,
    refused: AtomicU64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadThreadsError {
    #[error("too many reads are waiting for a thread")]
    Busy,
    /// No thread could be started.
    #[error("no thread is available for reads")]
    NoThread,
    /// The panic hook has logged the panic itself.
    #[error("the read panicked")]
    Panicked,
}

impl ReadThreads {
    /// Starts up to `count` threads, for reads that take at most `timeout`, including the time that
    /// they wait. If the system can't provide all threads, the pool works with fewer. Refuses reads
    /// while `max_waiting` of them wait for a thread.
    pub fn start(name: &str, count: usize, max_waiting: usize, timeout: Duration) -> Self {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..count {
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new().name(name.to_owned());
            if let Err(error) = thread.spawn(move || work(&waiting)) {
                log::error!("cannot start a thread for reads: {error}");
            }
        }
        let slots = Arc::new(Semaphore::new(count + max_waiting));
        Self { jobs, slots, timeout, refused: AtomicU64::new(0) }
    }

    /// Returns how many reads were refused because too many were waiting.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Runs a read on one of the threads. If the future is dropped because the client disconnected,
    /// the read is canceled or never starts.
    pub async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(ReadLimit) -> T + Send + 'static,
    ) -> Result<T, ReadThreadsError> {
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        let slot = slot.map_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
            ReadThreadsError::Busy
        })?;
        let (limit, _waiting) = ReadLimit::new(self.timeout);
        let (done, result) = oneshot::channel();
        let job = Box::new(move || {
            // Sending fails if the caller no longer waits for the result.
            let _ = done.send(read(limit));
            drop(slot);
        });
        self.jobs.send(job).map_err(|_| ReadThreadsError::NoThread)?;
        result.await.map_err(|_| ReadThreadsError::Panicked)
    }
}

impl From<ReadThreadsError> for StoreError {
    fn from(error: ReadThreadsError) -> Self {
        match error {
            ReadThreadsError::Busy | ReadThreadsError::NoThread => {
                Self::Unavailable(error.to_string())
            }
            ReadThreadsError::Panicked => Self::Internal(error.to_string()),
        }
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // The panic hook logs a panic, and the caller notices that its channel closed.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const MAX_WAITING: usize = 3;

    #[actix_web::test]
    async fn reads_are_rejected_when_the_queue_is_full() {
        let threads = ReadThreads::start("test", 2, MAX_WAITING, HOUR);
        let gate = Arc::new(Mutex::new(()));
        let closed = gate.lock().unwrap();
        let mut running = Vec::new();
        for n in 0..2 + MAX_WAITING {
            let gate = Arc::clone(&gate);
            let read = move |_| {
                drop(gate.lock().unwrap());
                n
            };
            let mut read = Box::pin(threads.run(read));
            assert!((&mut read).now_or_never().is_none());
            running.push(read);
        }
        let rejected = Box::pin(threads.run(|_| ())).now_or_never();
        assert!(matches!(rejected, Some(Err(ReadThreadsError::Busy))));
        assert_eq!(threads.refused(), 1);
        drop(closed);
        for (n, read) in running.into_iter().enumerate() {
            assert_eq!(read.await.unwrap(), n);
        }
        threads.run(|_| ()).await.unwrap();
    }

    #[actix_web::test]
    async fn a_read_is_canceled_when_its_client_disconnects() {
        let threads = ReadThreads::start("test", 1, MAX_WAITING, HOUR);
        let (sender, receiver) = channel();
        let mut read = Box::pin(threads.run(move |limit| {
            while !limit.is_over() {
                std::thread::yield_now();
            }
            sender.send(()).unwrap();
        }));
        assert!((&mut read).now_or_never().is_none());
        drop(read);
        receiver.recv_timeout(Duration::from_secs(60)).unwrap();
        threads.run(|_| ()).await.unwrap();
    }

    #[actix_web::test]
    async fn a_panic_ends_the_read_but_not_the_thread() {
        let threads = ReadThreads::start("test", 1, MAX_WAITING, HOUR);
        let panics = threads.run(|_| panic!("on purpose")).await;
        assert!(matches!(panics, Err(ReadThreadsError::Panicked)));
        assert_eq!(threads.run(|_| 1).await.unwrap(), 1);
    }

    #[actix_web::test]
    async fn a_read_that_waited_too_long_is_canceled_before_it_starts() {
        let threads = ReadThreads::start("test", 1, MAX_WAITING, Duration::ZERO);
        assert!(threads.run(|limit| limit.is_over()).await.unwrap());
    }
}
