//! The sockets that a server listens on.

use std::io;
use std::net::{SocketAddr, TcpListener};

/// A socket that is open, and not routes yet.
pub(super) struct Socket {
    pub address: SocketAddr,
    pub listener: TcpListener,
}

impl Socket {
    /// Opens a socket on this address, which `setting` has chosen.
    pub fn open(address: SocketAddr, setting: &'static str) -> Result<Self, BindError> {
        let failed = |source| BindError::Listen { address, source, setting };
        let listener = TcpListener::bind(address).map_err(failed)?;
        Ok(Self { address: listener.local_addr().map_err(failed)?, listener })
    }
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The operating system has no randomness to give.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with {setting}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says of it.
        source: io::Error,
        /// Where another one is chosen.
        setting: &'static str,
    },
}
