//! Removes what is no longer kept, in small transactions, so that the writes of requests get through
//! in between.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::model::values::time::Timestamp;
use crate::store::{DueRecords, Reader, StoreError, Tx, WriteScope};

/// How many expired responses a transaction removes.
const EXPIRY_BATCH: u32 = 500;

/// Removes responses that were saved for retries more than a day ago.
pub async fn remove_expired_responses(service: Arc<Service>) {
    if let Err(error) = try_remove_responses(&service).await {
        log::warn!("cannot remove expired idempotency keys, retrying later: {error}");
    }
}

async fn try_remove_responses(service: &Arc<Service>) -> Result<(), StoreError> {
    loop {
        let now = service.store.clock().now();
        let expired = find(service, move |reader| reader.expired_responses(now, EXPIRY_BATCH));
        let expired = expired.await?;
        if expired.is_empty() {
            return Ok(());
        }
        for part in expired {
            let scope = WriteScope::Workspace(part.workspace);
            service.store.write(scope, move |tx| tx.delete_responses(&part)).await?;
        }
    }
}

/// Removes sessions of the admin pages that ended long ago.
pub async fn remove_ended_sessions(service: Arc<Service>) {
    if let Err(error) = try_remove_sessions(&service).await {
        log::warn!("cannot remove sessions that have ended, retrying later: {error}");
    }
}

async fn try_remove_sessions(service: &Arc<Service>) -> Result<(), StoreError> {
    let now = service.store.clock().now();
    if find(service, move |reader| reader.has_ended_sessions(now)).await? {
        let remove = |tx: &Tx<'_>| tx.remove_ended_sessions();
        service.store.write(WriteScope::Database, remove).await?;
    }
    Ok(())
}

/// Removes deliveries that the log no longer keeps.
pub async fn clean_up_deliveries(service: Arc<Service>) {
    let retention = service.settings.webhooks.retention;
    let what = "old webhook deliveries";
    for workspace in find_or_warn(&service, what, |reader| reader.workspaces_with_endpoints()).await
    {
        let remove =
            move |tx: &Tx<'_>| tx.clean_up_deliveries(workspace, before(tx.now(), retention));
        remove_in_batches(&service, WriteScope::Workspace(workspace), what, remove).await;
    }
}

/// Purges what the settings under `retention` no longer keep.
pub async fn purge_by_age(service: Arc<Service>) {
    if let Some(age) = service.settings.retention.deleted {
        purge_deleted(&service, age).await;
    }
    if let Some(age) = service.settings.retention.events {
        let what = "old events";
        for workspace in find_or_warn(&service, what, |reader| reader.workspaces()).await {
            let no = workspace.no;
            let purge = move |tx: &Tx<'_>| tx.purge_events(no, before(tx.now(), age));
            remove_in_batches(&service, WriteScope::Workspace(no), what, purge).await;
        }
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
        any |= service.store.write(part.scope(), move |tx| tx.purge_due(&part)).await?;
    }
    Ok(any)
}

async fn find_due(service: &Arc<Service>, age: Duration) -> Result<DueRecords, StoreError> {
    let before = before(service.store.clock().now(), age);
    find(service, move |reader| reader.due_records(before)).await
}

/// Reads what is to be removed, not on a web worker.
async fn find<T: Send + 'static>(
    service: &Arc<Service>,
    read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let working = Arc::clone(service);
    let panicked = |_| StoreError::Internal("the search for what to remove panicked".to_owned());
    tokio::task::spawn_blocking(move || working.store.read(read)).await.map_err(panicked)?
}

/// Like [`find`]. Logs an error.
async fn find_or_warn<T: Send + 'static>(
    service: &Arc<Service>,
    what: &str,
    read: impl FnOnce(&Reader<'_>) -> Result<Vec<T>, StoreError> + Send + 'static,
) -> Vec<T> {
    find(service, read).await.unwrap_or_else(|error| {
        log::warn!("cannot look for {what}, retrying later: {error}");
        Vec::new()
    })
}

/// `remove` returns whether there may be more.
pub async fn remove_in_batches(
    service: &Service,
    scope: WriteScope,
    what: &str,
    remove: impl Fn(&Tx<'_>) -> Result<bool, StoreError> + Copy + Send + 'static,
) {
    loop {
        match service.store.write(scope, remove).await {
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
