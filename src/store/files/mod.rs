//! The files of a database: where they are, which processes hold them, and how a database is
//! checked, created, or upgraded before it is used.

mod alone;
pub(super) mod backup;
pub(super) mod check;
pub(super) mod contents;
pub(super) mod copy;
mod data_dir;
pub(super) mod disk_usage;
mod ephemeral;
mod evidence;
mod evidence_search;
mod handed_over;
mod header;
mod leftovers;
pub(super) mod lock_holders;
mod locks;
mod names;
mod open_files;
mod owner;
pub(super) mod receive;
pub(super) mod restore;
pub(super) mod watch;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub(super) use self::alone::{LockedFile, NewFile};
pub use self::data_dir::DataDir;
pub(super) use self::data_dir::IfMissing;
pub use self::ephemeral::EphemeralDir;
pub use self::evidence::Evidence;
pub(super) use self::header::{
    check_connection as check_connection_header, check_file as check_file_header, open_backup,
};
pub(super) use self::leftovers::remove_draft;
pub(super) use self::locks::OpenLock;
pub use self::locks::ServeLock;
pub(super) use self::names::{
    BEFORE_RESTORE, BEFORE_UPGRADE, JOURNAL, PARTIAL, RECEIVING, RESTORING, SHM, UPGRADING, WAL,
    backup_name, backup_time,
};
pub(super) use self::open_files::OpenFiles;
pub use self::owner::Owner;
pub(super) use self::owner::{copy_owner_and_mode, give_to_owner_of_dir};

/// Creates a directory and its parents, unless it exists. Only its owner may access it, because it
/// will hold a company's customer data.
pub(super) fn create_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    give_to_owner_of_dir(path)
}

/// Creates a file that must not exist yet and that only its owner may access. SQLite gives the
/// files next to a database the same permissions.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    give_to_owner_of_dir(path)?;
    Ok(file)
}

/// Creates a hard link to a file, or a copy on a file system without hard links.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error)
            if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) =>
        {
            copy_atomically(from, to)
        }
        done => done,
    }
}

/// Copies a file so that the copy only gets its name once it is complete.
fn copy_atomically(from: &Path, to: &Path) -> io::Result<()> {
    let draft = with_suffix(to, PARTIAL);
    let copied = fs::copy(from, &draft)
        .and_then(|_| File::open(&draft)?.sync_all())
        .and_then(|()| fs::rename(&draft, to));
    copied.inspect_err(|_| {
        // Report the first error, not the one from cleaning up.
        let _ = fs::remove_file(&draft);
    })
}

pub(super) fn remove_if_exists(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Syncs the directory of a file, so that files created, renamed, or removed in it are on disk.
pub(super) fn sync_dir_of(path: &Path) -> io::Result<()> {
    File::open(dir_of(path))?.sync_all()
}

pub(super) fn dir_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Appends a suffix to the last component of a path.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Returns a path that does not exist yet: with the suffix appended, or with `-2`, `-3` … after the
/// suffix.
pub(super) fn with_free_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut free = with_suffix(path, suffix);
    let mut number = 2;
    while free.symlink_metadata().is_ok() {
        free = with_suffix(path, &format!("{suffix}-{number}"));
        number += 1;
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_only_gets_its_name_once_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        assert!(copy_atomically(&from, &to).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        fs::write(&from, "all of it").unwrap();
        copy_atomically(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"all of it");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
