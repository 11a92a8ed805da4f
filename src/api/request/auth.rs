//! Authenticates requests: from the `Authorization` header to a valid API key.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use super::key_verifier::CachedResult;
use crate::api::error::ApiError;
use crate::api::state::Api;
use crate::model::client_address::ClientAddress;
use crate::model::key::Key;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::service::access_log::UsedKey;
use crate::service::auth_limits::secret_kinds::Attempt;
use crate::store::{Credentials, Snapshot};

/// Returns the key of a request, and the database snapshot in which it is valid if that can be used
/// for more lookups. Every request reads the key again, so that changes to it take effect
/// immediately. Cheap checks come first.
pub(in crate::api) async fn authenticate(
    api: &Data<Api>,
    request: &HttpRequest,
    from: ClientAddress,
) -> Result<(Arc<Credentials>, Option<Snapshot>), ApiError> {
    let secret = KeySecret::parse(bearer(request.headers())?, api.store().checksum_secret())
        .ok_or(ApiError::InvalidKey)?;
    let prefix = secret.prefix().clone();
    let (mut found, mut snapshot) = look_up(api, &prefix).await?;
    match api.verifier.check_cache(&secret, &found.hash) {
        CachedResult::Match => {}
        CachedResult::Mismatch => return Err(ApiError::InvalidKey),
        CachedResult::Miss => {
            drop(snapshot);
            verify(api, secret, &found, from).await?;
            (found, snapshot) = look_up(api, &prefix).await?;
        }
    }
    // The log also says whose key it was if it can no longer be used.
    request.extensions_mut().insert(UsedKey(Arc::clone(&found)));
    check_usable(api, &found.key)?;
    Ok((found, snapshot))
}

/// Returns the key of a request as it was when another request read it, if it was valid then. It
/// must be compared with the database before anything is sent.
pub(in crate::api) fn assume(api: &Api, request: &HttpRequest) -> Option<Arc<Credentials>> {
    let known_keys = api.service.known_keys()?;
    let token = bearer(request.headers()).ok()?;
    let secret = KeySecret::parse(token, api.store().checksum_secret())?;
    let known = known_keys.get(secret.prefix())?;
    let is_verified = api.verifier.check_cache(&secret, &known.hash) == CachedResult::Match;
    if !is_verified || check_usable(api, &known.key).is_err() {
        return None;
    }
    request.extensions_mut().insert(UsedKey(Arc::clone(&known)));
    Some(known)
}

fn check_usable(api: &Api, key: &Key) -> Result<(), ApiError> {
    let Key { revoked_at, expires_at, .. } = key;
    if revoked_at.is_some() {
        return Err(ApiError::RevokedKey);
    }
    // Only a key that can expire needs the time.
    if let Some(at) = expires_at
        && key.is_expired(api.store().clock().now())
    {
        return Err(ApiError::ExpiredKey(*at));
    }
    Ok(())
}

async fn look_up(
    api: &Api,
    prefix: &Prefix,
) -> Result<(Arc<Credentials>, Option<Snapshot>), ApiError> {
    let (found, snapshot) = api.service.find_key(prefix).await?;
    Ok((found.ok_or(ApiError::InvalidKey)?, snapshot))
}

async fn verify(
    api: &Data<Api>,
    secret: KeySecret,
    found: &Credentials,
    from: ClientAddress,
) -> Result<(), ApiError> {
    let attempt = Attempt::with_key(&secret, from);
    let (shared, hash) = (Data::clone(api), found.hash.clone());
    let is_valid = move || shared.verifier.verify(&secret, hash);
    if api.service.check_secret(attempt, is_valid).await? {
        return Ok(());
    }
    Err(ApiError::InvalidKey)
}

/// Returns the token of the `Authorization` header. There must be exactly one such header. Its
/// scheme is case-insensitive (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut all = headers.get_all(AUTHORIZATION);
    let header = all.next().ok_or(ApiError::MissingKey)?;
    if all.next().is_some() {
        return Err(ApiError::InvalidKey);
    }
    let text = header.to_str().map_err(|_| ApiError::InvalidKey)?;
    let (scheme, token) = text.split_once(' ').ok_or(ApiError::InvalidKey)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(ApiError::InvalidKey) }
}
