//! Reads a certificate with its private key from PEM files.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};

use crate::model::plain_words::io_reason;
use crate::settings::KeyPairFiles;

/// Without HTTP/2, which this server doesn't speak.
const ALPN: &[u8] = b"http/1.1";

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(
        "cannot read {}: {}; check `{setting}` and the permissions",
        .file.display(),
        io_reason(source)
    )]
    Unreadable { file: PathBuf, setting: &'static str, source: io::Error },
    // Without the library's message, which may quote the file.
    #[error("{} is not a valid PEM file, or is cut off; replace it or change `{setting}`", .file.display())]
    NotPem { file: PathBuf, setting: &'static str },
    #[error(
        "{} contains no certificate; `tls.cert` must be a PEM file with the certificate, followed by \
         the rest of its chain", .0.display()
    )]
    NoCertificate(PathBuf),
    #[error(
        "{} contains no private key that can be used; `tls.key` must be an unencrypted PEM file \
         (`openssl pkey -in FILE` decrypts one)", .0.display()
    )]
    NoKey(PathBuf),
    #[error(
        "the private key in {} doesn't belong to the first certificate in {}; `tls.cert` and \
         `tls.key` must be a pair", .key.display(), .cert.display()
    )]
    Mismatch { cert: PathBuf, key: PathBuf },
    #[error("the certificate in {} with the private key in {}: {source}; replace them", .cert.display(), .key.display())]
    Unusable { cert: PathBuf, key: PathBuf, source: rustls::Error },
}

/// A certificate that can be used.
pub(super) struct Loaded {
    pub config: Arc<ServerConfig>,
    pub leaf: CertificateDer<'static>,
}

/// Reads the files, and checks that they belong together.
pub(super) fn load(files: &KeyPairFiles) -> Result<Loaded, TlsError> {
    let KeyPairFiles { cert, key } = files;
    let text = read(cert, "tls.cert")?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|_| TlsError::NotPem { file: cert.clone(), setting: "tls.cert" })?;
    let leaf = chain.first().cloned().ok_or_else(|| TlsError::NoCertificate(cert.clone()))?;
    let secret = PrivateKeyDer::from_pem_slice(&read(key, "tls.key")?);
    let secret = secret.map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::NoKey(key.clone()),
        _ => TlsError::NotPem { file: key.clone(), setting: "tls.key" },
    })?;
    let unusable = |source| match source {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { cert: cert.clone(), key: key.clone() }
        }
        source => TlsError::Unusable { cert: cert.clone(), key: key.clone(), source },
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(unusable)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    warn_if_exposed(key);
    Ok(Loaded { config: Arc::new(config), leaf })
}

fn read(file: &Path, setting: &'static str) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { file: file.to_owned(), setting, source };
    fs::read(file).map_err(unreadable)
}

#[cfg(unix)]
fn warn_if_exposed(key: &Path) {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(key).map_or(0, |found| found.permissions().mode());
    if mode & 0o007 != 0 {
        log::warn!(
            "all users of this machine can read or change the private key {0}: run `chmod o= {0}`",
            key.display()
        );
    }
}

#[cfg(not(unix))]
fn warn_if_exposed(_: &Path) {}

/// Which versions of the files there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Versions {
    cert: Option<Version>,
    key: Option<Version>,
}

/// Changes whenever a file is written or replaced, also by another target of a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    modified: Option<SystemTime>,
    length: u64,
    identity: (u64, u64),
}

impl Versions {
    pub fn of(files: &KeyPairFiles) -> Self {
        Self { cert: Version::of(&files.cert), key: Version::of(&files.key) }
    }
}

impl Version {
    /// Returns `None` if there is no file.
    fn of(file: &Path) -> Option<Self> {
        let found = fs::metadata(file).ok()?;
        Some(Self {
            modified: found.modified().ok(),
            length: found.len(),
            identity: identity(&found),
        })
    }
}

#[cfg(unix)]
fn identity(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}
