//! Other programs that use the database file while the server runs: nothing the server does in the
//! background releases the locks that protect the file from them.

use std::process::Command;
use std::sync::Arc;

use serde_json::json;

use crate::support::{Server, command, locks_held_by, wait_until};

const EVERY_SECOND: &[(&str, &str)] =
    &[("PIVOTAL_RATE_LIMITS_ENABLED", "false"), ("PIVOTAL_BACKUP_EVERY", "1s")];

/// The number of backups made so far. Only the newest files are kept.
fn count_backups(server: &Server) -> usize {
    server.log().matches("backed up to").count()
}

/// SQLite holds a shared lock on a database in WAL mode for as long as the database is open (SQLite
/// manual, "WAL-mode File Format", 2.3.1), and one on the WAL index.
#[track_caller]
fn assert_locked(server: &Server) {
    for file in ["pivotal.db", "pivotal.db-shm"] {
        let locks = locks_held_by(server.pid(), &server.dir().join(file));
        assert!(locks.contains(&"POSIX READ".to_owned()), "{file}: {locks:?}");
    }
}

/// Waits for background work of the server, and runs the commands that operators run.
fn work_in_background(server: &Server) {
    let already = count_backups(server);
    wait_until("two more backups are made", || count_backups(server) >= already + 2);
    server.json(&["backup", "by-hand.db"]);
    server.json(&["check"]);
    server.json(&["check", "by-hand.db"]);
    server.json(&["keys", "list"]);
    server.create_key(&[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = server.dir().join("by-hand.db");
    let restored = command(elsewhere.path()).arg("restore").arg(copy).output().unwrap();
    assert!(restored.status.success(), "{restored:?}");
    server.anonymous().deep_health(200);
    server.client().customer("Aurora");
}

#[test]
fn background_work_keeps_the_locks_on_the_file() {
    let server = Server::start_with(EVERY_SECOND);
    assert_locked(&server);
    work_in_background(&server);
    assert_locked(&server);
}

#[test]
fn a_symbolic_link_to_the_database_among_the_backups_is_never_opened() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let backups = dir.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    for name in ["pivotal-20260101T000000Z.db", "pivotal-20260101T000000Z.db.partial"] {
        std::os::unix::fs::symlink("../pivotal.db", backups.join(name)).unwrap();
    }
    let variables = [EVERY_SECOND, &[("PIVOTAL_BACKUP_KEEP", "1")]].concat();
    // Without this option, the link would count as a trace of an earlier database.
    drop(Server::start_with_new_database(Arc::clone(&dir)));
    let server = Server::start_in(dir, &variables);
    wait_until("backups are made and removed", || {
        server.log().matches("backed up to").count() >= 3
    });
    assert_locked(&server);
}

#[test]
fn nothing_is_lost_when_an_old_sqlite_reads_the_file_before_a_crash() {
    let mut server = Server::start_with(EVERY_SECOND);
    let client = server.client();
    client.customer("Before");
    work_in_background(&server);
    // `tests/run` installs it. Versions before 3.51 delete the WAL if they find no lock.
    let look = Command::new("sqlite3")
        .arg(server.database())
        .arg("SELECT count(*) FROM customers")
        .output()
        .expect("this test needs Debian's package sqlite3");
    assert!(look.status.success(), "{look:?}");
    for n in 0..50 {
        client.customer(&format!("After {n}"));
    }
    server.kill();
    let server = server.restart();
    assert_eq!(server.client().walk("/customers").len(), 52);
    assert_eq!(server.json(&["check"])["sound"], true);
}

#[test]
fn a_suspended_command_does_not_block_the_server_or_other_commands() {
    let mut server = Server::start_with(EVERY_SECOND);
    let prefix = server.live.split_at("pivotal_12345678".len()).0.to_owned();
    let mut demo = command(server.dir()).arg("demo").spawn().unwrap();
    let open_lock = server.dir().join("open.lock");
    wait_until("the demo holds its lock", || {
        !locks_held_by(demo.id(), &open_lock).is_empty() || demo.try_wait().unwrap().is_some()
    });
    let signal = |name: &str| {
        assert!(
            Command::new("kill").args([name, &demo.id().to_string()]).status().unwrap().success()
        );
    };
    signal("-STOP");
    let already = count_backups(&server);
    wait_until("backups continue", || count_backups(&server) > already);
    let revoked = server.run(&["keys", "revoke", &prefix]);
    // If the command was suspended during its transaction, the error names it.
    let said = String::from_utf8_lossy(&revoked.stderr).into_owned();
    let named = format!("pivotal-server demo (process {})", demo.id());
    assert!(revoked.status.success() || said.contains(&named), "{said}");
    assert_eq!(server.stop(), Some(0));
    signal("-KILL");
    demo.wait().unwrap();
}

#[test]
fn a_command_waits_ten_seconds_for_a_lock_and_then_names_its_holder() {
    let mut server = Server::start_with(EVERY_SECOND);
    let open_lock = server.dir().join("open.lock");
    let mut holder = Command::new("flock")
        .arg("--no-fork")
        .arg(&open_lock)
        .args(["sleep", "1000"])
        .spawn()
        .unwrap();
    wait_until("the lock is held", || !locks_held_by(holder.id(), &open_lock).is_empty());
    let refused = server.run(&["keys", "create", "--workspace", "default", "--name", "New"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("sleep (process {})", holder.id())), "{said}");
    // Neither the server's background work nor its shutdown needs the lock.
    let already = count_backups(&server);
    wait_until("backups continue", || count_backups(&server) > already);
    assert_eq!(server.stop(), Some(0));
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_process_with_an_open_transaction_is_named_and_does_not_delay_shutdown() {
    let mut server = Server::start_new();
    let conn = server.sqlite();
    conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = server.client().post("/customers", json!({"name": "Late"}));
    refused.refused(503, "unavailable", None);
    let this = format!("(process {})", std::process::id());
    wait_until("it is named", || server.log().contains(&this));
    // Key usage is written at shutdown, without waiting for the transaction.
    assert_eq!(server.stop(), Some(0));
    conn.execute_batch("ROLLBACK").unwrap();
    drop(conn);
    let server = server.restart();
    assert_eq!(server.client().walk("/customers").len(), 0);
}

#[test]
fn one_database_under_two_names_is_served_only_once() {
    let server = Server::start_new();
    let other = Arc::new(tempfile::tempdir().unwrap());
    let link = other.path().join("pivotal.db");
    std::os::unix::fs::symlink(server.database(), &link).unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let refused = command(other.path()).args(serve).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("is already in use by pivotal-server serve"), "{said}");
    // A command finds the locks through the link, too, and the server sees its changes.
    let listed = command(other.path()).args(["--json", "keys", "list"]).output().unwrap();
    assert_eq!(listed.status.code(), Some(0), "{listed:?}");

    std::fs::remove_file(&link).unwrap();
    std::fs::hard_link(server.database(), &link).unwrap();
    for dir in [other.path(), server.dir()] {
        let refused = command(dir).args(["keys", "list"]).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("2 hard links"), "{said}");
    }
    std::fs::remove_file(&link).unwrap();
    server.client().customer("Aurora");
    server.json(&["keys", "list"]);
}
