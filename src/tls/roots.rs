//! The authorities that are trusted unless a setting names others.

use rustls::RootCertStore;

/// Returns the operating system's root certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` override
/// them). If there are none, as in an empty container, the compiled-in Mozilla roots.
pub(crate) fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        log::warn!("a trusted certificate of this system can't be read: {error}");
    }
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
}
