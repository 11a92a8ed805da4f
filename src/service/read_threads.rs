//! Threads for reads that may take long, so that these hold up neither the threads that answer
//! requests nor each other: lists of the API and the pages have their own, and a slow hash has
//! none of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use crate::store::ReadLimit;

/// Reads that may wait for one of the threads.
const WAITING: usize = 64;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct ReadThreads {
    jobs: Sender<Job>,
    places: Arc<Semaphore>,
    timeout: Duration,
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadThreadsError {
    /// All threads are busy and too many reads are waiting.
    #[error("too many reads are waiting for a thread")]
    Busy,
    /// The system gave no thread.
    #[error("there is no thread for reads")]
    NoThread,
    /// The read ended with a panic, which was logged where it happened.
    #[error("the read ended with a panic")]
    Panicked,
}

impl ReadThreads {
    /// So many threads, for reads that may take this long, waiting included. If the system has only
    /// fewer, these do the work.
    pub fn start(name: &str, count: usize, timeout: Duration) -> Self {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..count {
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new().name(name.to_owned());
            if let Err(error) = thread.spawn(move || work(&waiting)) {
                log::error!("cannot start a thread for reads: {error}");
            }
        }
        Self { jobs, places: Arc::new(Semaphore::new(count + WAITING)), timeout }
    }

    /// Reads on one of the threads. When the future is dropped, because the client has gone, the
    /// read ends, or never begins.
    pub async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(ReadLimit) -> T + Send + 'static,
    ) -> Result<T, ReadThreadsError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| ReadThreadsError::Busy)?;
        let (limit, _waiting) = ReadLimit::new(self.timeout);
        let (done, result) = oneshot::channel();
        let job = Box::new(move || {
            // A result that nobody waits for any more is dropped.
            let _ = done.send(read(limit));
            drop(place);
        });
        self.jobs.send(job).map_err(|_| ReadThreadsError::NoThread)?;
        result.await.map_err(|_| ReadThreadsError::Panicked)
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // The panic hook has logged it, and the request learns it from its channel.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[actix_web::test]
    async fn reads_beyond_the_queue_are_refused_and_the_others_run() {
        let threads = ReadThreads::start("test", 2, HOUR);
        let gate = Arc::new(Mutex::new(()));
        let closed = gate.lock().unwrap();
        let mut running = Vec::new();
        for n in 0..2 + WAITING {
            let gate = Arc::clone(&gate);
            let read = move |_| {
                drop(gate.lock().unwrap());
                n
            };
            let mut read = Box::pin(threads.run(read));
            assert!((&mut read).now_or_never().is_none());
            running.push(read);
        }
        let refused = Box::pin(threads.run(|_| ())).now_or_never();
        assert!(matches!(refused, Some(Err(ReadThreadsError::Busy))));
        drop(closed);
        for (n, read) in running.into_iter().enumerate() {
            assert_eq!(read.await.unwrap(), n);
        }
        threads.run(|_| ()).await.unwrap();
    }

    #[actix_web::test]
    async fn a_read_whose_client_has_gone_is_over() {
        let threads = ReadThreads::start("test", 1, HOUR);
        let (tell, told) = channel();
        let mut read = Box::pin(threads.run(move |limit| {
            while !limit.is_over() {
                std::thread::yield_now();
            }
            tell.send(()).unwrap();
        }));
        assert!((&mut read).now_or_never().is_none());
        drop(read);
        told.recv_timeout(Duration::from_secs(60)).unwrap();
        threads.run(|_| ()).await.unwrap();
    }

    #[actix_web::test]
    async fn a_panic_ends_its_read_and_not_the_thread() {
        let threads = ReadThreads::start("test", 1, HOUR);
        let panics = threads.run(|_| panic!("on purpose")).await;
        assert!(matches!(panics, Err(ReadThreadsError::Panicked)));
        assert_eq!(threads.run(|_| 1).await.unwrap(), 1);
    }

    #[actix_web::test]
    async fn a_read_that_waited_for_too_long_is_over_before_it_begins() {
        let threads = ReadThreads::start("test", 1, Duration::ZERO);
        assert!(threads.run(|limit| limit.is_over()).await.unwrap());
    }
}
