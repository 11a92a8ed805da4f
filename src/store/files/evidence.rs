//! Evidence of a database that no longer exists. For `cli`, which shows it.

use std::fmt;
use std::path::PathBuf;

/// Evidence that there used to be a database.
#[derive(Debug)]
pub enum Evidence {
    /// The database is a link to a file that does not exist.
    Link(PathBuf),
    /// The lock file contains the ID of a database.
    LockFile(PathBuf),
    /// A file that is only ever created for an existing database.
    File(PathBuf),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(to) => write!(f, "it is a link to {}, which does not exist", to.display()),
            Self::LockFile(path) => write!(f, "{} shows that there was one", path.display()),
            Self::File(path) => write!(f, "{} was left by one", path.display()),
        }
    }
}
