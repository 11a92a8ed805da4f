//! The database of a data directory: a file in it or, with `PIVOTAL_TEST_ENGINE=postgres`, a
//! database on the server whose URL is in `PIVOTAL_TEST_POSTGRES`.

mod postgres;
mod sql;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::postgres::{is_the_engine as is_postgres, url_of};
pub use self::sql::Sql;

/// A database that others start as a copy of.
pub enum Template {
    File(Vec<u8>),
    Postgres(String),
}

impl Template {
    /// Takes the database of a directory, which nothing uses anymore.
    pub fn take(dir: &Path) -> Self {
        match postgres::take(dir) {
            Some(name) => Self::Postgres(name),
            None => Self::File(std::fs::read(file_of(dir)).unwrap()),
        }
    }

    /// Gives a copy to a directory without a database.
    pub fn copy_to(&self, dir: &Path) {
        match self {
            Self::File(bytes) => write(&file_of(dir), bytes),
            Self::Postgres(name) => postgres::copy(name, dir),
        }
    }
}

/// Connects to the database of a directory.
pub fn connect(dir: &Path) -> Sql {
    match url_of(dir) {
        Some(url) => Sql::postgres(&url),
        None => Sql::sqlite(connect_to_file(dir)),
    }
}

/// Returns the place of the database of a directory as commands print it: the path of the file, or
/// the host, port, and name.
pub fn place_of(dir: &Path) -> String {
    match url_of(dir) {
        Some(url) => url.split_once('@').unwrap().1.to_owned(),
        None => file_of(dir).display().to_string(),
    }
}

/// Returns the places in a database that contain a text, in whatever case: files of the directory,
/// or tables.
pub fn places_with(dir: &Path, text: &[u8]) -> Vec<String> {
    match url_of(dir) {
        Some(url) => Sql::postgres(&url).tables_with(text),
        None => files_with(dir, text),
    }
}

/// Returns the files below a directory that contain a text, in whatever case.
pub fn files_with(dir: &Path, text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if std::fs::read(&path).is_ok_and(|file| contains(file, text)) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn contains(mut bytes: Vec<u8>, text: &[u8]) -> bool {
    bytes.make_ascii_lowercase();
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text))
}

/// Connects to the file in a directory, for tests that only apply to SQLite.
pub fn connect_to_file(dir: &Path) -> rusqlite::Connection {
    let conn = rusqlite::Connection::open(file_of(dir)).unwrap();
    conn.busy_timeout(Duration::from_secs(10)).unwrap();
    conn
}

/// The database file in a directory, for tests that only apply to SQLite.
pub fn file_of(dir: &Path) -> PathBuf {
    assert!(
        !postgres::is_the_engine(),
        "this test needs the file of a SQLite database; add it to tests/postgres/sqlite_only"
    );
    dir.join("pivotal.db")
}

/// Writes a file that only its owner can read.
fn write(path: &Path, bytes: &[u8]) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).unwrap().write_all(bytes).unwrap();
}
