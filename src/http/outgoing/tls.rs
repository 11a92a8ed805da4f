//! The TLS configuration of requests to other servers.

use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

/// Trusts the operating system's root certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` override
/// them). If there are none, as in an empty container, trusts the compiled-in Mozilla roots.
///
/// # Errors
/// Never in practice: the provider supports the default protocol versions.
pub(crate) fn config() -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        log::warn!("a trusted certificate of this system can't be read: {error}");
    }
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
