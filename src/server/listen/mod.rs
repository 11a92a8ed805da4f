//! The sockets that a server listens on.

mod error;
mod tcp;
#[cfg(unix)]
mod unix;

use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

pub use self::error::BindError;
use self::error::ListenError;
#[cfg(unix)]
use self::unix::SocketFile;
use crate::http::origin;
use crate::settings::{ListenAddress, ListenAddresses};

/// A listening socket that does not accept connections yet.
pub(super) struct Socket {
    pub address: BoundAddress,
    pub listener: Listener,
}

pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// What a socket is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BoundAddress {
    Tcp {
        address: SocketAddr,
        /// The host name in the settings that led to the address.
        host: Option<String>,
    },
    Unix(PathBuf),
}

/// The sockets of a list of addresses, in its order.
pub(super) struct Sockets {
    pub sockets: Vec<Socket>,
    pub files: SocketFiles,
}

/// The files of Unix sockets. Dropping them removes them.
#[derive(Default)]
pub(super) struct SocketFiles {
    #[cfg(unix)]
    files: Vec<SocketFile>,
}

impl SocketFiles {
    pub fn extend(&mut self, other: Self) {
        #[cfg(unix)]
        self.files.extend(other.files);
        #[cfg(not(unix))]
        let Self {} = other;
    }
}

impl Sockets {
    /// Listens on all `addresses`. `others` are those of sockets that the server has already opened.
    /// If this fails, the error names `setting` as the place to change the address.
    pub fn open(
        addresses: &ListenAddresses,
        setting: &'static str,
        others: &[BoundAddress],
    ) -> Result<Self, BindError> {
        let mut opened = Self { sockets: Vec::new(), files: SocketFiles::default() };
        for address in addresses.iter() {
            opened
                .open_one(address, addresses, others)
                .map_err(|error| error.into_bind_error(setting))?;
        }
        Ok(opened)
    }

    fn open_one(
        &mut self,
        address: &ListenAddress,
        all: &ListenAddresses,
        others: &[BoundAddress],
    ) -> Result<(), ListenError> {
        let mine: Vec<_> = self.sockets.iter().map(|socket| socket.address.clone()).collect();
        let own: Vec<_> = mine.iter().chain(others).collect();
        match address {
            #[cfg(unix)]
            ListenAddress::Unix(path) => {
                let (listener, file) = unix::listen(path, &own)?;
                self.files.files.push(file);
                let address = BoundAddress::Unix(path.clone());
                self.sockets.push(Socket { address, listener: Listener::Unix(listener) });
            }
            #[cfg(not(unix))]
            ListenAddress::Unix(_) => return Err(ListenError::unsupported(address)),
            _ => {
                let host = match address {
                    ListenAddress::Name { host, .. } => Some(host.clone()),
                    _ => None,
                };
                // The same address twice, directly and through a name, is no mistake.
                for listener in tcp::listen(address, all, &mine, &own)? {
                    let bound = listener.local_addr();
                    let local = bound.map_err(|error| ListenError::io(address, error))?;
                    let address = BoundAddress::Tcp { address: local, host: host.clone() };
                    self.sockets.push(Socket { address, listener: Listener::Tcp(listener) });
                }
            }
        }
        Ok(())
    }
}

impl BoundAddress {
    /// Returns the IP address and port; `None` for a Unix socket.
    fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp { address, .. } => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Returns the address as a URL, such as `http://127.0.0.1:8080` or `unix:/run/api.sock`.
    pub fn url(&self, has_tls: bool) -> String {
        match self {
            Self::Tcp { address, .. } => format!("{}://{address}", scheme(has_tls)),
            Self::Unix(path) => ListenAddress::Unix(path.clone()).to_string(),
        }
    }

    /// Returns the origin for a browser on this machine; `None` for a Unix socket.
    pub fn origin(&self, has_tls: bool) -> Option<String> {
        match self {
            Self::Tcp { .. } => Some(format!("{}://{}", scheme(has_tls), self.authority())),
            Self::Unix(_) => None,
        }
    }

    /// Returns the host and port under which this machine reaches the server.
    pub fn authority(&self) -> String {
        match self {
            Self::Tcp { address, host: Some(host) } => format!("{host}:{}", address.port()),
            Self::Tcp { address, host: None } => origin::connectable_address(*address).to_string(),
            Self::Unix(_) => "localhost".to_owned(),
        }
    }
}

fn scheme(has_tls: bool) -> &'static str {
    if has_tls { "https" } else { "http" }
}
