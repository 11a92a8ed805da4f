//! A database that disappears: the server notices at once, and never silently creates a new one.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Server, command, wait_until};

/// What happens to one of the server's files.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Renamed,
    Removed,
    Replaced,
}

fn lose_file(file: &Path, loss: Loss) {
    let aside = file.with_extension("aside");
    match loss {
        Loss::Renamed => fs::rename(file, aside).unwrap(),
        Loss::Removed => fs::remove_file(file).unwrap(),
        Loss::Replaced => {
            fs::copy(file, &aside).unwrap();
            fs::rename(aside, file).unwrap();
        }
    }
}

#[test]
fn no_change_is_acknowledged_once_a_file_is_gone() {
    let all = ["pivotal.db", "pivotal.db-wal", "pivotal.db-shm"];
    for (name, loss) in [
        (all[0], Loss::Renamed),
        (all[0], Loss::Removed),
        (all[0], Loss::Replaced),
        (all[1], Loss::Renamed),
        (all[1], Loss::Removed),
        (all[2], Loss::Removed),
    ] {
        let server = Server::start_new();
        let client = server.client();
        client.customer("Aurora");
        lose_file(&server.dir().join(name), loss);
        let refused = client.post("/customers", json!({"name": "Late"}));
        assert_eq!(refused.status, 503, "{name} {loss:?}");
        refused.refused(503, "unavailable", None);
        let deep = server.anonymous().deep_health(503);
        let said = deep["checks"]["file"].as_str().unwrap();
        assert!(said.contains(name) && said.contains("moved, deleted, or replaced"), "{said}");
        wait_until("it is logged", || {
            let log = server.log();
            log.lines()
                .any(|line| line.contains("ERROR") && line.contains("moved, deleted, or replaced"))
        });
    }
}

#[test]
fn a_missing_file_is_noticed_without_any_request() {
    let server = Server::start_new();
    lose_file(&server.database(), Loss::Renamed);
    wait_until("it is logged", || server.log().contains("moved, deleted, or replaced"));
}

#[test]
fn no_scheduled_backup_is_made_of_a_replaced_file() {
    let variables = [("PIVOTAL_BACKUP_EVERY", "1s"), ("PIVOTAL_RATE_LIMITS_ENABLED", "false")];
    let server = Server::start_with(&variables);
    lose_file(&server.database(), Loss::Replaced);
    wait_until("a backup is refused", || {
        let log = server.log();
        log.lines().any(|line| line.contains("backup failed") && line.contains("replaced"))
    });
}

/// A used data directory whose database was moved away, and the directory where the database is
/// now.
fn dir_without_database() -> (Arc<TempDir>, TempDir) {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().customer("Aurora");
    assert_eq!(server.stop(), Some(0));
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(server.database(), elsewhere.path().join("pivotal.db")).unwrap();
    (dir, elsewhere)
}

fn serve(dir: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = command(dir);
    command.args(["serve", "--listen", "127.0.0.1:0"]).envs(variables.iter().copied());
    command.output().unwrap()
}

#[track_caller]
fn assert_requires_new_database_flag(refused: &Output, trace: &str) {
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("--new-database") && said.contains(trace), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn where_there_was_a_database_a_new_one_is_only_created_on_request() {
    let (dir, elsewhere) = dir_without_database();
    assert_requires_new_database_flag(&serve(dir.path(), &[]), "open.lock");
    for args in [&["workspaces", "create", "--slug", "new", "--name", "New"][..], &["demo"]] {
        assert_requires_new_database_flag(
            &command(dir.path()).args(args).output().unwrap(),
            "open.lock",
        );
    }
    assert!(!dir.path().join("pivotal.db").exists());

    // Moved back, the database works as before.
    fs::rename(elsewhere.path().join("pivotal.db"), dir.path().join("pivotal.db")).unwrap();
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.json(&["check"])["sound"], true);
    assert_eq!(server.stop(), Some(0));

    fs::remove_file(server.database()).unwrap();
    let new = Server::start_with_new_database(Arc::clone(&dir));
    new.client().customer("Borealis");
    drop(new);
    // From now on, it is the database of this directory.
    assert_eq!(customers(&dir), ["Borealis"]);
}

/// The names of the customers that a server on this directory lists.
fn customers(dir: &Arc<TempDir>) -> Vec<String> {
    let server = Server::start_in(Arc::clone(dir), &[("PIVOTAL_RATE_LIMITS_ENABLED", "false")]);
    let all = server.client_with(&server.create_key(&[])).walk("/customers");
    all.iter().map(|customer| customer["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn backups_and_files_kept_by_a_restore_are_traces_of_a_database() {
    let empty = || tempfile::tempdir().unwrap();
    let (dir, backups) = (empty(), empty());
    fs::write(backups.path().join("pivotal-20260101T000000Z.db"), "a backup").unwrap();
    let elsewhere = backups.path().to_str().unwrap();
    let variables = [("PIVOTAL_BACKUP_DIR", elsewhere)];
    assert_requires_new_database_flag(
        &serve(dir.path(), &variables),
        "pivotal-20260101T000000Z.db",
    );

    for name in [
        "pivotal.db-wal",
        "pivotal.db-journal",
        "pivotal.db.before-restore-20260101T000000Z",
        "pivotal.db.schema-1.backup",
    ] {
        let dir = empty();
        fs::write(dir.path().join(name), "something").unwrap();
        assert_requires_new_database_flag(&serve(dir.path(), &[]), name);
    }

    let dir = empty();
    std::os::unix::fs::symlink("/no/such/disk/pivotal.db", dir.path().join("pivotal.db")).unwrap();
    assert_requires_new_database_flag(&serve(dir.path(), &[]), "/no/such/disk/pivotal.db");
}

#[test]
fn a_crash_during_the_very_first_start_leaves_no_trace_of_a_database() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    for name in ["serve.lock", "open.lock", "pivotal.db-wal"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    fs::write(dir.path().join("pivotal.db.new"), "half a database").unwrap();
    fs::write(dir.path().join("pivotal.db.new-journal"), "its journal").unwrap();
    let server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().get("/me").expect(200);
    assert!(!dir.path().join("pivotal.db.new-journal").exists());
}

#[test]
fn the_wal_of_a_lost_database_is_kept_and_never_applied_to_a_new_one() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().customer("Aurora");
    server.kill();
    fs::remove_file(server.database()).unwrap();
    let log = fs::read(dir.path().join("pivotal.db-wal")).unwrap();
    assert!(!log.is_empty());
    let new = Server::start_with_new_database(Arc::clone(&dir));
    new.client().customer("Borealis");
    drop(new);
    assert_eq!(fs::read(dir.path().join("pivotal.db.orphaned-wal")).unwrap(), log);
    assert_eq!(customers(&dir), ["Borealis"]);
}

#[test]
fn the_journal_of_a_lost_database_is_kept_and_never_applied_to_a_new_one() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    fs::write(dir.path().join("pivotal.db-journal"), "old pages").unwrap();
    Server::start_with_new_database(Arc::clone(&dir)).client().customer("Borealis");
    let kept = fs::read_to_string(dir.path().join("pivotal.db.orphaned-journal")).unwrap();
    assert_eq!(kept, "old pages");
    assert_eq!(customers(&dir), ["Borealis"]);
}

#[test]
fn a_backup_copied_over_a_database_with_a_wal_is_refused_until_the_wal_is_removed() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().customer("Aurora");
    let backup = dir.path().join("copy.db");
    assert!(server.run(&["backup", backup.to_str().unwrap()]).status.success());
    server.client().customer("Borealis");
    server.kill();
    let (database, log) = (server.database(), dir.path().join("pivotal.db-wal"));
    fs::copy(&backup, &database).unwrap();
    let before = (fs::read(&database).unwrap(), fs::read(&log).unwrap());

    let serve_refused = serve(dir.path(), &[]);
    let check_refused = command(dir.path()).arg("check").output().unwrap();
    for refused in [serve_refused, check_refused] {
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("pivotal.db-wal") && said.contains("restore --replace"), "{said}");
    }
    assert_eq!((fs::read(&database).unwrap(), fs::read(&log).unwrap()), before);

    // Both ways that the message suggests work. Restoring keeps the last changes.
    let restore = ["restore", "--replace", backup.to_str().unwrap()];
    assert!(command(dir.path()).args(restore).output().unwrap().status.success());
    assert_eq!(customers(&dir), ["Aurora"]);
    let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let is_kept = |path: &std::path::PathBuf| path.to_string_lossy().ends_with("Z-wal");
    let kept = names.into_iter().find(is_kept).unwrap();
    assert_eq!(fs::read(&kept).unwrap(), before.1);

    fs::copy(&backup, &database).unwrap();
    fs::copy(&kept, &log).unwrap();
    assert!(!serve(dir.path(), &[]).status.success());
    fs::rename(&log, dir.path().join("log.aside")).unwrap();
    assert_eq!(customers(&dir), ["Aurora"]);
}
