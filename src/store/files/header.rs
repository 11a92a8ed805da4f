//! Whether a file is a database of this program, and one that it knows.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use rusqlite::Connection;

use super::{names, with_suffix};
use crate::store::engine::{schema, sqlite};
use crate::store::error::OpenError;

/// Reads the header of a file without SQLite, which would leave files beside it. Only for a process
/// that does not have the file open: closing it again releases every lock that the process holds on
/// it, those of SQLite among them (SQLite manual, "How To Corrupt An SQLite Database File", 2.2).
/// The offsets are those of "Database File Format", 1.3.
pub(in crate::store) fn check_file(path: &Path) -> Result<(), OpenError> {
    // Before the header, so that a log which another process creates now isn't taken for an old
    // one.
    let wal = with_suffix(path, names::WAL);
    let has_wal = fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0);
    let mut header = [0u8; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            let found = "it is shorter than a header".to_owned();
            return Err(OpenError::Damaged { path: path.to_owned(), found });
        }
        Err(source) => return Err(OpenError::io(path, source)),
    }
    let number = |at: usize| {
        i64::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]))
    };
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    check_ids(path, number(68), number(60))?;
    // SQLite sets these two bytes to 2 before it creates a log, and removes the log before it sets
    // them back. With any other value the log is that of a file which was overwritten by this one,
    // and SQLite would write its pages into this one.
    if has_wal && header[18..20] != [2, 2] {
        return Err(OpenError::ForeignWal { path: path.to_owned(), wal });
    }
    Ok(())
}

/// Asks an open connection for what [`read`] reads.
pub(in crate::store) fn check_connection(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let ask = |pragma| {
        conn.pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|source| OpenError::sqlite(path, source))
    };
    check_ids(path, ask("application_id")?, ask("user_version")?)
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

/// Opens a database of this program that a server may have open too, for reading. Leaves the file
/// and its log as they are.
pub(super) fn open_live(path: &Path) -> Result<Connection, OpenError> {
    check_file(path)?;
    let failed = |source| OpenError::sqlite(path, source);
    let has_wal = with_suffix(path, names::WAL).exists();
    let conn = sqlite::open_reader(path).map_err(failed)?;
    if has_wal {
        sqlite::keep_wal_on_close(&conn).map_err(failed)?;
    }
    check_connection(&conn, path)?;
    Ok(conn)
}

/// Opens a backup for reading: nothing is written to it or beside it, and it may be on a disk that
/// only can be read. A file with a log or journal beside it is not one file yet; it is opened with
/// that.
pub(in crate::store) fn open_backup(path: &Path) -> Result<Connection, OpenError> {
    let is_whole =
        [names::WAL, names::JOURNAL].iter().all(|suffix| !with_suffix(path, suffix).exists());
    if !is_whole {
        return open_live(path);
    }
    check_file(path)?;
    sqlite::open_immutable(path).map_err(|source| OpenError::sqlite(path, source))
}
