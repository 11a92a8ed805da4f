//! File ownership. Commands are often run as root although the service runs as another user: the
//! files they create must belong to that user, and errors about files they may not open must name
//! the owner.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

/// Gives a newly created file or directory to the owner of its parent directory, as SQLite does
/// with the files next to a database. Only does so as root; other users keep what they create.
#[cfg(unix)]
pub(in crate::store) fn give_to_owner_of_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let (file, dir) = (fs::metadata(path)?, fs::metadata(super::dir_of(path))?);
    if file.uid() == ROOT && dir.uid() != ROOT {
        return chown(path, Some(dir.uid()), Some(dir.gid()));
    }
    Ok(())
}

/// Gives a file that will replace another one the same owner and permissions.
#[cfg(unix)]
pub(in crate::store) fn copy_owner_and_mode(path: &Path, other: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let (file, other) = (fs::metadata(path)?, fs::metadata(other)?);
    if file.uid() == ROOT && (file.uid(), file.gid()) != (other.uid(), other.gid()) {
        chown(path, Some(other.uid()), Some(other.gid()))?;
    }
    fs::set_permissions(path, other.permissions())
}

#[cfg(not(unix))]
pub(in crate::store) fn copy_owner_and_mode(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
const ROOT: u32 = 0;

#[cfg(not(unix))]
pub(in crate::store) fn give_to_owner_of_dir(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The user who owns a file or directory. Displayed as the name, or as `user 999` if `/etc/passwd`
/// has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    uid: u32,
    name: Option<String>,
}

impl Owner {
    #[cfg(unix)]
    pub(in crate::store) fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let uid = fs::metadata(path).ok()?.uid();
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(Self { uid, name: name_of(uid, &users) })
    }

    #[cfg(not(unix))]
    pub(in crate::store) fn of(_: &Path) -> Option<Self> {
        None
    }

    /// The user that this process runs as, if the system provides it.
    pub(in crate::store) fn of_this_process() -> Option<Self> {
        Self::of(Path::new("/proc/self"))
    }

    pub(in crate::store) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "user {}", self.uid),
        }
    }
}

/// Finds a user in passwd(5) lines: name, password, number, and more.
#[cfg(unix)]
fn name_of(uid: u32, users: &str) -> Option<String> {
    let uid = uid.to_string();
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// Returns the mode of a file or directory that users other than its owner may access.
#[cfg(unix)]
pub(super) fn mode_open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
pub(super) fn mode_open_to_others(_: &Path) -> Option<u32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nbroken\npivotal:x:999:998::/:/bin/false\n";
        assert_eq!(name_of(999, users).as_deref(), Some("pivotal"));
        assert_eq!(name_of(0, users).as_deref(), Some("root"));
        assert_eq!(name_of(998, users), None);
    }
}
