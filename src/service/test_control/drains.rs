//! Waiting until no webhook delivery is due or in flight.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

/// A caller that waits until the outbox is empty.
pub(in crate::service) type Waiter = oneshot::Sender<()>;

/// The callers that wait. The sender of webhooks knows when they are done.
#[derive(Default)]
pub(crate) struct Drains {
    waiting: Mutex<Vec<Waiter>>,
    wake: Notify,
}

impl Drains {
    /// Waits until every delivery that is due has been attempted and recorded, including those
    /// that become due in the meantime. Returns false if the sender stops first.
    pub async fn wait(&self) -> bool {
        let (waiter, done) = oneshot::channel();
        self.lock().push(waiter);
        self.wake.notify_one();
        done.await.is_ok()
    }

    /// Returns once there is a new caller.
    pub(in crate::service) async fn requested(&self) {
        self.wake.notified().await;
    }

    /// Takes the callers. Take them before reading what is due, so that nothing they know of is
    /// missed.
    pub(in crate::service) fn take(&self) -> Vec<Waiter> {
        std::mem::take(&mut *self.lock())
    }

    /// Puts callers back, because they have to wait longer. Those that have given up are dropped.
    pub(in crate::service) fn put_back(&self, waiters: Vec<Waiter>) {
        self.lock().extend(waiters.into_iter().filter(|waiter| !waiter.is_closed()));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
