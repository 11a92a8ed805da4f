//! Files that killed commands leave behind are removed at the next start, and no others.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::support::{Server, command, locks_held_by, wait_until};

/// A directory with a closed database of one customer, and an API key for it.
fn closed_database() -> (Arc<TempDir>, String) {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().customer("Aurora");
    assert_eq!(server.stop(), Some(0));
    (dir, server.live.clone())
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn incomplete_files_are_removed_at_the_next_start_with_their_journals() {
    let (dir, _) = closed_database();
    for draft in [
        "pivotal.db.restoring",
        "pivotal.db.new",
        "pivotal.db.schema.new",
        "pivotal.db.schema-5.backup.partial",
    ] {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            fs::write(dir.path().join(format!("{draft}{suffix}")), "half").unwrap();
        }
    }
    fs::write(dir.path().join("notes.restoring"), "mine").unwrap();
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(names(dir.path()), ["notes.restoring", "open.lock", "pivotal.db", "serve.lock"]);
}

#[test]
fn a_scheduled_backup_removes_incomplete_backups_but_not_one_in_progress() {
    let (dir, _) = closed_database();
    let backups = dir.path().join("backups");
    fs::create_dir(&backups).unwrap();
    let left = backups.join("pivotal-20260101T000000Z.db.partial");
    fs::write(&left, "half").unwrap();
    fs::write(backups.join("pivotal-20260101T000000Z.db.partial-journal"), "half").unwrap();
    let written = backups.join("pivotal-20260102T000000Z.db.partial");
    fs::write(&written, "half so far").unwrap();
    let mut flock = Command::new("flock");
    let mut writer = flock.arg("--no-fork").arg(&written).args(["sleep", "1000"]).spawn().unwrap();
    wait_until("the backup is locked", || !locks_held_by(writer.id(), &written).is_empty());

    let server = Server::start_in(Arc::clone(&dir), &[("PIVOTAL_BACKUP_EVERY", "1s")]);
    wait_until("a backup is made", || names(&backups).iter().any(|name| name.ends_with("Z.db")));
    wait_until("the leftovers are removed", || {
        let left = names(&backups);
        !left.iter().any(|name| name.starts_with("pivotal-20260101"))
    });
    assert!(written.exists());
    drop(server);
    writer.kill().unwrap();
    writer.wait().unwrap();
}

#[test]
fn a_restore_killed_between_its_steps_is_undone() {
    let (dir, key) = closed_database();
    let database = dir.path().join("pivotal.db");
    let aside = dir.path().join("pivotal.db.before-restore-20260101T000000Z");
    fs::hard_link(&database, &aside).unwrap();
    fs::write(dir.path().join("pivotal.db.restoring"), "a whole backup").unwrap();
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.client_with(&key).walk("/customers").len(), 1);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(names(dir.path()), ["open.lock", "pivotal.db", "serve.lock"]);
}

#[test]
fn a_restore_killed_after_it_moved_the_wal_loses_nothing() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.client().customer("Aurora");
    let key = server.live.clone();
    server.kill();
    let aside = dir.path().join("pivotal.db.before-restore-20260101T000000Z");
    fs::hard_link(server.database(), &aside).unwrap();
    let log = dir.path().join("pivotal.db-wal");
    fs::rename(&log, format!("{}-wal", aside.display())).unwrap();
    let server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.client_with(&key).walk("/customers").len(), 1);
    assert!(!aside.exists());
}

#[test]
fn several_restores_within_one_second_each_keep_what_they_replace() {
    let (dir, _) = closed_database();
    let run = |args: &[&str]| {
        let output = command(dir.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["backup", "copy.db"]);
    for _ in 0..6 {
        run(&["restore", "--replace", "copy.db"]);
    }
    let kept = names(dir.path());
    let kept = kept.iter().filter(|name| name.starts_with("pivotal.db.before-restore-"));
    assert_eq!(kept.count(), 6);
}

#[test]
fn the_journal_of_a_killed_start_is_not_applied_to_a_restored_backup() {
    let (dir, key) = closed_database();
    let run = |args: &[&str]| {
        let output = command(dir.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run(&["backup", "small.db"]);
    let database = dir.path().join("pivotal.db");
    let journal = dir.path().join("pivotal.db-journal");
    // This is what a start leaves if it is killed while it enables WAL mode: the old page 1 and the
    // old file length.
    let conn = rusqlite::Connection::open(&database).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = DELETE;
         CREATE TABLE filling (a);
         INSERT INTO filling VALUES (zeroblob(1000000));
         PRAGMA cache_size = 1;
         BEGIN; INSERT INTO filling VALUES (zeroblob(1000000))",
    )
    .unwrap();
    let hot = fs::read(&journal).unwrap();
    assert!(hot.starts_with(&[0xd9, 0xd5]), "the journal is not synced yet");
    conn.execute_batch("ROLLBACK; DROP TABLE filling").unwrap();
    drop(conn);
    fs::write(&journal, hot).unwrap();
    run(&["restore", "--replace", "small.db"]);
    assert!(!journal.exists());
    run(&["check"]);
    let server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.client_with(&key).walk("/customers").len(), 1);
}
