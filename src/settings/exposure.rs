//! Checks that other machines need a token for the routes under `/_test`.

use super::listen::ListenAddress;
use super::values::Settings;

#[derive(Debug, thiserror::Error)]
pub enum ExposedTestControl {
    #[error(
        "test control is on, but the server listens on {0}, where other machines can reach it; set \
         a token with --test-control-token or PIVOTAL_TEST_CONTROL_TOKEN, or listen on 127.0.0.1"
    )]
    Address(ListenAddress),
    #[error(
        "test control is on, but `trusted_proxies` says that the server is behind a proxy, through \
         which other machines can reach it; set a token with --test-control-token or \
         PIVOTAL_TEST_CONTROL_TOKEN, or remove `trusted_proxies`"
    )]
    Proxy,
    #[error(
        "test control is on, but `public_url` says that the server is behind a proxy, through \
         which other machines can reach it; set a token with --test-control-token or \
         PIVOTAL_TEST_CONTROL_TOKEN, or remove `public_url`"
    )]
    PublicUrl,
}

/// Refuses test control without a token on an address that other machines can reach, directly or
/// through a proxy.
///
/// # Errors
/// See [`ExposedTestControl`].
pub fn check_exposure(settings: &Settings) -> Result<(), ExposedTestControl> {
    let control = &settings.test_control;
    if !control.enabled || control.token.is_some() {
        return Ok(());
    }
    if let Some(address) = settings.listen.first_exposed() {
        return Err(ExposedTestControl::Address(address.clone()));
    }
    if !settings.trusted_proxies.is_empty() {
        return Err(ExposedTestControl::Proxy);
    }
    if settings.public_url.is_some() {
        return Err(ExposedTestControl::PublicUrl);
    }
    Ok(())
}
