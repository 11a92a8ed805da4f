//! Checks that other machines need a token for the routes under `/_test`.

use std::net::SocketAddr;

use super::values::Settings;

#[derive(Debug, thiserror::Error)]
#[error(
    "test control is on, but the server listens on {0}, where other machines can reach it; set a \
     token with --test-control-token or PIVOTAL_TEST_CONTROL_TOKEN, or listen on 127.0.0.1"
)]
pub struct ExposedTestControl(SocketAddr);

/// Refuses test control without a token on an address that other machines can reach.
///
/// # Errors
/// See [`ExposedTestControl`].
pub fn check_exposure(settings: &Settings) -> Result<(), ExposedTestControl> {
    let control = &settings.test_control;
    let is_exposed = !settings.listen.ip().to_canonical().is_loopback();
    if control.enabled && control.token.is_none() && is_exposed {
        return Err(ExposedTestControl(settings.listen));
    }
    Ok(())
}
