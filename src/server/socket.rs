//! The sockets that a server listens on.

use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::model::plain_words::io_reason;

/// A listening socket that does not accept connections yet.
pub(super) struct Socket {
    pub address: SocketAddr,
    pub listener: TcpListener,
}

impl Socket {
    /// Listens on `address`. If that fails, the error names `setting` as the place to change it.
    pub fn open(address: SocketAddr, setting: &'static str) -> Result<Self, BindError> {
        let failed = |source| BindError::Listen { address, source, setting };
        let listener = TcpListener::bind(address).map_err(failed)?;
        Ok(Self { address: listener.local_addr().map_err(failed)?, listener })
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("cannot get random numbers from the operating system: {0}")]
    Random(#[from] getrandom::Error),
    #[error(
        "cannot listen on {address}: {}; {}choose another address with {setting}",
        io_reason(source),
        stop_hint(source)
    )]
    Listen {
        address: SocketAddr,
        source: io::Error,
        /// The flag or setting that chose the address.
        setting: &'static str,
    },
}

fn stop_hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => "stop the process that uses it, or ",
        _ => "",
    }
}
