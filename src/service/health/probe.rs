//! Checks that may hang, such as those that wait for a lock or a disk. Nobody waits longer than a
//! limit, and a check that hangs isn't started a second time.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt;
use tokio::sync::watch;

use crate::model::values::time::Timestamp;
use crate::service::clock_skew::ClockSkew;
use crate::store::{DiskUsage, StoreError};

/// How long a response waits for its checks. Health checks commonly give up after a second. Real
/// time, because it depends on other processes and the disk.
pub(crate) const LIMIT: Duration = Duration::from_millis(800);

/// The checks in progress.
#[derive(Default)]
pub(crate) struct Probes {
    pub files: Probe<FilesResult>,
    pub read: Probe<Result<ReadResult, StoreError>>,
    pub write: Probe<Result<(), StoreError>>,
}

/// What the files say, without opening the database.
#[derive(Clone, Debug)]
pub(crate) struct FilesResult {
    pub intact: Result<(), StoreError>,
    pub wal_warning: Option<String>,
    pub space: DiskUsage,
}

/// What was read from the database.
#[derive(Clone, Debug)]
pub(crate) struct ReadResult {
    pub ahead: Option<ClockSkew>,
    /// When the oldest webhook was queued that isn't delivered yet.
    pub oldest_webhook: Option<Timestamp>,
}

/// A check of which at most one is in progress.
pub(crate) struct Probe<T>(Arc<Mutex<Option<watch::Receiver<Option<T>>>>>);

impl<T> Default for Probe<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone + 'static> Probe<T> {
    /// Returns the result of the check in progress, or of a new one if there is none. Returns `None`
    /// if that takes longer than [`LIMIT`], or if the check panicked.
    pub async fn run<F: Future<Output = Option<T>> + 'static>(
        &self,
        check: impl FnOnce() -> F,
    ) -> Option<T> {
        let mut result = self.join(check);
        let result = rt::time::timeout(LIMIT, result.wait_for(Option::is_some)).await;
        result.ok()?.ok()?.clone()
    }

    fn join<F: Future<Output = Option<T>> + 'static>(
        &self,
        check: impl FnOnce() -> F,
    ) -> watch::Receiver<Option<T>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Closed if its thread has ended, or if the check panicked.
        if let Some(running) = running.as_ref().filter(|running| running.has_changed().is_ok()) {
            return running.clone();
        }
        let (sender, receiver) = watch::channel(None);
        *running = Some(receiver.clone());
        let (slot, check) = (Arc::clone(&self.0), check());
        rt::spawn(async move {
            let result = check.await;
            // First, so that a request after the response doesn't get the same result.
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = None;
            sender.send_replace(result);
        });
        receiver
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use tokio::sync::oneshot;

    use super::*;

    #[actix_web::test]
    async fn a_check_that_hangs_is_not_started_again_until_it_has_ended() {
        tokio::time::pause();
        let probe = Probe::default();
        let started = Rc::new(Cell::new(0));
        let (finish, finished) = oneshot::channel();
        let count = Rc::clone(&started);
        let hangs = || async move {
            count.set(count.get() + 1);
            finished.await.ok()
        };
        assert_eq!(probe.run(hangs).await, None);
        let never = || async { unreachable!("the first one is still in progress") };
        assert_eq!(probe.run(never).await, None);
        finish.send("late").unwrap();
        assert_eq!(probe.run(never).await, Some("late"));
        assert_eq!(probe.run(|| async { Some("again") }).await, Some("again"));
        assert_eq!(started.get(), 1);
    }

    #[actix_web::test]
    async fn a_check_that_panics_has_no_result_and_does_not_block_the_next_one() {
        let probe = Probe::default();
        assert_eq!(probe.run(|| async { panic!("on purpose") }).await, None::<u8>);
        assert_eq!(probe.run(|| async { Some(1) }).await, Some(1));
    }
}
