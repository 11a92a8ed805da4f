//! Listening on Unix sockets, whose files outlive a process that is killed.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::BoundAddress;
use super::error::{ListenError, Problem};
use crate::settings::ListenAddress;

const BACKLOG: i32 = 1024;
/// Only the server's user and group can connect: whoever can connect is trusted to name the client.
const MODE: u32 = 0o660;

/// The file of a socket. Dropping this removes it, unless another one has replaced it.
pub(super) struct SocketFile {
    path: PathBuf,
    /// Its device and inode.
    identity: (u64, u64),
}

/// Listens on a path. Replaces a socket that a killed process has left there. `own` are the other
/// addresses of this server.
pub(super) fn listen(
    path: &Path,
    own: &[&BoundAddress],
) -> Result<(UnixListener, SocketFile), ListenError> {
    let is_own =
        || own.iter().any(|own| matches!(own, BoundAddress::Unix(own) if is_same(own, path)));
    try_listen(path).map_err(|problem| {
        let problem =
            if matches!(problem, Problem::Live) && is_own() { Problem::Own } else { problem };
        ListenError::new(&ListenAddress::Unix(path.to_owned()), problem)
    })
}

/// Returns whether both paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    identity(one).ok().is_some_and(|file| identity(other).is_ok_and(|other| other == file))
}

fn try_listen(path: &Path) -> Result<(UnixListener, SocketFile), Problem> {
    let address = SockAddr::unix(path).map_err(|_| Problem::LongPath)?;
    remove_abandoned(path, &address)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(Problem::Unix)?;
    socket.bind(&address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => Problem::Live,
        _ => Problem::Unix(error),
    })?;
    let file = SocketFile::new(path).map_err(Problem::Unix)?;
    // Before it listens, so that nobody else can connect.
    fs::set_permissions(path, Permissions::from_mode(MODE)).map_err(Problem::Unix)?;
    socket.listen(BACKLOG).map_err(Problem::Unix)?;
    Ok((socket.into(), file))
}

/// Removes the socket at `path` if nobody listens on it.
fn remove_abandoned(path: &Path, address: &SockAddr) -> Result<(), Problem> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Problem::Unix(error)),
        Ok(found) if !found.file_type().is_socket() => return Err(Problem::NotASocket),
        Ok(_) => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(Problem::Unix)?;
    // A process that accepts no connections is still listening, but connecting to it would block.
    socket.set_nonblocking(true).map_err(Problem::Unix)?;
    match socket.connect(address).map_err(|error| (error.kind(), error)) {
        Err((io::ErrorKind::ConnectionRefused, _)) => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Problem::Unix(error)),
            _ => Ok(()),
        },
        Err((io::ErrorKind::NotFound, _)) => Ok(()),
        Err((io::ErrorKind::PermissionDenied, error)) => Err(Problem::Unix(error)),
        Ok(()) | Err(_) => Err(Problem::Live),
    }
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity)
            && let Err(error) = fs::remove_file(&self.path)
        {
            log::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}
