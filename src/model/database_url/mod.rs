//! The URL of a PostgreSQL database, as in libpq: `postgres://user:password@a:5432,b:5432/name`.

mod error;
mod parse;
mod percent;
#[cfg(test)]
mod tests;
mod tls;
mod tools;

use std::fmt::{self, Debug, Display, Formatter};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub use error::DatabaseUrlError;
pub use tls::{Roots, Tls};

/// A server to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseHost {
    Tcp {
        name: String,
        port: u16,
    },
    /// The directory of a Unix socket. The port is part of the socket's name.
    Socket {
        dir: PathBuf,
        port: u16,
    },
}

/// Whether the password exchange must also prove that nobody is between client and server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelBinding {
    Disable,
    #[default]
    Prefer,
    Require,
}

/// A valid URL of a database. It contains a password, which neither `Display` nor `Debug` shows.
///
/// A connection always goes to a server that accepts writes: among several hosts, that is the
/// primary.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    text: String,
    /// The URL without secrets.
    shown: String,
    user: Option<String>,
    password: Option<String>,
    hosts: Vec<DatabaseHost>,
    name: String,
    tls: Tls,
    channel_binding: ChannelBinding,
    connect_timeout: Option<Duration>,
    application_name: Option<String>,
    options: Option<String>,
}

impl DatabaseUrl {
    /// The whole URL, with its password. Only for what connects to the database.
    pub fn secret_text(&self) -> &str {
        &self.text
    }

    /// The user to log in as. Without one, it is the user of this process.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub fn secret_password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// The servers, in the order to try them in. There is at least one.
    pub fn hosts(&self) -> &[DatabaseHost] {
        &self.hosts
    }

    /// The name of the database on its server.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn tls(&self) -> &Tls {
        &self.tls
    }

    pub fn channel_binding(&self) -> ChannelBinding {
        self.channel_binding
    }

    /// How long to wait for each host, if the URL says so.
    pub fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// The name that the server shows for the connections, if the URL has one.
    pub fn application_name(&self) -> Option<&str> {
        self.application_name.as_deref()
    }

    /// Command-line options for the sessions on the server. They may contain secrets.
    pub fn options(&self) -> Option<&str> {
        self.options.as_deref()
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        parse::parse(text)
    }
}

impl Display for DatabaseUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Debug for DatabaseUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

impl Display for DatabaseHost {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { name, port } if name.contains(':') => write!(f, "[{name}]:{port}"),
            Self::Tcp { name, port } => write!(f, "{name}:{port}"),
            Self::Socket { dir, port } => write!(f, "{}/.s.PGSQL.{port}", dir.display()),
        }
    }
}
