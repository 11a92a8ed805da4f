//! Records the settings that commands need to check URLs and encrypt secrets.

use std::time::Duration;

use crate::service::Service;
use crate::store::webhooks::settings::ServerSettings;
use crate::store::{StoreError, Tx, WriteScope};

/// Records the settings unless they are the same as the previous server's. Runs before the server
/// announces that it is listening, so that commands started after that never use outdated settings.
pub(crate) fn record_settings(service: &Service) {
    if let Err(error) = try_record(service) {
        log::warn!("the webhook settings were not recorded for commands: {error}");
    }
}

fn try_record(service: &Service) -> Result<(), StoreError> {
    let webhooks = &service.settings.webhooks;
    let micros = |delay: Duration| i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
    let settings = ServerSettings {
        policy: service.settings.destinations(),
        encryption_key: webhooks.encryption_key.current(),
        first_delay: webhooks.schedule.delays().first().copied().map_or(0, micros),
    };
    let recorded = service.store.read(|reader| reader.webhook_settings())?;
    if recorded.as_ref() != Some(&settings) {
        let record = move |tx: &Tx<'_>| tx.record_webhook_settings(&settings);
        service.store.write_blocking(WriteScope::SingleRow, record)?;
    }
    Ok(())
}
