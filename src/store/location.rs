//! Where a database is, which engine keeps it, and the right to serve it.

use std::fmt;
use std::path::Path;

use super::error::OpenError;
use super::files::{DataDir, EphemeralDir, ServeLock};
#[cfg(feature = "postgres")]
use crate::model::database_url::DatabaseUrl;

/// Where a database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A SQLite file in a data directory.
    Files(DataDir),
    #[cfg(feature = "postgres")]
    Postgres(PostgresLocation),
}

/// How to reach a database on PostgreSQL.
#[cfg(feature = "postgres")]
#[derive(Clone, Debug)]
pub struct PostgresLocation {
    pub url: DatabaseUrl,
    /// Whether every acknowledged write must be on two machines.
    pub require_sync: bool,
    /// How many connections this process opens at most.
    pub connections: u32,
}

impl Location {
    /// Returns the data directory with the files of the database; `None` on PostgreSQL, which keeps
    /// its own files.
    pub fn files(&self) -> Option<&DataDir> {
        match self {
            Self::Files(dir) => Some(dir),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => None,
        }
    }

    /// Describes the place: the path of the file, or the host, port, and name of the database.
    pub fn place(&self) -> String {
        match self {
            Self::Files(dir) => dir.database().display().to_string(),
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => postgres.url.place(),
        }
    }

    /// Acquires the right to serve the database. A file can have only one server.
    ///
    /// # Errors
    /// [`OpenError::InUse`], or the reason why the data directory cannot be used.
    pub fn claim(&self) -> Result<Claim, OpenError> {
        match self {
            Self::Files(dir) => {
                Ok(Claim::Files { lock: dir.lock_for_serving()?, dir: dir.clone() })
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => Ok(Claim::Postgres(postgres.clone())),
        }
    }

    /// Returns whether it is certain that no server uses the database now. Servers on PostgreSQL may
    /// run on other machines, so nothing is certain there.
    ///
    /// # Errors
    /// The reason why that can't be found out.
    pub fn is_unserved(&self) -> Result<bool, OpenError> {
        match self {
            Self::Files(dir) => Ok(!dir.is_served()?),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Ok(false),
        }
    }
}

impl From<&Location> for Location {
    fn from(location: &Location) -> Self {
        location.clone()
    }
}

impl From<&DataDir> for Location {
    fn from(dir: &DataDir) -> Self {
        Self::Files(dir.clone())
    }
}

/// The right of this process to serve a database. Hold it until the process ends.
#[derive(Debug)]
pub enum Claim {
    Files {
        dir: DataDir,
        lock: ServeLock,
    },
    /// The directory is removed when the claim is dropped.
    Ephemeral(EphemeralDir),
    #[cfg(feature = "postgres")]
    Postgres(PostgresLocation),
}

impl Claim {
    /// Creates a temporary directory for a SQLite file.
    ///
    /// # Errors
    /// If the directory can't be created.
    pub fn ephemeral() -> Result<Self, OpenError> {
        EphemeralDir::create().map(Self::Ephemeral)
    }

    /// Returns the directory that is removed when the claim is dropped.
    pub fn temporary_dir(&self) -> Option<&Path> {
        match self {
            Self::Ephemeral(temporary) => Some(temporary.path()),
            _ => None,
        }
    }
}

/// The engine of an open database, such as `SQLite 3.51.3, /var/lib/pivotal-server/pivotal.db`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInfo {
    /// `SQLite` or `PostgreSQL`.
    pub name: &'static str,
    pub version: String,
    /// The path of the file, or the host, port, and name of the database. Contains no password.
    pub place: String,
}

impl EngineInfo {
    pub(super) fn sqlite(place: String) -> Self {
        Self { name: "SQLite", version: rusqlite::version().to_owned(), place }
    }

    #[cfg(feature = "postgres")]
    pub(super) fn postgres(version: String, place: String) -> Self {
        Self { name: "PostgreSQL", version, place }
    }

    /// Returns the engine with its version, such as `SQLite 3.51.3`.
    pub fn product(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

impl fmt::Display for EngineInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.product(), self.place)
    }
}
