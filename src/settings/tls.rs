//! The files of the certificate. One of them is useless without the other.

use std::path::PathBuf;

/// See `config.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
}

/// The files of a certificate with its chain, and of its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPairFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error("`{set}` is set, but `{missing}` is not; set both to serve HTTPS, or neither")]
pub struct IncompleteTls {
    set: &'static str,
    missing: &'static str,
}

impl Tls {
    /// Returns whether the server speaks HTTPS.
    pub fn is_on(&self) -> bool {
        self.cert.is_some()
    }

    /// Returns the files; `None` without TLS.
    ///
    /// # Errors
    /// If only one of them is set.
    pub fn files(&self) -> Result<Option<KeyPairFiles>, IncompleteTls> {
        match (self.cert.clone(), self.key.clone()) {
            (Some(cert), Some(key)) => Ok(Some(KeyPairFiles { cert, key })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(IncompleteTls { set: "tls.cert", missing: "tls.key" }),
            (None, Some(_)) => Err(IncompleteTls { set: "tls.key", missing: "tls.cert" }),
        }
    }
}
