//! Files that appear under their name once they are complete.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A new file that is not complete yet: a temporary file beside it that only its owner can read. It
/// is removed if it is dropped.
pub(super) struct Draft {
    file: NamedTempFile,
    dir: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Starts the file `path`, whose temporary name begins with `prefix`.
    ///
    /// # Errors
    /// If there is a file with this name, or none can be created.
    pub fn create(path: &Path, prefix: &str) -> io::Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let dir = match path.parent() {
            Some(dir) if dir != Path::new("") => dir,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new().prefix(prefix).suffix(".partial").tempfile_in(dir)?;
        Ok(Self { file, dir: dir.to_owned(), path: path.to_owned() })
    }

    /// Gives the file its name, once it is on disk.
    ///
    /// # Errors
    /// If there is a file with this name by now, or it can't be written.
    pub fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(self.path)?;
        File::open(self.dir)?.sync_all()
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
