//! Overwrites what purges leave in the database file. A thread of its own does the work, in small
//! steps between the writes of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::Notify;

use super::Service;
use crate::store::Unfinished;

/// How often to look for purges by commands, which are other processes, and to retry.
const CHECK_EVERY: Duration = Duration::from_secs(60);

/// Wakes the task that overwrites, and stops it.
#[derive(Default)]
pub struct Erasures {
    purged: Notify,
    is_stopping: AtomicBool,
}

impl Erasures {
    /// Call this after a purge.
    pub fn wake(&self) {
        self.purged.notify_one();
    }

    /// Makes the task stop at its next step. The next start continues.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

/// Overwrites what is left of purges, also those of a server that was killed.
pub async fn erase_continuously(service: Arc<Service>) {
    loop {
        erase(&service).await;
        let clock = service.store.clock().sleep(CHECK_EVERY);
        let purged = Box::pin(service.erasures.purged.notified());
        match select(purged, clock).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }
}

async fn erase(service: &Arc<Service>) {
    let working = Arc::clone(service);
    let work = move || working.store.erase(|_, _| !working.erasures.is_stopping());
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(Some(erased))) => log::info!(
            "overwrote what was purged: the unused space of {} of {} pages of the database, and the write-ahead log",
            erased.overwritten,
            erased.pages
        ),
        Ok(Ok(None) | Err(Unfinished::Stopped)) => {}
        Ok(Err(unfinished)) => log::warn!(
            "copies of what was purged may still be in the database file, retrying within a minute: {unfinished}"
        ),
        // The panic was logged.
        Err(_) => {}
    }
}
