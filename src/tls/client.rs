//! The TLS configuration of requests to other servers.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;

use super::any_certificate::AnyCertificate;
use super::roots::system_roots;

/// Trusts the [`system_roots`].
///
/// # Errors
/// Never in practice: the provider supports the default protocol versions.
pub(crate) fn config() -> io::Result<ClientConfig> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(system_roots())
        .with_no_client_auth();
    Ok(config)
}

/// Encrypts, but accepts any certificate. Only for requests to this machine that contain no secret.
///
/// # Errors
/// See [`config`].
pub(crate) fn config_without_verification() -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = AnyCertificate(Arc::clone(&provider));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}
