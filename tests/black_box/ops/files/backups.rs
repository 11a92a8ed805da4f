//! Backups, restores, and checks: a backup contains everything that was acknowledged and is
//! checked; a restore replaces a database only on request, and keeps it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, command};

const UNLIMITED: (&str, &str) = ("PIVOTAL_RATE_LIMITS_ENABLED", "false");

/// Runs a command on a directory.
pub fn run(dir: &Path, args: &[&str]) -> Output {
    command(dir).args(args).output().unwrap()
}

/// Runs a command that must fail, and returns its one-line error.
pub fn refusal(dir: &Path, args: &[&str]) -> String {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// Runs a command with `--json` that must succeed, and returns its output.
pub fn run_json(dir: &Path, args: &[&str]) -> Value {
    let output = run(dir, &[&["--json"], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The names of the files in a directory, except locks.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let all = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = all.filter(|name| !name.ends_with(".lock")).collect();
    names.sort();
    names
}

/// A directory with a closed database that contains these customers, and an API key for it.
pub fn database_with(customers: &[&str]) -> (Arc<TempDir>, String) {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(Arc::clone(&dir), &[UNLIMITED]);
    for name in customers {
        server.client().customer(name);
    }
    assert_eq!(server.stop(), Some(0));
    (dir, server.live.clone())
}

/// The names of the customers that a server on this directory lists, oldest first.
fn customers(dir: &Arc<TempDir>, key: &str) -> Vec<String> {
    let server = Server::start_in(Arc::clone(dir), &[UNLIMITED, ("PIVOTAL_LOG", "off")]);
    let mut all = server.client_with(key).walk("/customers");
    all.reverse();
    all.iter().map(|customer| customer["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_backup_contains_everything_acknowledged_before_it_even_during_writes() {
    let server = Server::start_new();
    let ended = AtomicBool::new(false);
    let elsewhere = tempfile::tempdir().unwrap();
    let copies: Vec<PathBuf> =
        (0..3).map(|n| elsewhere.path().join(format!("copy-{n}.db"))).collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (client, ended) = (server.client(), &ended);
            scope.spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    client.customer(&format!("Customer of {thread}"));
                }
            });
        }
        for copy in &copies {
            let before = server.client().customer("Before")["display_id"].as_i64().unwrap();
            let summary = server.json(&["backup", text(copy)]);
            let conn = Connection::open(copy).unwrap();
            let one = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
            assert!(one("SELECT max(display_id) FROM customers") >= before);
            // Consistent: every customer has its event, and no display ID is missing.
            let rows = one("SELECT count(*) FROM customers");
            assert_eq!(rows, one("SELECT max(display_id) FROM customers"));
            assert_eq!(rows, one("SELECT count(*) FROM events WHERE type = 'customer.created'"));
            assert_eq!(summary["customers"], rows);
            assert_eq!(summary["bytes"], fs::metadata(copy).unwrap().len());
        }
        ended.store(true, Ordering::Relaxed);
    });
    assert_eq!(names(elsewhere.path()), ["copy-0.db", "copy-1.db", "copy-2.db"]);
    for copy in &copies {
        assert_eq!(run_json(server.dir(), &["check", text(copy)])["sound"], true);
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_a_backup() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, _) = database_with(&[]);
    let copy = dir.path().join("copy.db");
    run_json(dir.path(), &["backup", text(&copy)]);
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_backup_never_overwrites_a_file_and_a_failed_one_leaves_none() {
    let (dir, _) = database_with(&["Aurora"]);
    let taken = dir.path().join("taken.db");
    fs::write(&taken, "mine").unwrap();
    assert!(refusal(dir.path(), &["backup", text(&taken)]).contains("already exists"));
    assert!(refusal(dir.path(), &["--json", "backup", text(&taken)]).contains(r#""code":"copy""#));
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
    assert!(refusal(dir.path(), &["backup", text(dir.path())]).contains("is a directory"));
    let nowhere = dir.path().join("no/such/place.db");
    assert!(refusal(dir.path(), &["backup", text(&nowhere)]).contains("cannot write"));
    let empty = tempfile::tempdir().unwrap();
    let copy = empty.path().join("copy.db");
    assert!(refusal(empty.path(), &["backup", text(&copy)]).contains("there is no database"));
    assert_eq!(names(empty.path()), [""; 0]);
    assert_eq!(names(dir.path()), ["pivotal.db", "taken.db"]);
}

#[test]
fn a_damaged_database_is_not_backed_up() {
    let (dir, _) = database_with(&["Aurora", "Borealis"]);
    break_an_index(&dir.path().join("pivotal.db"));
    let copy = dir.path().join("copy.db");
    let said = refusal(dir.path(), &["backup", text(&copy)]);
    assert!(said.contains("failed its integrity check"), "{said}");
    assert_eq!(names(dir.path()), ["pivotal.db"]);
}

/// Removes the entries of an index behind SQLite's back, so that rows of its table are missing in
/// it.
fn break_an_index(file: &Path) {
    let conn = Connection::open(file).unwrap();
    conn.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'deleted_at IS NULL', 'deleted_at IS NOT NULL')
             WHERE name = 'customers_by_status';
         PRAGMA writable_schema = RESET;
         REINDEX customers_by_status;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'deleted_at IS NOT NULL', 'deleted_at IS NULL')
             WHERE name = 'customers_by_status';
         PRAGMA writable_schema = RESET;",
    )
    .unwrap();
}

#[test]
fn a_backup_can_be_restored_into_a_new_directory_and_its_keys_work() {
    let (dir, key) = database_with(&["Aurora", "Borealis"]);
    let copy = dir.path().join("copy.db");
    run_json(dir.path(), &["backup", text(&copy)]);
    let bytes = fs::read(&copy).unwrap();
    let new = Arc::new(tempfile::tempdir().unwrap());
    let summary = run_json(new.path(), &["restore", text(&copy)]);
    assert_eq!((&summary["customers"], &summary["kept_aside"]), (&json!(2), &Value::Null));
    assert_eq!(names(new.path()), ["pivotal.db"]);
    assert_eq!(customers(&new, &key), ["Aurora", "Borealis"]);
    assert_eq!(fs::read(&copy).unwrap(), bytes, "the backup was changed");
}

#[test]
fn a_directory_in_use_cannot_be_restored_over() {
    let (dir, _) = database_with(&["Aurora"]);
    let copy = dir.path().join("copy.db");
    run_json(dir.path(), &["backup", text(&copy)]);
    let server = Server::start_new();
    server.client().customer("Borealis");
    let output = server.run(&["restore", text(&copy), "--replace"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("already in use by pivotal-server serve")
    );
    assert_eq!(server.client().get("/customers/1").expect(200)["name"], "Borealis");
}

#[test]
fn a_database_is_only_replaced_on_request_and_is_kept() {
    let (dir, key) = database_with(&["Aurora"]);
    let copy = dir.path().join("copy.db");
    run_json(dir.path(), &["backup", text(&copy)]);
    let server = Server::start_in(Arc::clone(&dir), &[UNLIMITED]);
    server.client_with(&key).customer("Late");
    drop(server);
    let log = dir.path().join("pivotal.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0, "the killed server should leave its WAL");

    let refused = refusal(dir.path(), &["restore", text(&copy)]);
    assert!(refused.contains("--replace"), "{refused}");
    assert!(log.exists());
    let summary = run_json(dir.path(), &["restore", text(&copy), "--replace"]);
    let aside = PathBuf::from(summary["kept_aside"].as_str().unwrap());
    assert_eq!(
        names(dir.path()),
        ["copy.db", "pivotal.db", aside.file_name().unwrap().to_str().unwrap()],
        "the WAL of the old database must not remain"
    );
    assert_eq!(customers(&dir, &key), ["Aurora"]);

    // The kept file includes what was only in the WAL.
    let new = Arc::new(tempfile::tempdir().unwrap());
    run_json(new.path(), &["restore", text(&aside)]);
    assert_eq!(customers(&new, &key), ["Aurora", "Late"]);
}

#[test]
fn a_damaged_database_is_replaced_and_kept_with_its_wal() {
    let (dir, key) = database_with(&["Aurora"]);
    let copy = dir.path().join("copy.db");
    run_json(dir.path(), &["backup", text(&copy)]);
    fs::write(dir.path().join("pivotal.db"), "what was left of it").unwrap();
    fs::write(dir.path().join("pivotal.db-wal"), "and of its log").unwrap();
    fs::write(dir.path().join("pivotal.db-shm"), "and this").unwrap();
    let summary = run_json(dir.path(), &["restore", text(&copy), "--replace"]);
    let aside = summary["kept_aside"].as_str().unwrap();
    assert_eq!(fs::read(aside).unwrap(), b"what was left of it");
    assert_eq!(fs::read(format!("{aside}-wal")).unwrap(), b"and of its log");
    assert!(!dir.path().join("pivotal.db-wal").exists());
    assert!(!dir.path().join("pivotal.db-shm").exists());
    assert_eq!(customers(&dir, &key), ["Aurora"]);
}

#[test]
fn a_file_that_is_not_an_intact_backup_is_refused_and_nothing_changes() {
    let (dir, key) = database_with(&["Aurora"]);
    let whole = dir.path().join("whole.db");
    run_json(dir.path(), &["backup", text(&whole)]);
    let bytes = fs::read(&whole).unwrap();
    let file = dir.path().join("copy.db");
    let database = dir.path().join("pivotal.db");
    let before = fs::read(&database).unwrap();
    let refused = |what: &str| {
        let said = refusal(dir.path(), &["restore", text(&file), "--replace"]);
        assert!(said.contains(what), "{said}");
        assert_eq!(fs::read(&database).unwrap(), before, "the database was changed");
        let left: Vec<String> = names(dir.path());
        assert!(left.iter().all(|name| ["copy.db", "pivotal.db", "whole.db"].contains(&&**name)));
    };
    refused("cannot read");
    fs::write(&file, "a text, and long enough to have a header".repeat(10)).unwrap();
    refused("is not a pivotal-server database");
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    refused("");
    fs::write(&file, &bytes).unwrap();
    break_an_index(&file);
    refused("failed its integrity check");
    fs::write(&file, &bytes).unwrap();
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    refused("newer version");
    let itself = refusal(dir.path(), &["restore", text(&database), "--replace"]);
    assert!(itself.contains("is the database itself"), "{itself}");
    assert_eq!(customers(&dir, &key), ["Aurora"]);
}

#[test]
fn an_interrupted_restore_does_not_block_the_next_one() {
    let (dir, key) = database_with(&["Aurora"]);
    let copy = dir.path().join("copy.db");
    run_json(dir.path(), &["backup", text(&copy)]);
    let new = Arc::new(tempfile::tempdir().unwrap());
    fs::write(new.path().join("pivotal.db.restoring"), "half").unwrap();
    fs::write(dir.path().join("again.db.partial"), "half").unwrap();
    run_json(new.path(), &["restore", text(&copy)]);
    run_json(dir.path(), &["backup", text(&dir.path().join("again.db"))]);
    assert_eq!(names(new.path()), ["pivotal.db"]);
    assert_eq!(names(dir.path()), ["again.db", "copy.db", "pivotal.db"]);
    assert_eq!(customers(&new, &key), ["Aurora"]);
}

#[test]
fn a_restored_backup_of_an_older_version_is_upgraded_when_it_is_served() {
    let old = tempfile::tempdir().unwrap();
    let conn = Connection::open(old.path().join("pivotal.db")).unwrap();
    conn.execute_batch(include_str!("../../fixtures/schema-1.sql")).unwrap();
    conn.execute_batch(include_str!("../../fixtures/rows-1.sql")).unwrap();
    drop(conn);
    let copy = old.path().join("copy.db");
    // Neither command changes the version, so that a doubtful file can be examined unchanged.
    run_json(old.path(), &["backup", text(&copy)]);
    let new = Arc::new(tempfile::tempdir().unwrap());
    run_json(new.path(), &["restore", text(&copy)]);
    let server = Server::start_in(Arc::clone(&new), &[UNLIMITED]);
    let client = server.client_with(&server.create_key(&["--workspace", "old"]));
    assert_eq!(client.walk("/customers").len(), 2);
}

#[test]
fn a_check_reports_what_is_wrong_and_fails() {
    let (dir, _) = database_with(&["Aurora", "Borealis"]);
    let file = dir.path().join("pivotal.db");
    assert_eq!(run_json(dir.path(), &["check"]), json!({"sound": true, "findings": []}));
    let findings = |what: &str| {
        let output = run(dir.path(), &["--json", "check"]);
        assert_eq!(output.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["sound"], false);
        let first = report["findings"][0].as_str().unwrap();
        assert!(first.contains(what), "{report}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("restore a backup"));
    };
    let conn = Connection::open(&file).unwrap();
    conn.execute_batch("UPDATE sequences SET display_id = 1 WHERE resource = 'customer'").unwrap();
    findings("workspace `default`: the sequence of customers is behind its rows");
    conn.execute_batch(
        "UPDATE sequences SET display_id = 2 WHERE resource = 'customer';
         PRAGMA foreign_keys = OFF; DELETE FROM customers WHERE display_id = 2",
    )
    .unwrap();
    findings("of events refers to a row of customers that does not exist");
    drop(conn);
    break_an_index(&file);
    findings("customers_by_status");
    fs::write(&file, "no database").unwrap();
    findings("shorter than a database header");
}
