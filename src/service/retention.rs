//! Removes what is no longer kept, in small transactions, so that the writes of requests get through
//! in between.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::model::values::time::Timestamp;
use crate::store::{DueRecords, StoreError, Tx};

/// How many expired responses a transaction removes.
const EXPIRY_BATCH: u32 = 500;

/// Removes responses that were saved for retries more than a day ago.
pub async fn remove_expired_responses(service: Arc<Service>) {
    let remove = |tx: &Tx<'_>| tx.delete_expired_responses(EXPIRY_BATCH);
    remove_in_batches(&service, "expired idempotency keys", remove).await;
}

/// Removes deliveries that the log no longer keeps.
pub async fn clean_up_deliveries(service: Arc<Service>) {
    let retention = service.settings.webhooks.retention;
    let remove = move |tx: &Tx<'_>| tx.clean_up_deliveries(before(tx.now(), retention));
    remove_in_batches(&service, "old webhook deliveries", remove).await;
}

/// Purges what the settings under `retention` no longer keep.
pub async fn purge_by_age(service: Arc<Service>) {
    if let Some(age) = service.settings.retention.deleted {
        purge_deleted(&service, age).await;
    }
    if let Some(age) = service.settings.retention.events {
        let purge = move |tx: &Tx<'_>| tx.purge_events(before(tx.now(), age));
        remove_in_batches(&service, "old events", purge).await;
    }
    service.erasures.wake();
}

/// Purges records that were deleted longer ago than this.
async fn purge_deleted(service: &Arc<Service>, age: Duration) {
    loop {
        match purge_some(service, age).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                return log::warn!(
                    "cannot purge deleted records, retrying within an hour: {error}"
                );
            }
        }
    }
}

/// Returns whether there may be more.
async fn purge_some(service: &Arc<Service>, age: Duration) -> Result<bool, StoreError> {
    let due = find_due(service, age).await?;
    let mut any = false;
    for part in due.parts() {
        any |= service.store.write(move |tx| tx.purge_due(&part)).await?;
    }
    Ok(any)
}

async fn find_due(service: &Arc<Service>, age: Duration) -> Result<DueRecords, StoreError> {
    let working = Arc::clone(service);
    let find = move || {
        let before = before(working.store.clock().now(), age);
        working.store.read(|reader| reader.due_records(before))
    };
    let panicked = |_| StoreError::Internal("the search for deleted records panicked".to_owned());
    tokio::task::spawn_blocking(find).await.map_err(panicked)?
}

/// `remove` returns whether there may be more.
pub async fn remove_in_batches(
    service: &Service,
    what: &str,
    remove: impl Fn(&Tx<'_>) -> Result<bool, StoreError> + Copy + Send + 'static,
) {
    loop {
        match service.store.write(remove).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return log::warn!("cannot remove {what}, retrying later: {error}"),
        }
    }
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.as_micros().saturating_sub(age))
}
