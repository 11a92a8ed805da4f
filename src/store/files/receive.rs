//! Restores a backup that arrives as a stream, such as through a pipe from another machine.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::header::{HEADER_BYTES, Header};
use super::restore::Restored;
use super::watch::Watch;
use crate::model::values::time::Timestamp;
use crate::store::error::{CopyError, OpenError};
use crate::store::files::{self, DataDir};

/// How often to look for a signal while nothing arrives.
const SIGNAL_CHECK: Duration = Duration::from_millis(200);

/// A stream from which a backup is read.
#[derive(Debug)]
pub struct BackupStream {
    input: File,
    /// What messages call it.
    name: PathBuf,
}

impl BackupStream {
    /// Reads what is piped to this process.
    ///
    /// # Errors
    /// Fails if there is no standard input.
    pub fn from_stdin() -> io::Result<Self> {
        Ok(Self { input: stdin()?, name: PathBuf::from("standard input") })
    }

    /// Opens a named pipe or a device.
    ///
    /// # Errors
    /// Fails if it can't be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { input: File::open(path)?, name: path.to_owned() })
    }

    fn unreadable(&self, source: io::Error) -> CopyError {
        CopyError::Unreadable { path: self.name.clone(), source }
    }

    /// Reads the beginning, which says whether this is a backup, and how long it is.
    fn header(&mut self) -> Result<([u8; HEADER_BYTES], Header), CopyError> {
        let mut bytes = [0; HEADER_BYTES];
        self.input.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => CopyError::EmptyStream(self.name.clone()),
            _ => self.unreadable(error),
        })?;
        let header =
            Header::parse(&bytes).ok_or_else(|| CopyError::NotABackup(self.name.clone()))?;
        header.check(&self.name).map_err(|error| match error {
            OpenError::Foreign(path) => CopyError::NotABackup(path),
            other => other.into(),
        })?;
        Ok((bytes, header))
    }
}

impl DataDir {
    /// Like [`DataDir::restore`], for a backup that arrives as a stream. It is written to a file in
    /// the data directory, which is removed at the end, and is restored from there once it is
    /// complete.
    ///
    /// # Errors
    /// See [`CopyError`].
    pub fn restore_stream(
        &self,
        mut stream: BackupStream,
        replace: bool,
        now: Timestamp,
        watch: &Arc<dyn Watch>,
    ) -> Result<Restored, CopyError> {
        // First, so that something else than a backup doesn't create the data directory.
        let (bytes, header) = stream.header()?;
        let locks = self.lock_for_restore()?;
        self.ensure_replaceable(replace)?;
        let draft = files::with_suffix(&self.database(), files::RECEIVING);
        let received = receive(&mut stream, &bytes, header, &draft, watch);
        let restored = received.and_then(|()| {
            let mut backup = files::open_backup(&draft)?;
            self.replace_with(&mut backup, &locks, now, watch)
        });
        // The data is in the restored database, or in the stream's source.
        let _ = files::remove_draft(&draft);
        restored.map_err(|error| super::restore::backup_error(error, &stream.name))
    }
}

/// Writes the whole stream to a file, and checks that it is complete.
fn receive(
    stream: &mut BackupStream,
    beginning: &[u8],
    header: Header,
    draft: &Path,
    watch: &Arc<dyn Watch>,
) -> Result<(), CopyError> {
    let io = |source| CopyError::io(draft, source);
    if !files::remove_draft(draft).map_err(io)? {
        return Err(CopyError::InProgress(draft.to_owned()));
    }
    watch.on_start();
    let mut file = files::create_private(draft).map_err(io)?;
    let mut received = 0;
    let mut buffer = vec![0; 1 << 16];
    let mut chunk = beginning;
    loop {
        file.write_all(chunk).map_err(io)?;
        received += chunk.len() as u64;
        watch.on_progress(received.min(header.bytes()), header.bytes());
        while !is_readable(&stream.input) {
            if watch.should_stop() {
                return Err(CopyError::Stopped);
            }
        }
        if watch.should_stop() {
            return Err(CopyError::Stopped);
        }
        match stream.input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => chunk = &buffer[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => chunk = &[],
            Err(error) => return Err(stream.unreadable(error)),
        }
    }
    let (path, expected) = (stream.name.clone(), header.bytes());
    match received.cmp(&expected) {
        std::cmp::Ordering::Less => Err(CopyError::Incomplete { path, received, expected }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(CopyError::TooLong { path, received, expected }),
    }
}

/// Waits a moment until something arrives, so that a signal can stop the command even if nothing
/// ever does. True if it is unknown, and at the end of the stream.
#[cfg(unix)]
fn is_readable(input: &File) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut inputs = [PollFd::new(input, PollFlags::IN)];
    let timeout = Timespec::try_from(SIGNAL_CHECK).ok();
    match poll(&mut inputs, timeout.as_ref()) {
        Ok(ready) => ready > 0,
        Err(error) => error != rustix::io::Errno::INTR,
    }
}

#[cfg(not(unix))]
fn is_readable(_: &File) -> bool {
    true
}

#[cfg(unix)]
fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

#[cfg(not(unix))]
fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

/// Whether a backup at this path arrives as a stream: it is a pipe or a device.
pub fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}
