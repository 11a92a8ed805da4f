//! A private file that this process has locked. Lines are appended and synced, so that whatever
//! follows the complete part was cut off by a crash.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::transfer::remote::error::RemoteError;

pub(in crate::transfer::remote) struct AppendFile {
    path: PathBuf,
    file: File,
    /// The length of the complete part.
    end: u64,
}

impl AppendFile {
    /// Opens and locks the file, or creates it. Read it and call [`AppendFile::truncate`] before
    /// appending to it.
    ///
    /// # Errors
    /// If another process uses the file.
    pub fn open(path: &Path) -> Result<Self, RemoteError> {
        let failed = |source| RemoteError::File { path: path.to_owned(), source };
        let file = open_private(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), file, end: 0 }),
            Err(TryLockError::WouldBlock) => Err(RemoteError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn end(&self) -> u64 {
        self.end
    }

    /// Reads the file from its beginning.
    pub fn reader(&self) -> Result<BufReader<File>, RemoteError> {
        Ok(BufReader::new(self.file.try_clone().map_err(|source| self.failed(source))?))
    }

    /// Returns the bytes at a position.
    pub fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, RemoteError> {
        let mut bytes = vec![0; length];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| self.failed(source))?;
        Ok(bytes)
    }

    /// Cuts off what follows the complete part, which is this long.
    pub fn truncate(&mut self, end: u64) -> Result<(), RemoteError> {
        self.file.set_len(end).map_err(|source| self.failed(source))?;
        self.end = end;
        Ok(())
    }

    /// Appends bytes and syncs them to disk.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), RemoteError> {
        let write = |file: &mut File, end: u64| -> io::Result<()> {
            file.seek(SeekFrom::Start(end))?;
            file.write_all(bytes)?;
            file.sync_data()
        };
        write(&mut self.file, self.end).map_err(|source| self.failed(source))?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    pub fn delete(self) -> Result<(), RemoteError> {
        fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }

    pub fn failed(&self, source: io::Error) -> RemoteError {
        RemoteError::File { path: self.path.clone(), source }
    }
}

/// Opens a file, or creates one that only its owner can read.
pub(in crate::transfer::remote) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
