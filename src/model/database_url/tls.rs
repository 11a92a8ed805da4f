//! How connections to a database are encrypted, and which certificates they accept.

use std::path::PathBuf;

use super::error::DatabaseUrlError;

/// The meaning of `sslmode` with `sslrootcert`, as in libpq. Unix sockets never use TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    Disable,
    /// The default: encrypts if the server can, without checking its certificate. Protects from
    /// nobody who can change what is sent.
    Prefer,
    /// Encrypts, without checking the server's certificate.
    Require,
    /// Accepts only certificates of the authorities in the file, for any name.
    VerifyCa(PathBuf),
    /// Accepts only certificates for the host's name.
    VerifyFull(Roots),
}

/// The certificate authorities to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Those of the operating system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

impl Tls {
    /// Interprets the two parameters.
    pub(super) fn parse(
        mode: Option<&str>,
        root_cert: Option<&str>,
    ) -> Result<Self, DatabaseUrlError> {
        let roots = match root_cert {
            None => None,
            Some("") => return Err(DatabaseUrlError::EmptyRoots),
            Some("system") => Some(Roots::System),
            Some(path) => Some(Roots::File(path.into())),
        };
        let without_roots = |tls| match &roots {
            None => Ok(tls),
            Some(_) => Err(DatabaseUrlError::UnusedRoots),
        };
        match mode {
            Some("disable") => without_roots(Self::Disable),
            Some("prefer") => without_roots(Self::Prefer),
            // libpq does the same, although its manual advises against relying on it.
            Some("require") => match roots {
                None => Ok(Self::Require),
                Some(Roots::File(path)) => Ok(Self::VerifyCa(path)),
                Some(Roots::System) => Err(DatabaseUrlError::SystemRoots),
            },
            Some("verify-ca") => match roots {
                None => Err(DatabaseUrlError::VerifyCaWithoutRoots),
                Some(Roots::File(path)) => Ok(Self::VerifyCa(path)),
                Some(Roots::System) => Err(DatabaseUrlError::SystemRoots),
            },
            Some("verify-full") => Ok(Self::VerifyFull(roots.unwrap_or(Roots::System))),
            None if roots == Some(Roots::System) => Ok(Self::VerifyFull(Roots::System)),
            None => without_roots(Self::Prefer),
            Some(_) => Err(DatabaseUrlError::SslMode),
        }
    }

    /// Whether a connection without TLS is refused.
    pub fn is_required(&self) -> bool {
        !matches!(self, Self::Disable | Self::Prefer)
    }
}
