//! Upgrades that cannot be completed: the old database stays in place, nothing is left next to it,
//! and the message says what to do.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::upgrades::old_dir;
use crate::support::{Server, command, command_under, wait_until};

const NOBODY: u32 = 65534;

/// A database of version 5 that is large enough for its upgrade to take a moment.
fn large_dir() -> Arc<TempDir> {
    let dir = old_dir(5);
    let conn = open(dir.path());
    conn.execute_batch(
        "INSERT INTO customers
         WITH RECURSIVE n(n) AS (VALUES (100) UNION ALL SELECT n + 1 FROM n WHERE n < 30000)
         SELECT printf('c%024d', n), 3, n, 'Large', 'large-' || n || '-x', NULL, NULL, 'active', NULL, NULL,
             NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{\"of\":\"' || hex(zeroblob(300)) || '\"}', 'large',
             1700000000000000 + n, 1700000000000000 + n, NULL
         FROM n;
         UPDATE sequences SET display_id = 30000, created_at = 1700000000030000
         WHERE workspace_no = 3 AND resource = 'customer'",
    )
    .unwrap();
    dir
}

fn open(dir: &Path) -> Connection {
    Connection::open(dir.join("pivotal.db")).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.ends_with(".lock"));
    names.sort();
    names
}

/// The version in the header of a database that no process has open.
fn version(database: &Path) -> u32 {
    let header = fs::read(database).unwrap();
    u32::from_be_bytes(header[60..64].try_into().unwrap())
}

fn serve(dir: &Path) -> Child {
    let mut command = command(dir);
    command.args(["serve", "--no-bootstrap", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The error of a server that didn't start.
#[track_caller]
fn refusal(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

fn try_to_serve(dir: &Path) -> Output {
    command(dir).args(["serve", "--no-bootstrap", "--listen", "127.0.0.1:0"]).output().unwrap()
}

/// Checks that the database is upgraded and intact, and that only it and the old file are left.
fn assert_upgraded(dir: &Arc<TempDir>) {
    let mut server = Server::start_in(Arc::clone(dir), &[]);
    let check = server.run(&["check"]);
    assert_eq!(check.status.code(), Some(0), "{}", String::from_utf8_lossy(&check.stdout));
    assert_eq!(server.stop(), Some(0));
    assert_eq!(names(dir.path()), ["pivotal.db", "pivotal.db.schema-5.backup"]);
    assert_eq!(version(&dir.path().join("pivotal.db")), 9);
    assert_eq!(version(&dir.path().join("pivotal.db.schema-5.backup")), 5);
    assert_eq!(fs::metadata(dir.path().join("pivotal.db.schema-5.backup")).unwrap().nlink(), 1);
}

#[test]
fn a_killed_upgrade_is_repeated_at_the_next_start() {
    // Stages: the new file exists, has some rows, has most rows; the old file has its second name.
    let draft = "pivotal.db.schema.new";
    for (reached, size) in
        [(draft, 0), (draft, 1 << 20), (draft, 20 << 20), ("pivotal.db.schema-5.backup", 0)]
    {
        let dir = large_dir();
        let (database, reached) = (dir.path().join("pivotal.db"), dir.path().join(reached));
        let mut server = serve(dir.path());
        wait_until("the upgrade is that far", || {
            fs::metadata(&reached).is_ok_and(|file| file.len() >= size)
        });
        server.kill().unwrap();
        server.wait().unwrap();
        let found = version(&database);
        assert!(found == 5 || (found == 9 && size == 0), "version {found}");
        assert_upgraded(&dir);
    }
}

#[test]
fn an_upgrade_killed_between_its_last_two_steps_is_undone_and_repeated() {
    let dir = old_dir(5);
    let database = dir.path().join("pivotal.db");
    fs::hard_link(&database, dir.path().join("pivotal.db.schema-5.backup")).unwrap();
    fs::write(dir.path().join("pivotal.db.schema.new"), "a whole new database").unwrap();
    assert_upgraded(&dir);
}

#[test]
fn an_upgrade_that_does_not_fit_on_the_disk_is_undone() {
    let dir = large_dir();
    let before = fs::metadata(dir.path().join("pivotal.db")).unwrap();
    let limited = ["prlimit", &format!("--fsize={}:", before.len() / 2)].map(str::to_owned);
    let mut command = command_under(&limited, dir.path());
    let output = command.args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert!(refusal(&output).contains("free space"), "{output:?}");
    assert_eq!(names(dir.path()), ["pivotal.db"]);
    assert_eq!(fs::metadata(dir.path().join("pivotal.db")).unwrap().ino(), before.ino());
    assert_upgraded(&dir);
}

#[test]
fn an_upgrade_without_enough_free_space_is_refused_before_it_writes_anything() {
    // A disk of two megabytes in a mount namespace of its own, which disappears with the process.
    let dir = old_dir(5);
    open(dir.path()).execute_batch("PRAGMA journal_mode = WAL").unwrap();
    let disk = dir.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let script =
        "mount -t tmpfs -o size=2m tmpfs disk && cp pivotal.db disk/ && cksum < disk/pivotal.db &&
                  dd if=/dev/zero of=disk/full bs=1k count=1000 status=none; \"$@\"; code=$?;
                  cksum < disk/pivotal.db; ls disk; exit $code";
    let own = if fs::metadata("/proc/self").unwrap().uid() == 0 { "-m" } else { "-rm" };
    let wrappers = ["unshare", own, "sh", "-c", script, "sh"].map(str::to_owned);
    let mut command = command_under(&wrappers, &disk);
    command.current_dir(dir.path()).args(["serve", "--listen", "127.0.0.1:0"]);
    let output = command.output().unwrap();
    let (said, listed) = (refusal(&output), String::from_utf8(output.stdout).unwrap());
    assert!(said.contains("needs about 2 MiB of free space"), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines[0], lines[1], "the database was changed");
    assert_eq!(lines[2..], ["full", "open.lock", "pivotal.db", "serve.lock"], "{listed}");
}

#[test]
fn a_row_that_cannot_be_upgraded_is_named_and_nothing_is_changed() {
    for (sql, named) in [
        (
            "UPDATE customers SET tags = '[\"x\",null]' WHERE display_id = 7",
            "row c00000000000000000000000a7 of customers: column tags is not a list of strings",
        ),
        (
            "UPDATE customers SET metadata = '{a:1}' WHERE display_id = 7",
            "row c00000000000000000000000a7 of customers: column metadata is not JSON",
        ),
        (
            "UPDATE contacts SET name = CAST(x'61ff' AS TEXT) WHERE display_id = 13",
            "row c00000000000000000000000f4 of contacts: column name is not text in UTF-8",
        ),
        (
            "UPDATE onboardings SET phase = 'lost' WHERE display_id = 3",
            "row c00000000000000000000000q3 of onboardings: CHECK constraint failed",
        ),
        (
            "UPDATE api_keys SET mode = 'old' WHERE lookup = 'BBBBBBBB'",
            "row c00000000000000000000000k2 of api_keys: CHECK constraint failed",
        ),
        (
            "INSERT INTO events VALUES ('evt_4', 4, 1700000000000002, 'x', 0, 'admin', 'a', 'a',
                 'api_key', 'k', NULL, '[]', NULL, NULL, NULL)",
            "row evt_4 of events: CHECK constraint failed",
        ),
        (
            "UPDATE contacts SET customer_id = 'c0' WHERE display_id = 13",
            "row c00000000000000000000000f4 of contacts refers to a row of customers that does not exist",
        ),
    ] {
        let dir = old_dir(5);
        let conn = open(dir.path());
        conn.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
            .unwrap();
        conn.execute_batch(sql).unwrap();
        conn.close().unwrap();
        let said = refusal(&try_to_serve(dir.path()));
        assert!(said.contains(named), "{said}");
        assert!(said.contains("failed and was undone"), "{said}");
        assert_eq!(names(dir.path()), ["pivotal.db"]);
        assert_eq!(version(&dir.path().join("pivotal.db")), 5);
    }
}

#[test]
fn of_two_concurrent_starts_one_upgrades_and_the_other_is_refused() {
    let dir = large_dir();
    let mut servers = [serve(dir.path()), serve(dir.path())];
    wait_until("one of them has ended", || {
        servers.iter_mut().any(|server| server.try_wait().unwrap().is_some())
    });
    let ended = servers.each_mut().map(|server| server.try_wait().unwrap());
    assert_eq!(ended.iter().flatten().map(|status| status.code()).collect::<Vec<_>>(), [Some(1)]);
    wait_until("the other one has upgraded", || {
        dir.path().join("pivotal.db.schema-5.backup").exists()
    });
    for server in &mut servers {
        let _ = server.kill();
        server.wait().unwrap();
    }
    assert_upgraded(&dir);
}

#[test]
fn a_database_that_another_process_has_open_is_not_replaced() {
    let dir = old_dir(5);
    let other = open(dir.path());
    other
        .execute_batch(
            "PRAGMA journal_mode = WAL; UPDATE workspaces SET name = 'Last' WHERE no = 3",
        )
        .unwrap();
    let said = refusal(&try_to_serve(dir.path()));
    assert!(said.contains("is still locked after ten seconds by"), "{said}");
    assert!(said.contains(&format!("(process {})", std::process::id())), "{said}");
    drop(other);
    assert_upgraded(&dir);
    let name = "SELECT name FROM workspaces WHERE no = 3";
    let name: String = open(dir.path()).query_row(name, [], |row| row.get(0)).unwrap();
    assert_eq!(name, "Last");
}

#[test]
fn an_upgrade_includes_the_wal_of_a_killed_server() {
    let dir = old_dir(5);
    let writer = open(dir.path());
    writer
        .execute_batch(
            "PRAGMA journal_mode = WAL; UPDATE workspaces SET name = 'Last' WHERE no = 3",
        )
        .unwrap();
    // Copying the files while they are open leaves what a kill would leave.
    let killed = Arc::new(tempfile::tempdir().unwrap());
    for name in ["pivotal.db", "pivotal.db-wal"] {
        fs::copy(dir.path().join(name), killed.path().join(name)).unwrap();
    }
    assert_upgraded(&killed);
    for file in ["pivotal.db", "pivotal.db.schema-5.backup"] {
        let conn = Connection::open(killed.path().join(file)).unwrap();
        let name = "SELECT name FROM workspaces WHERE no = 3";
        let name: String = conn.query_row(name, [], |row| row.get(0)).unwrap();
        assert_eq!(name, "Last");
    }
}

#[test]
fn an_upgrade_replaces_the_file_that_a_symbolic_link_leads_to() {
    let (dir, elsewhere) = (old_dir(5), Arc::new(tempfile::tempdir().unwrap()));
    let (link, database) = (dir.path().join("pivotal.db"), elsewhere.path().join("data.db"));
    fs::rename(&link, &database).unwrap();
    symlink(&database, &link).unwrap();
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    server.anonymous().get("/health").expect(200);
    assert_eq!(server.stop(), Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(dir.path()), ["pivotal.db"]);
    let kept = ["data.db", "data.db.schema-5.backup"];
    assert_eq!(names(elsewhere.path()), kept);
    assert_eq!(kept.map(|name| version(&elsewhere.path().join(name))), [9, 5]);
}

#[test]
fn an_upgraded_database_keeps_its_permissions_and_its_owner() {
    let dir = old_dir(5);
    let database = dir.path().join("pivotal.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if is_root {
        chown(&database, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let before = fs::metadata(&database).unwrap();
    assert_upgraded(&dir);
    let after = fs::metadata(&database).unwrap();
    assert_ne!(after.ino(), before.ino());
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
}

#[test]
fn foreign_tables_and_indexes_stay_in_the_old_database_with_a_warning() {
    let dir = old_dir(5);
    open(dir.path())
        .execute_batch("CREATE TABLE mine (a); CREATE INDEX mine_too ON customers (status)")
        .unwrap();
    let server = Server::start_in(Arc::clone(&dir), &[]);
    wait_until("it is logged", || server.log().contains("the index mine_too does not belong to"));
    assert!(server.log().contains("the table mine does not belong to"), "{}", server.log());
}

#[test]
fn commands_upgrade_the_database_as_a_server_does() {
    let dir = old_dir(5);
    let create = ["keys", "create", "--workspace", "old", "--name", "New"];
    let output = command(dir.path()).args(create).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_upgraded(&dir);
    // A command that only lists leaves the file unchanged.
    let dir = old_dir(5);
    let output = command(dir.path()).args(["keys", "list"]).output().unwrap();
    assert!(refusal(&output).contains("start the server once to upgrade it"), "{output:?}");
    assert_eq!(names(dir.path()), ["pivotal.db"]);
}
