//! Why a server cannot listen.

use std::fmt::Display;
use std::io;

use crate::model::plain_words::io_reason;
use crate::server::tls::TlsError;
use crate::settings::IncompleteTls;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("cannot get random numbers from the operating system: {0}")]
    Random(#[from] getrandom::Error),
    #[error("cannot listen on {address}: {problem}; {} with {setting}", .problem.advice())]
    Listen {
        address: String,
        problem: Problem,
        /// The flag or setting that chose the address.
        setting: &'static str,
    },
    #[error("cannot serve HTTPS: {0}")]
    Tls(#[from] TlsError),
    #[error(transparent)]
    IncompleteTls(#[from] IncompleteTls),
}

#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("{}", io_reason(.0))]
    Tcp(io::Error),
    #[error("another address of this server already covers it")]
    Own,
    #[error("the name can't be resolved: {}", io_reason(.0))]
    UnknownHost(io::Error),
    #[error("the name has no address")]
    NoAddress,
    #[cfg(unix)]
    #[error("{}", io_reason(.0))]
    Unix(io::Error),
    #[cfg(unix)]
    #[error("the path is too long for a Unix socket")]
    LongPath,
    #[cfg(unix)]
    #[error("there is a file that isn't a socket")]
    NotASocket,
    #[cfg(unix)]
    #[error("another process is listening on it")]
    Live,
    #[cfg(not(unix))]
    #[error("this system has no Unix sockets")]
    Unsupported,
}

impl Problem {
    /// Returns what to do; the name of the setting completes the sentence.
    fn advice(&self) -> &'static str {
        match self {
            Self::Tcp(error) => match error.kind() {
                io::ErrorKind::AddrInUse => "stop it, or choose another address",
                io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need a privilege (with systemd, AmbientCapabilities and \
                     CapabilityBoundingSet=CAP_NET_BIND_SERVICE): grant it, or choose another port"
                }
                io::ErrorKind::AddrNotAvailable => "choose another one",
                _ => "choose another address",
            },
            Self::Own => "remove or change one of the two",
            Self::UnknownHost(_) | Self::NoAddress => {
                "check the name and the DNS, or choose an IP address"
            }
            #[cfg(unix)]
            Self::Unix(error) => match error.kind() {
                io::ErrorKind::NotFound => "create its directory, or choose another path",
                io::ErrorKind::PermissionDenied => {
                    "give this user write access to the directory, or choose another path"
                }
                _ => "choose another path",
            },
            #[cfg(unix)]
            Self::LongPath => "choose one of at most 100 bytes",
            #[cfg(unix)]
            Self::NotASocket => "move it away, or choose another path",
            #[cfg(unix)]
            Self::Live => "stop that process, or choose another path",
            #[cfg(not(unix))]
            Self::Unsupported => "choose an IP address",
        }
    }
}

/// A problem with an address, without the setting that chose it.
pub(super) struct ListenError {
    address: String,
    problem: Problem,
}

impl ListenError {
    pub fn new(address: &impl Display, problem: Problem) -> Self {
        Self { address: address.to_string(), problem }
    }

    pub fn io(address: &impl Display, error: io::Error) -> Self {
        Self::new(address, Problem::Tcp(error))
    }

    #[cfg(not(unix))]
    pub fn unsupported(address: &impl Display) -> Self {
        Self::new(address, Problem::Unsupported)
    }

    pub fn into_bind_error(self, setting: &'static str) -> BindError {
        BindError::Listen { address: self.address, problem: self.problem, setting }
    }
}
