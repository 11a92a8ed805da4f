//! Who makes a request: from the `Authorization` header to a key that may be used now.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::Data;

use super::verifier::Recall;
use crate::api::error::ApiError;
use crate::api::state::Api;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::service::secrets::Attempt;
use crate::store::{Credentials, Snapshot};

/// The key of a request, and the state of the database in which it is valid. It is read afresh
/// each time, so that a change to it holds at once; the order of the checks is that of their
/// price.
pub(in crate::api) async fn authenticate(
    api: &Data<Api>,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<(Arc<Credentials>, Snapshot), ApiError> {
    let secret = KeySecret::parse(bearer(headers)?, api.store().checksum_secret())
        .ok_or(ApiError::InvalidKey)?;
    let prefix = secret.prefix().clone();
    let (mut found, mut snapshot) = look_up(api, &prefix)?;
    match api.verifier.recall(&secret, &found.hash) {
        Recall::Right => {}
        Recall::Wrong => return Err(ApiError::InvalidKey),
        Recall::Nothing => {
            drop(snapshot);
            verify(api, secret, &found, address).await?;
            (found, snapshot) = look_up(api, &prefix)?;
        }
    }
    if found.key.revoked_at.is_some() {
        return Err(ApiError::RevokedKey);
    }
    Ok((found, snapshot))
}

fn look_up(api: &Api, prefix: &Prefix) -> Result<(Arc<Credentials>, Snapshot), ApiError> {
    let snapshot = api.store().snapshot()?;
    let found = snapshot.credentials(prefix)?;
    Ok((found.ok_or(ApiError::InvalidKey)?, snapshot))
}

async fn verify(
    api: &Data<Api>,
    secret: KeySecret,
    found: &Credentials,
    address: IpAddr,
) -> Result<(), ApiError> {
    let attempt = Attempt::at_key(&secret, address);
    let (verifying, hash) = (Data::clone(api), found.hash.clone());
    let is_right = move || verifying.verifier.verify(&secret, hash);
    if api.service.check_secret(attempt, is_right).await? {
        return Ok(());
    }
    Err(ApiError::InvalidKey)
}

/// The token of the one `Authorization` header. The scheme's case does not matter (RFC 9110,
/// 11.1).
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
