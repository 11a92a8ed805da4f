//! The certificate that the server presents, reloaded when its files change.

mod certificate;
mod expiry;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

pub use self::certificate::TlsError;
use self::certificate::{Versions, load};
use self::expiry::Expiry;
use crate::model::values::time::Timestamp;
use crate::settings::KeyPairFiles;

/// The TLS configuration of a running server. Connections keep the certificate that they began with.
pub(super) struct ServerTls {
    files: KeyPairFiles,
    current: RwLock<Arc<ServerConfig>>,
    watched: Mutex<Watched>,
}

/// What the last check found.
struct Watched {
    /// The versions of the files that were read last, whether they could be used or not.
    versions: Versions,
    /// Why they can't be used.
    problem: Option<String>,
    expiry: Expiry,
}

impl ServerTls {
    /// Loads the files.
    ///
    /// # Errors
    /// If they can't be used.
    pub fn load(files: KeyPairFiles, now: Timestamp) -> Result<Self, TlsError> {
        let versions = Versions::of(&files);
        let loaded = load(&files)?;
        let mut expiry = Expiry::of(&loaded.leaf);
        expiry.warn(&files.cert, now);
        let watched = Mutex::new(Watched { versions, problem: None, expiry });
        Ok(Self { files, current: RwLock::new(loaded.config), watched })
    }

    /// Returns what does the next handshake.
    pub fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)).into()
    }

    /// Uses the files if they have changed and belong together. Otherwise keeps the present
    /// certificate, and says why, but not again while nothing changes.
    pub fn reload_if_changed(&self, now: Timestamp) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // Before reading them: whatever is written from then on is another change.
        let versions = Versions::of(&self.files);
        let has_changed = versions != watched.versions;
        watched.versions = versions;
        // Files that couldn't be read may become readable without a change: by other permissions.
        if has_changed || watched.problem.is_some() {
            match load(&self.files) {
                Ok(loaded) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded.config;
                    watched.problem = None;
                    watched.expiry = Expiry::of(&loaded.leaf);
                    log::info!("using the new TLS certificate in {}", self.files.cert.display());
                }
                Err(error) => {
                    let problem = error.to_string();
                    if has_changed || watched.problem.as_ref() != Some(&problem) {
                        log::error!(
                            "the TLS certificate has changed, but can't be used, so the old one \
                             stays in use: {problem}"
                        );
                    }
                    watched.problem = Some(problem);
                }
            }
        }
        watched.expiry.warn(&self.files.cert, now);
    }
}
