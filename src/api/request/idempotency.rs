//! Makes POST requests safe to retry with an idempotency key.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::HeaderName;

use super::in_flight::InFlightGuard;
use crate::api::error::ApiError;
use crate::api::response::{ApiResponse, ApiResult};
use crate::api::state::Api;
use crate::model::caller::Caller;
use crate::model::idempotency::IdempotentRequest;
use crate::store::{Reader, Replay, StoreError, WorkspaceTx};

static HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The result of claiming an idempotency key.
pub(in crate::api) enum Claim {
    /// The request must be handled. While the guard lives, others with the same key are rejected.
    New(Option<InFlightGuard>),
    /// An earlier request with the key has a saved response.
    Replay(ApiResponse),
}

/// Reads the idempotency key of a request, if there is one.
pub(in crate::api) fn parse_header(
    request: &HttpRequest,
    body: &[u8],
) -> Result<Option<IdempotentRequest>, ApiError> {
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
    let retry = IdempotentRequest::new(endpoint, key.as_bytes(), body);
    retry.map(Some).ok_or(ApiError::InvalidIdempotencyKey)
}

/// Claims the idempotency key for this request, or replays the saved response.
pub(in crate::api) async fn claim(
    api: &Api,
    caller: &Caller,
    retry: Option<&IdempotentRequest>,
) -> Result<Claim, ApiError> {
    let Some(retry) = retry else {
        return Ok(Claim::New(None));
    };
    let workspace = caller.workspace.no;
    let slot = (workspace, retry.endpoint.clone(), retry.key.clone());
    let guard = api.in_flight.claim(slot).ok_or(ApiError::IdempotencyKeyInUse)?;
    let now = api.store().clock().now();
    let retry = retry.clone();
    let find = move |reader: &Reader<'_>| reader.for_workspace(workspace).find_replay(&retry, now);
    match api.service.look_up(None, find).await? {
        None => Ok(Claim::New(Some(guard))),
        Some(found) => replay(found).map(Claim::Replay),
    }
}

/// Makes a change, unless it was already made under the same idempotency key, and saves the
/// response in the same transaction.
pub(in crate::api) fn run_once(
    tx: &WorkspaceTx<'_>,
    retry: Option<&IdempotentRequest>,
    change: impl FnOnce(&WorkspaceTx<'_>) -> Result<ApiResponse, StoreError>,
) -> Result<ApiResult, StoreError> {
    let Some(retry) = retry else {
        return change(tx).map(Ok);
    };
    // Look again: when a client disconnects, its claim ends, but its change may still be queued.
    if let Some(found) = tx.find_replay(retry)? {
        return Ok(replay(found));
    }
    let response = change(tx)?;
    tx.save_response(retry, &response.to_saved())?;
    Ok(Ok(response))
}

fn replay(found: Replay) -> ApiResult {
    match found {
        Replay::Response(saved) => ApiResponse::replayed(saved),
        Replay::BodyMismatch => Err(ApiError::IdempotencyKeyReused),
    }
}
