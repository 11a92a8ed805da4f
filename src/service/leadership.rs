//! Which of the servers on a database does what only one may do: sending webhooks, and what is
//! scheduled. It holds a lease and renews it. When it stops, or doesn't respond, another takes over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::Service;
use crate::model::clock::{Clock, SystemClock};
use crate::store::{Tx, WriteScope};

const LEASE: &str = "background work";
/// How long a lease is valid. All of its times are real, because it depends on other processes.
const VALID_FOR: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// A server stops this long before its lease expires for the others. If their clocks differ by more,
/// two may do the same work at the same time, such as sending a delivery twice.
const MARGIN: Duration = Duration::from_secs(5);

/// Whether this server is the one.
pub(crate) struct Leadership {
    /// The name of this server in the lease; `None` if there are no other servers.
    holder: Option<String>,
    held_until: Mutex<Option<Instant>>,
}

impl Leadership {
    pub fn new(has_other_servers: bool) -> Self {
        let holder = has_other_servers.then(|| Uuid::now_v7().to_string());
        Self { holder, held_until: Mutex::default() }
    }

    /// Returns whether this server may do what only one may do.
    pub fn is_held(&self) -> bool {
        self.holder.is_none() || self.until().is_some_and(|until| Instant::now() < until)
    }

    fn until(&self) -> Option<Instant> {
        *self.held_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold_until(&self, until: Option<Instant>) {
        *self.held_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

/// Takes the lease as soon as it is free, and keeps renewing it.
pub(crate) async fn lead(service: Arc<Service>) {
    let Some(holder) = service.leadership.holder.clone() else { return };
    loop {
        // Before the change: the lease is valid from then on at the latest.
        let (started, now) = (Instant::now(), SystemClock.now());
        let name = holder.clone();
        let take = move |tx: &Tx<'_>| tx.take_lease(LEASE, &name, now, now.plus(VALID_FOR));
        match service.store.write(WriteScope::SingleRow, take).await {
            Ok(true) => {
                let was_held = service.leadership.is_held();
                service.leadership.hold_until(Some(started + (VALID_FOR - MARGIN)));
                if !was_held {
                    log::info!("this server now sends webhooks and does what is scheduled");
                    service.store.outbox().wake();
                }
            }
            Ok(false) => service.leadership.hold_until(None),
            // Valid until it expires.
            Err(error) => log::warn!("cannot renew the lease for background work: {error}"),
        }
        tokio::time::sleep(RENEW_EVERY).await;
    }
}

/// Gives the lease back, so that another server takes over at once.
pub(crate) async fn resign(service: &Service) {
    let Some(holder) = service.leadership.holder.clone() else { return };
    service.leadership.hold_until(None);
    let end = move |tx: &Tx<'_>| tx.end_lease(LEASE, &holder);
    if let Err(error) = service.store.write(WriteScope::SingleRow, end).await {
        log::warn!("cannot give back the lease for background work: {error}");
    }
}
