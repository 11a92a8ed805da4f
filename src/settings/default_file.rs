//! Which file the settings come from.

use std::io::ErrorKind;
use std::path::Path;

use super::error::SettingsError;

/// The settings of a server that is installed for the whole machine.
const SYSTEM_FILE: &str = "/etc/pivotal-server/config.toml";
/// The settings of a server that is started in the current directory.
const LOCAL_FILE: &str = "config.toml";
/// Read if no file is given: the first of them that exists.
pub(super) const DEFAULT_FILES: [&str; 2] = [LOCAL_FILE, SYSTEM_FILE];

/// Returns the given file, or else the first default that exists.
///
/// # Errors
/// If it can't be found out whether a default exists: ignoring it could start a server with an
/// empty database in another place.
pub(super) fn choose_file<'p>(
    given: Option<&'p Path>,
    defaults: &[&'p Path],
) -> Result<Option<&'p Path>, SettingsError> {
    if given.is_some() {
        return Ok(given);
    }
    for &file in defaults {
        match file.metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Ok(Some(file)),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            // The directory is that of whoever changed to this user, such as with `runuser` in /root.
            Err(error)
                if error.kind() == ErrorKind::PermissionDenied && file == Path::new(LOCAL_FILE) => {
            }
            Err(source) => {
                return Err(SettingsError::Unreadable { file: file.to_owned(), source });
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_file_comes_before_the_local_one_and_that_before_the_one_of_the_system() {
        let dir = tempfile::tempdir().unwrap();
        let [given, local, system] = ["given", "local", "system"].map(|name| dir.path().join(name));
        let defaults = [local.as_path(), system.as_path()];
        let choose = |given| choose_file(given, &defaults).unwrap();
        assert_eq!(choose(None), None);
        // A given file must exist, which reading it finds out.
        assert_eq!(choose(Some(&given)), Some(given.as_path()));
        std::fs::write(&system, "").unwrap();
        assert_eq!(choose(None), Some(system.as_path()));
        // Not a file.
        std::fs::create_dir(&local).unwrap();
        assert_eq!(choose(None), Some(system.as_path()));
        std::fs::remove_dir(&local).unwrap();
        std::fs::write(&local, "").unwrap();
        assert_eq!(choose(None), Some(local.as_path()));
        assert_eq!(choose(Some(&given)), Some(given.as_path()));
    }

    #[test]
    fn a_file_below_something_that_is_not_a_directory_does_not_exist() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let below = file.path().join("config.toml");
        assert_eq!(choose_file(None, &[&below]).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_examined_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("config.toml");
        std::os::unix::fs::symlink(&link, &link).unwrap();
        let error = choose_file(None, &[&link]).unwrap_err();
        assert!(matches!(error, SettingsError::Unreadable { file, .. } if file == link));
    }
}
