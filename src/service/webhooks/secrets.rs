//! Reads endpoints' signing secrets and keeps them encrypted with the current key.

use std::sync::Arc;

use crate::model::values::time::Timestamp;
use crate::model::webhook::encryption::{EncryptionError, Keyring};
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::secret::SigningSecret;
use crate::service::Service;
use crate::store::webhooks::endpoints::Secrets;
use crate::store::{Tx, WriteScope};

/// Returns the secrets to sign a request with: the current one and, for a day after a rotation, the
/// previous one.
///
/// # Errors
/// If a secret can't be read.
pub(super) fn signing_secrets(
    keyring: &Keyring,
    endpoint: &EndpointId,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<Vec<SigningSecret>, EncryptionError> {
    let mut all = vec![keyring.open(endpoint, &secrets.current)?];
    if let Some((old, expires_at)) = &secrets.old
        && *expires_at > now
    {
        all.push(keyring.open(endpoint, old)?);
    }
    Ok(all)
}

/// Encrypts secrets that are stored unencrypted or with an earlier key, and logs those that can't
/// be read.
pub(super) async fn reencrypt(service: &Arc<Service>) {
    let (keyring, store) = (&service.settings.webhooks.encryption_key, &service.store);
    let read = |service: &Service| service.store.read(|reader| reader.endpoint_secrets());
    let stored = match service.run_reads(read).await {
        Ok(stored) => stored,
        Err(error) => return log::warn!("webhook signing secrets can't be read: {error}"),
    };
    let current = keyring.current();
    let now = store.clock().now();
    for (workspace, id, from) in stored {
        let is_current = from.current.encrypted_with == current
            && from.old.as_ref().is_none_or(|(old, _)| old.encrypted_with == current);
        // Without a current key, `resealed` only checks that the secrets can be read: encrypted
        // ones are never stored unencrypted.
        if is_current {
            continue;
        }
        match resealed(keyring, &id, &from, now) {
            Ok(_) if current.is_none() => {}
            Ok(to) => {
                let endpoint = id.clone();
                let change = move |tx: &Tx<'_>| tx.reencrypt_endpoint(&endpoint, &from, &to);
                let stored = store.write(WriteScope::Workspace(workspace), change).await;
                if let Err(error) = stored {
                    log::warn!("the secret of webhook endpoint {id} was not re-encrypted: {error}");
                }
            }
            Err(error) => log::error!(
                "webhook endpoint {id} can't sign, so nothing will be sent to it: {error}. Add that key \
                 to `webhooks.encryption_key`, or rotate the endpoint's secret"
            ),
        }
    }
}

fn resealed(
    keyring: &Keyring,
    id: &EndpointId,
    from: &Secrets,
    now: Timestamp,
) -> Result<Secrets, EncryptionError> {
    let seal = |stored| keyring.open(id, stored).and_then(|secret| keyring.seal(id, &secret));
    // An expired secret signs nothing, and its key may be gone.
    let old = match &from.old {
        Some((old, expires_at)) if *expires_at > now => Some((seal(old)?, *expires_at)),
        _ => None,
    };
    Ok(Secrets { current: seal(&from.current)?, old })
}
