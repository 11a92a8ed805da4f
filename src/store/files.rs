//! The data directory: where the database lies in it, who holds it, and how the file is found
//! fit, made or brought up to date before anything is read from it. For the store's own use;
//! `cli` names directories and locks them.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::OpenError;
use super::{schema, sqlite};

/// A directory that holds one database.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

/// Held by the one server that runs on a data directory, until the process ends.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

/// Held while the file is opened, made, upgraded or replaced, and by a command for as long as it
/// has the file open: nobody replaces a file under it.
#[derive(Debug)]
pub(super) struct OpenLock {
    _file: File,
}

impl DataDir {
    /// The directory at `path`, whether it exists or not.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where the directory is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.0.join("pivotal.db")
    }

    /// Makes sure that no other server uses the directory, which is made when it does not exist.
    ///
    /// # Errors
    /// [`OpenError::InUse`], or [`OpenError::Io`] when the directory cannot be used.
    pub fn lock_for_serving(&self) -> Result<ServeLock, OpenError> {
        self.make()?;
        let file = self.lock_file("serve.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(ServeLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(self.io(source)),
        }
    }

    /// Makes a new database unless there is one.
    ///
    /// # Errors
    /// When the directory or the file cannot be written.
    pub(super) fn create(&self, _lock: &OpenLock) -> Result<(), OpenError> {
        let path = self.database();
        if path.exists() {
            return Ok(());
        }
        // Made under another name and renamed when whole, so that a crash leaves no half of it.
        let draft = self.0.join("pivotal.db.new");
        remove_if_there(&draft).map_err(|source| self.io(source))?;
        let failed = |source| OpenError::sqlite(&draft, source);
        let mut conn = Connection::open(&draft).map_err(failed)?;
        schema::create(&mut conn).map_err(failed)?;
        conn.close().map_err(|(_, source)| failed(source))?;
        fs::rename(&draft, &path)
            .and_then(|()| sync_dir_of(&path))
            .map_err(|source| self.io(source))
    }

    /// Opens the existing database for writing, upgraded if it was of an older version. A file
    /// that is not ours or newer than this binary is refused without being touched.
    ///
    /// # Errors
    /// Every variant of [`OpenError`] but [`OpenError::InUse`].
    pub(super) fn open(
        &self,
        _lock: &OpenLock,
        serving: Option<&ServeLock>,
    ) -> Result<Connection, OpenError> {
        let path = self.database();
        inspect(&path)?;
        let mut conn = sqlite::open_writer(&path)?;
        let failed = |source| OpenError::sqlite(&path, source);
        // Once more, now with what stands in the write-ahead log.
        let found = schema::version(&conn).map_err(failed)?;
        if found > schema::VERSION {
            return Err(OpenError::Newer { path, found, known: schema::VERSION });
        }
        if found < schema::VERSION {
            let _lock = match serving {
                Some(_) => None,
                None => Some(self.lock_for_serving().map_err(|error| match error {
                    OpenError::InUse(_) => OpenError::UpgradeInUse { path: path.clone(), found },
                    other => other,
                })?),
            };
            self.upgrade(&mut conn, found)?;
        }
        Ok(conn)
    }

    /// Opens the existing database for reading, whatever its version.
    ///
    /// # Errors
    /// Those of [`DataDir::open`].
    pub(super) fn open_to_read(&self) -> Result<Connection, OpenError> {
        let _lock = self.lock_existing()?;
        open_to_read(&self.database())
    }

    /// Sets a copy aside and upgrades.
    fn upgrade(&self, conn: &mut Connection, from: i64) -> Result<(), OpenError> {
        let path = self.database();
        let copy = self.0.join(format!("pivotal.db.schema-{from}.backup"));
        let draft = self.0.join("pivotal.db.schema.new");
        remove_if_there(&draft).map_err(|source| self.io(source))?;
        conn.execute("VACUUM INTO ?1", [draft.to_string_lossy()])
            .map_err(|source| OpenError::sqlite(&path, source))?;
        File::open(&draft)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&draft, &copy))
            .map_err(|source| self.io(source))?;
        log::info!(
            "upgrading {} from schema {from}; a copy is kept as {}",
            path.display(),
            copy.display()
        );
        schema::upgrade(conn).map_err(|source| OpenError::Upgrade { path, from, copy, source })
    }

    /// Waits until nobody else opens or replaces the file. The directory is made when it does not
    /// exist.
    ///
    /// # Errors
    /// [`OpenError::Io`] when the directory cannot be used.
    pub(super) fn lock_for_opening(&self) -> Result<OpenLock, OpenError> {
        self.make()?;
        let file = self.lock_file("open.lock")?;
        file.lock().map_err(|source| self.io(source))?;
        Ok(OpenLock { _file: file })
    }

    /// The same where a database has to exist.
    ///
    /// # Errors
    /// [`OpenError::Missing`] too.
    pub(super) fn lock_existing(&self) -> Result<OpenLock, OpenError> {
        if self.database().exists() {
            self.lock_for_opening()
        } else {
            Err(OpenError::Missing(self.0.clone()))
        }
    }

    fn make(&self) -> Result<(), OpenError> {
        make_dir(&self.0).map_err(|source| self.io(source))
    }

    fn lock_file(&self, name: &str) -> Result<File, OpenError> {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.0.join(name))
            .map_err(|source| self.io(source))
    }

    fn io(&self, source: io::Error) -> OpenError {
        OpenError::Io { path: self.0.clone(), source }
    }
}

/// Makes a directory unless it exists. It will hold a company's customers: nobody else on the
/// machine has to read them.
pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Removes a file that need not exist.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Brings to disk what was made, renamed or removed in the directory of this file.
pub(super) fn sync_dir_of(path: &Path) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
}

/// The path with something appended to its last name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Opens a database of this program, wherever it lies, for reading.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    inspect(path)?;
    sqlite::open_reader(path).map_err(|source| OpenError::sqlite(path, source))
}

/// Reads the file's header without SQLite, which would already leave traces beside the file. The
/// offsets are those of the SQLite manual, "Database File Format", 1.3.
pub(super) fn inspect(path: &Path) -> Result<(), OpenError> {
    let mut header = [0u8; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            let found = "it is shorter than a header".to_owned();
            return Err(OpenError::Damaged { path: path.to_owned(), found });
        }
        Err(source) => {
            return Err(OpenError::Io { path: path.to_owned(), source });
        }
    }
    let number = |at: usize| {
        i64::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]))
    };
    let (found, application) = (number(60), number(68));
    if !header.starts_with(b"SQLite format 3\0") || application != schema::APPLICATION_ID {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if found > schema::VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: schema::VERSION });
    }
    Ok(())
}
