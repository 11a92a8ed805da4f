//! Which of the servers on a database does what only one may do: sending webhooks, and what is
//! scheduled. It holds a lease and renews it. When it stops, or doesn't respond, another takes over.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use uuid::Uuid;

use super::Service;
use crate::model::clock::Monotonic;
use crate::store::{Tx, WriteScope};

const LEASE: &str = "background work";
const NEVER: i64 = i64::MIN;
/// How long a lease is valid.
const VALID_FOR: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// A server stops this long before its lease expires for the others. If their clocks differ by more,
/// two may do the same work at the same time, such as sending a delivery twice.
const MARGIN: Duration = Duration::from_secs(5);

/// Whether this server is the one.
pub(crate) struct Leadership {
    /// The name of this server in the lease; `None` if there are no other servers.
    holder: Option<String>,
    /// In microseconds on the monotonic clock.
    held_until: AtomicI64,
}

impl Leadership {
    pub fn new(has_other_servers: bool) -> Self {
        let holder = has_other_servers.then(|| Uuid::now_v7().to_string());
        Self { holder, held_until: AtomicI64::new(NEVER) }
    }

    /// Returns whether this server may do what only one may do.
    pub fn is_held(&self, now: Monotonic) -> bool {
        self.holder.is_none() || now.as_micros() < self.held_until.load(Ordering::Relaxed)
    }

    fn hold_until(&self, until: Option<Monotonic>) {
        self.held_until.store(until.map_or(NEVER, Monotonic::as_micros), Ordering::Relaxed);
    }
}

/// Takes the lease as soon as it is free, and keeps renewing it.
pub(crate) async fn lead(service: Arc<Service>) {
    let Some(holder) = service.leadership.holder.clone() else { return };
    loop {
        let clock = service.store.clock();
        // Before the change: the lease is valid from then on at the latest.
        let started = clock.monotonic();
        let name = holder.clone();
        let take = move |tx: &Tx<'_>| tx.take_lease(LEASE, &name, tx.now().plus(VALID_FOR));
        match service.store.write(WriteScope::SingleRow, take).await {
            Ok(true) => {
                let was_held = service.leadership.is_held(started);
                service.leadership.hold_until(Some(started.plus(VALID_FOR - MARGIN)));
                if !was_held {
                    log::info!("this server now sends webhooks and does what is scheduled");
                    service.store.outbox().wake();
                }
            }
            Ok(false) => service.leadership.hold_until(None),
            // Valid until it expires.
            Err(error) => log::warn!("cannot renew the lease for background work: {error}"),
        }
        clock.sleep(RENEW_EVERY).await;
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
