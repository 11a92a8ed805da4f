//! The server settings that the commands need: where webhooks may go, and the key that encrypts
//! secrets.

use super::super::context::Context;
use super::super::output::failure::Failure;
use crate::model::webhook::encryption::Keyring;
use crate::model::webhook::policy::DestinationPolicy;
use crate::model::webhook::url::EndpointUrl;
use crate::service::webhooks::destination::check_destination;
use crate::store::Store;
use crate::store::webhooks::settings::ServerSettings;

/// Refuses a URL that the server wouldn't send to.
pub fn check_url(context: &Context, store: &Store, url: &EndpointUrl) -> Result<(), Failure> {
    check_destination(&destinations(context, store)?, url)
        .map_err(|refusal| Failure::Other(format!("the URL {url} {refusal}")))
}

/// Returns where the server sends webhooks.
pub fn destinations(context: &Context, store: &Store) -> Result<DestinationPolicy, Failure> {
    // The settings of the server that is running or ran last: this command's may differ.
    let recorded = store.read(|reader| reader.webhook_settings())?;
    Ok(recorded
        .map_or_else(|| context.settings.settings.destinations(), |recorded| recorded.policy))
}

/// Returns the keys to encrypt secrets with, which must be the server's.
pub fn keyring<'c>(context: &'c Context, store: &Store) -> Result<&'c Keyring, Failure> {
    matching_keyring(context, store.read(|reader| reader.webhook_settings())?)
}

/// The same, but takes the server's recorded settings.
pub fn matching_keyring(
    context: &Context,
    recorded: Option<ServerSettings>,
) -> Result<&Keyring, Failure> {
    let keyring = &context.settings.settings.webhooks.encryption_key;
    let Some(recorded) = recorded else { return Ok(keyring) };
    let why = match (recorded.encryption_key, keyring.current()) {
        (server, command) if server == command => return Ok(keyring),
        (Some(_), None) => "the server encrypts signing secrets, but this command has no key",
        (Some(_), Some(_)) => "the server encrypts signing secrets with a different key",
        (None, _) => "the server has no key and couldn't read the signing secret",
    };
    Err(Failure::Other(format!(
        "{why}. Give both the same `webhooks.encryption_key` (or \
         PIVOTAL_WEBHOOKS_ENCRYPTION_KEY); restart the server if you changed it there"
    )))
}
