//! The TLS configuration of connections to PostgreSQL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::verifier::{AnyCertificate, AnyName};
use crate::model::database_url::{Roots, Tls};

/// Why TLS can't be set up. Every message also says what to do.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum TlsError {
    #[error(
        "cannot read the certificates in {path} ({why}); set sslrootcert to a PEM file that this user can read"
    )]
    Unreadable { path: PathBuf, why: String },
    #[error(
        "{0} contains no certificate; set sslrootcert to a PEM file with the certificate of your authority"
    )]
    Empty(PathBuf),
    #[error("cannot set up TLS: {0}")]
    Setup(String),
}

/// Returns what encrypts a connection and checks the server's certificate.
///
/// # Errors
/// If the certificates to trust can't be read.
pub(super) fn connector(tls: &Tls) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match tls {
        Tls::Disable | Tls::Prefer | Tls::Require => {
            Arc::new(AnyCertificate(Arc::clone(&provider)))
        }
        Tls::VerifyCa(path) => Arc::new(AnyName(verifier(from_file(path)?, &provider)?)),
        Tls::VerifyFull(Roots::File(path)) => verifier(from_file(path)?, &provider)?,
        Tls::VerifyFull(Roots::System) => verifier(of_the_system(), &provider)?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Setup(error.to_string()))
}

fn from_file(path: &Path) -> Result<RootCertStore, TlsError> {
    let unreadable = |why: String| TlsError::Unreadable { path: path.to_owned(), why };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path);
    for certificate in certificates.map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(roots) }
}

/// Returns the operating system's certificates (`SSL_CERT_FILE` and `SSL_CERT_DIR` override them).
/// If there are none, as in an empty container, the compiled-in Mozilla roots.
fn of_the_system() -> RootCertStore {
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
