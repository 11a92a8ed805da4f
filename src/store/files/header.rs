//! Checks whether a file is a database of this program, in a version that it supports.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rusqlite::Connection;

use super::{names, with_suffix};
use crate::store::engine::sqlite::{connection, schema};
use crate::store::error::OpenError;

pub(super) const HEADER_BYTES: usize = 100;

/// What the beginning of a database says (SQLite manual, "Database File Format", 1.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    page: u64,
    pages: u64,
    application: i64,
    version: i64,
}

impl Header {
    /// Returns `None` if this isn't a SQLite database.
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let number = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        bytes.starts_with(b"SQLite format 3\0").then(|| Self {
            page: match u16::from_be_bytes([bytes[16], bytes[17]]) {
                1 => 65_536,
                size => u64::from(size),
            },
            pages: number(28).into(),
            application: number(68).into(),
            version: number(60).into(),
        })
    }

    /// The size of the database.
    pub fn bytes(self) -> u64 {
        self.page * self.pages
    }

    /// Checks whether the database at this path is one of this program, in a version that it
    /// supports.
    pub fn check(self, path: &Path) -> Result<(), OpenError> {
        check_ids(path, self.application, self.version)
    }
}

/// Checks the header of a file without SQLite, which would leave files next to it. Only for a
/// process that does not have the file open: closing the file releases all locks that the process
/// holds on it, including SQLite's (SQLite manual, "How To Corrupt An SQLite Database File", 2.2).
pub(in crate::store) fn check_file(path: &Path) -> Result<(), OpenError> {
    // Look for the log before reading the header, so that a log that another process is just
    // creating isn't taken for an old one.
    let wal = with_suffix(path, names::WAL);
    let has_wal = fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0);
    let mut bytes = [0; HEADER_BYTES];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    match read {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            let found = "it is shorter than a database header".to_owned();
            return Err(OpenError::Damaged { path: path.to_owned(), found });
        }
        Err(source) => return Err(OpenError::io(path, source)),
    }
    let header = Header::parse(&bytes).ok_or_else(|| OpenError::Foreign(path.to_owned()))?;
    header.check(path)?;
    // SQLite sets these two bytes to 2 before it creates a log, and removes the log before it
    // resets them. With any other value, the log belongs to a file that this one has overwritten,
    // and SQLite would write that log's pages into this one.
    if has_wal && bytes[18..20] != [2, 2] {
        return Err(OpenError::ForeignWal { path: path.to_owned(), wal });
    }
    Ok(())
}

/// Checks an open connection for the same values as [`check_file`].
pub(in crate::store) fn check_connection(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let pragma = |pragma| {
        conn.pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|source| OpenError::sqlite(path, source))
    };
    check_ids(path, pragma("application_id")?, pragma("user_version")?)
}

fn check_ids(path: &Path, application: i64, version: i64) -> Result<(), OpenError> {
    if application != schema::APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if version > schema::VERSION {
        let path = path.to_owned();
        return Err(OpenError::Newer { path, found: version, known: schema::VERSION });
    }
    Ok(())
}

/// Opens a database for reading that a server may also have open. Does not change the file or its
/// log.
pub(super) fn open_live(path: &Path) -> Result<Connection, OpenError> {
    check_file(path)?;
    let open_error = |source| OpenError::sqlite(path, source);
    let has_wal = with_suffix(path, names::WAL).exists();
    let conn = connection::open_reader(path).map_err(open_error)?;
    if has_wal {
        connection::keep_wal_on_close(&conn).map_err(open_error)?;
    }
    check_connection(&conn, path)?;
    Ok(conn)
}

/// Opens a backup for reading. Writes nothing to it or next to it, so the disk may be read-only. A
/// file with a log or journal next to it is incomplete on its own and is opened together with it.
pub(in crate::store) fn open_backup(path: &Path) -> Result<Connection, OpenError> {
    let is_whole =
        [names::WAL, names::JOURNAL].iter().all(|suffix| !with_suffix(path, suffix).exists());
    if !is_whole {
        return open_live(path);
    }
    check_file(path)?;
    connection::open_immutable(path).map_err(|source| OpenError::sqlite(path, source))
}
