//! A trace of a database that is not there any more. For `cli`, which shows it.

use std::fmt;
use std::path::PathBuf;

/// Why there has to have been a database before.
#[derive(Debug)]
pub enum Evidence {
    /// The database's name is a link to a file that does not exist.
    Link(PathBuf),
    /// The lock file names a database.
    LockFile(PathBuf),
    /// A file that is made from a database, or with one.
    File(PathBuf),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(to) => write!(f, "it is a link to {}, which does not exist", to.display()),
            Self::LockFile(path) => write!(f, "{} names one that was there", path.display()),
            Self::File(path) => write!(f, "{} comes from one that was there", path.display()),
        }
    }
}
