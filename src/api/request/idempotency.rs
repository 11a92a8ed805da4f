//! Makes a POST safe to retry: one mechanism around every handler that changes something.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderName;

use super::running::Guard;
use crate::api::answer::{Answer, Reply};
use crate::api::error::ApiError;
use crate::api::state::Api;
use crate::model::caller::Caller;
use crate::model::idempotency::Retry;
use crate::store::{Replay, StoreError, WorkspaceTx};

static HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// How a request begins.
pub(in crate::api) enum Begun {
    /// It has to be answered; nobody else does so while the guard lives.
    Fresh(Option<Guard>),
    /// It was answered before.
    Replay(Answer),
}

/// What makes a request safe to retry: its key, if it has one.
pub(in crate::api) fn retry(request: &HttpRequest, body: &[u8]) -> Result<Option<Retry>, ApiError> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let mut keys = request.headers().get_all(&HEADER);
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    if keys.next().is_some() {
        return Err(ApiError::InvalidIdempotencyKey);
    }
    let endpoint = format!("{} {}", request.method(), request.path());
    let retry = Retry::new(endpoint, key.as_bytes(), body);
    retry.map(Some).ok_or(ApiError::InvalidIdempotencyKey)
}

/// Replays the answer to an earlier request with the key, or claims the key for this one.
pub(in crate::api) fn begin(
    api: &Api,
    caller: &Caller,
    retry: Option<&Retry>,
) -> Result<Begun, ApiError> {
    let Some(retry) = retry else {
        return Ok(Begun::Fresh(None));
    };
    let workspace = caller.workspace.no;
    let slot = (workspace, retry.endpoint.clone(), retry.key.clone());
    let guard = api.running.claim(slot).ok_or(ApiError::IdempotencyKeyInUse)?;
    let now = api.store().clock().now();
    match api.store().read(|reader| reader.for_workspace(workspace).find_replay(retry, now))? {
        None => Ok(Begun::Fresh(Some(guard))),
        Some(recalled) => replay(recalled).map(Begun::Replay),
    }
}

/// Runs a change unless it was run before, and keeps its answer in the same transaction.
pub(in crate::api) fn once(
    tx: &WorkspaceTx<'_>,
    retry: Option<&Retry>,
    change: impl FnOnce(&WorkspaceTx<'_>) -> Result<Answer, StoreError>,
) -> Result<Reply, StoreError> {
    let Some(retry) = retry else {
        return change(tx).map(Ok);
    };
    // A client that hung up gives its key free while its change still waits in the queue.
    if let Some(recalled) = tx.find_replay(retry)? {
        return Ok(replay(recalled));
    }
    let answer = change(tx)?;
    tx.save_response(retry, &answer.to_kept())?;
    Ok(Ok(answer))
}

fn replay(recalled: Replay) -> Reply {
    match recalled {
        Replay::Response(kept) => Answer::replayed(kept),
        Replay::BodyMismatch => Err(ApiError::IdempotencyKeyReused),
    }
}
