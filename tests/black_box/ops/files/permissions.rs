//! Ownership and permissions of files, and commands that other users run next to the server.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use tempfile::TempDir;

use crate::support::{Server, command, command_under, wait_until};

const NOBODY: u32 = 65534;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// All files below a directory, without the directories.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn all_files_are_private_to_their_owner_whatever_the_umask() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    set_mode(dir.path(), 0o755);
    let generous = ["sh", "-c", "umask 000; exec \"$@\"", "sh"].map(str::to_owned);
    let variables = [("PIVOTAL_BACKUP_EVERY", "1s")];
    let mut server = Server::start_under(&generous, Arc::clone(&dir), &variables).unwrap();
    server.client().customer("Aurora");
    wait_until("a backup is made", || {
        fs::read_dir(dir.path().join("backups")).is_ok_and(|mut entries| {
            entries.any(|entry| entry.unwrap().path().extension().is_some_and(|end| end == "db"))
        })
    });
    wait_until("the open directory is reported", || {
        server.log().contains(&format!("chmod 700 {}", dir.path().display()))
    });
    let names = || files(dir.path()).into_iter().map(|path| (mode(&path), path));
    for (mode, path) in names() {
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    assert_eq!(mode(&dir.path().join("backups")), 0o700);
    assert_eq!(server.stop(), Some(0));

    let run = |args: &[&str]| {
        let output = command_under(&generous, dir.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    };
    run(&["backup", "copy.db"]);
    run(&["restore", "--replace", "copy.db"]);
    for (mode, path) in names() {
        assert_eq!(mode, 0o600, "{}", path.display());
    }
}

/// Whether this test runs as root and can switch to another user.
fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A directory accessible to another user, with the binary in it, and that user's data directory.
struct Elsewhere {
    dir: TempDir,
    data: PathBuf,
}

impl Elsewhere {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        set_mode(dir.path(), 0o755);
        let binary = dir.path().join("pivotal-server");
        fs::copy(env!("CARGO_BIN_EXE_pivotal-server"), &binary).unwrap();
        set_mode(&binary, 0o755);
        let data = dir.path().join("data");
        fs::create_dir(&data).unwrap();
        std::os::unix::fs::chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
        set_mode(&data, 0o700);
        Self { dir, data }
    }

    fn command(&self, wrapper: &[&str]) -> Command {
        let binary = self.dir.path().join("pivotal-server");
        let mut words = wrapper.iter().copied().map(Into::into).chain([binary.into_os_string()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg("--data-dir").arg(&self.data).current_dir(self.dir.path());
        command
    }

    /// Runs a command as the user who owns the data.
    fn as_owner(&self, args: &[&str]) -> Output {
        let become_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
        self.command(&become_nobody).args(args).output().unwrap()
    }

    fn as_root(&self, args: &[&str]) {
        let output = self.command(&[]).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", said(&output));
    }

    #[track_caller]
    fn assert_usable_by_owner(&self) {
        for path in files(&self.data) {
            assert_eq!(fs::metadata(&path).unwrap().uid(), NOBODY, "{}", path.display());
        }
        let output = self.as_owner(&["workspaces", "list"]);
        assert!(output.status.success(), "{}", said(&output));
        let slug = format!("w{}", files(&self.data).len());
        let output = self.as_owner(&["workspaces", "create", "--slug", &slug, "--name", "W"]);
        let taken = said(&output).contains("already exists");
        assert!(output.status.success() || taken, "{}", said(&output));
    }
}

#[test]
fn files_that_root_creates_belong_to_the_owner_of_the_directory() {
    if !is_root() {
        println!("skipped: only root can act for another user");
        return;
    }
    let elsewhere = Elsewhere::new();
    elsewhere.as_root(&["workspaces", "create", "--slug", "first", "--name", "First"]);
    elsewhere.assert_usable_by_owner();
    elsewhere.as_root(&["keys", "create", "--workspace", "first", "--name", "Key"]);
    elsewhere.as_root(&["keys", "list"]);
    elsewhere.as_root(&["check"]);
    elsewhere.assert_usable_by_owner();
    elsewhere.as_root(&["backup", "copy.db"]);
    elsewhere.as_root(&["restore", "--replace", "copy.db"]);
    elsewhere.assert_usable_by_owner();
}

#[test]
fn a_missing_permission_is_not_reported_as_a_missing_database_and_names_the_user() {
    if !is_root() {
        println!("skipped: only root can revoke permissions of another user");
        return;
    }
    let elsewhere = Elsewhere::new();
    elsewhere.as_root(&["workspaces", "create", "--slug", "first", "--name", "First"]);
    let database = elsewhere.data.join("pivotal.db");
    std::os::unix::fs::chown(&database, Some(0), Some(0)).unwrap();
    for args in [&["keys", "list"][..], &["workspaces", "create", "--slug", "w", "--name", "W"]] {
        let refused = elsewhere.as_owner(args);
        let said = said(&refused);
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("permission denied for"), "{said}");
        assert!(said.contains("pivotal.db") && said.contains("belongs to root"), "{said}");
    }
    std::os::unix::fs::chown(&elsewhere.data, Some(0), Some(0)).unwrap();
    for args in [&["keys", "list"][..], &["check"], &["backup", "copy.db"]] {
        let refused = said(&elsewhere.as_owner(args));
        assert!(refused.contains("permission denied for"), "{refused}");
        assert!(refused.contains("runuser -u root"), "{refused}");
        assert!(!refused.contains("there is no database"), "{refused}");
    }
}

/// A directory with the database of a killed server, including its WAL, and an API key for it.
fn killed_database() -> (Arc<TempDir>, String) {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().customer("Aurora");
    server.kill();
    (dir, server.live.clone())
}

#[test]
fn read_only_commands_leave_the_database_and_its_wal_unchanged() {
    let (dir, key) = killed_database();
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    let before = (read("pivotal.db"), read("pivotal.db-wal"));
    assert!(!before.1.is_empty());
    for args in [&["keys", "list"][..], &["workspaces", "list"], &["check"], &["config"]] {
        let output = command(dir.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        assert!((read("pivotal.db"), read("pivotal.db-wal")) == before, "{args:?}");
    }
    let server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.client_with(&key).walk("/customers").len(), 1);
}

#[test]
fn reading_a_backup_leaves_no_files_next_to_it() {
    let (dir, _) = killed_database();
    let backups = tempfile::tempdir().unwrap();
    let copy = backups.path().join("odd % name?#.db");
    let made = command(dir.path()).arg("backup").arg(&copy).output().unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let before = fs::read(&copy).unwrap();
    set_mode(&copy, 0o400);
    set_mode(backups.path(), 0o500);
    let other = tempfile::tempdir().unwrap();
    for (dir, command_) in [(dir.path(), "check"), (other.path(), "restore")] {
        let output = command(dir).arg(command_).arg(&copy).output().unwrap();
        assert!(output.status.success(), "{command_}: {}", said(&output));
        assert_eq!(files(backups.path()), [copy.as_path()]);
        assert!(fs::read(&copy).unwrap() == before, "{command_}");
    }
    set_mode(backups.path(), 0o700);
}

#[test]
fn a_read_only_command_does_not_upgrade_a_database_of_an_older_version() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pivotal.db");
    let conn = rusqlite::Connection::open(&file).unwrap();
    conn.execute_batch(include_str!("../../fixtures/schema-2.sql")).unwrap();
    drop(conn);
    let before = fs::read(&file).unwrap();
    for args in [&["keys", "list"][..], &["workspaces", "list"]] {
        let output = command(dir.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("older version (schema 2"), "{}", said(&output));
    }
    let checked = command(dir.path()).arg("check").output().unwrap();
    assert!(checked.status.success(), "{}", said(&checked));
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn a_command_can_start_in_a_directory_that_its_user_cannot_enter() {
    if !is_root() {
        return;
    }
    let elsewhere = Elsewhere::new();
    let private = tempfile::tempdir().unwrap();
    fs::write(private.path().join("config.toml"), "workers = 3").unwrap();
    set_mode(private.path(), 0o700);
    let output = elsewhere
        .command(&["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg("config")
        .current_dir(private.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(!String::from_utf8_lossy(&output.stdout).contains("workers = 3"));
}
