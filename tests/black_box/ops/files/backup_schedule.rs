//! Scheduled backups: when they are made, which ones are kept, and how failures are reported.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use pivotal_server::settings::Settings;
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Client, InProcess, Server, command, wait_until};

const UNLIMITED: (&str, &str) = ("PIVOTAL_RATE_LIMITS_ENABLED", "false");
const HOUR: i64 = 3_600_000;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn deep(client: &Client) -> Value {
    client.deep_health(200)
}

/// A server whose clock the test controls, with an hourly backup into a directory that already
/// holds backups of these times.
fn start_with(keep: usize, existing: &[&str]) -> (InProcess, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    for time in existing {
        fs::write(dir.path().join(format!("pivotal-{time}.db")), "").unwrap();
    }
    let mut settings = Settings::default();
    settings.backup.every = Some(Duration::from_secs(3600));
    settings.backup.keep = keep;
    settings.backup.dir = Some(dir.path().to_owned());
    (InProcess::start(settings), dir)
}

/// Waits until the directory holds exactly the backups of these times.
fn wait_for(dir: &TempDir, times: &[&str]) {
    let expected: Vec<String> = times.iter().map(|time| format!("pivotal-{time}.db")).collect();
    wait_until(&format!("there are {expected:?}"), || names(dir.path()) == expected);
}

#[test]
fn scheduled_backups_are_made_and_checked_and_only_the_newest_are_kept() {
    let server = Server::start_with(&[
        UNLIMITED,
        ("PIVOTAL_BACKUP_EVERY", "1s"),
        ("PIVOTAL_BACKUP_KEEP", "2"),
    ]);
    server.client().customer("Aurora");
    let dir = server.dir().join("backups");
    let backups = || if dir.exists() { names(&dir) } else { Vec::new() };
    let mut seen = Vec::new();
    wait_until("three backups were made", || {
        let new: Vec<String> = backups()
            .into_iter()
            .filter(|name| name.ends_with(".db") && !seen.contains(name))
            .collect();
        seen.extend(new);
        seen.len() >= 3
    });
    wait_until("the oldest is removed", || {
        let now = backups();
        !now.contains(&seen[0]) && now.iter().filter(|name| name.ends_with(".db")).count() <= 3
    });
    // On a busy machine, the next one may be overdue for a moment.
    wait_until("the status is ok", || deep(&server.anonymous())["status"] == "ok");
    let new = tempfile::tempdir().unwrap();
    wait_until("one of them is restored before it is removed", || {
        let newest = dir.join(backups().pop().unwrap());
        command(new.path()).arg("restore").arg(&newest).output().unwrap().status.success()
    });
    let conn = Connection::open(new.path().join("pivotal.db")).unwrap();
    let name: String =
        conn.query_row("SELECT doc ->> '$.name' FROM customers", [], |row| row.get(0)).unwrap();
    assert_eq!(name, "Aurora");
}

#[test]
fn a_failed_scheduled_backup_is_logged_and_reported_and_the_server_continues() {
    let occupied = tempfile::NamedTempFile::new().unwrap();
    let dir = occupied.path().join("backups");
    let server = Server::start_with(&[
        UNLIMITED,
        ("PIVOTAL_BACKUP_EVERY", "1h"),
        ("PIVOTAL_BACKUP_DIR", text(&dir)),
    ]);
    let deep = || deep(&server.anonymous());
    wait_until("the failure is shown", || deep()["status"] == "degraded");
    let shown = deep()["checks"]["backup"].as_str().unwrap().to_owned();
    assert!(shown.starts_with("failed at 2"), "{shown}");
    assert!(!shown.contains(text(&dir)), "the page is public and must not contain paths");
    wait_until("it is logged", || server.log().contains("ERROR the scheduled backup failed"));
    assert!(server.log().contains(text(&dir)));
    server.client().customer("Aurora");
}

#[test]
fn without_a_schedule_no_backup_is_made() {
    let server = Server::start_new();
    let deep = server.anonymous().deep_health(200);
    assert_eq!(deep["checks"]["backup"], "off");
    assert!(!server.dir().join("backups").exists());
}

#[test]
fn a_backup_dated_in_the_future_is_kept_and_does_not_stop_the_schedule() {
    let (server, dir) = start_with(2, &["20360101T000000Z"]);
    wait_for(&dir, &["20260101T120000Z", "20360101T000000Z"]);
    server.clock.advance_millis(HOUR);
    wait_for(&dir, &["20260101T120000Z", "20260101T130000Z", "20360101T000000Z"]);
    server.clock.advance_millis(HOUR);
    wait_for(&dir, &["20260101T130000Z", "20260101T140000Z", "20360101T000000Z"]);
    assert_eq!(deep(&server.anonymous())["checks"]["backup"], "ok");
}

#[test]
fn a_backup_dated_in_the_future_is_named_in_the_log_once() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    // A server without a database refuses to start if there are backups.
    let mut server = Server::start_in(Arc::clone(&data), &[UNLIMITED]);
    assert_eq!(server.stop(), Some(0));
    let dir = tempfile::tempdir().unwrap();
    let name = "pivotal-29990101T000000Z.db";
    fs::write(dir.path().join(name), "").unwrap();
    let variables =
        [UNLIMITED, ("PIVOTAL_BACKUP_EVERY", "1s"), ("PIVOTAL_BACKUP_DIR", text(dir.path()))];
    let server = Server::start_in(data, &variables);
    wait_until("two are made", || server.log().matches("INFO  backed up to").count() >= 2);
    let log = server.log();
    let named: Vec<&str> = log.lines().filter(|line| line.contains(name)).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].contains("WARN") && named[0].contains("dated in the future"), "{named:?}");
}

#[test]
fn a_clock_set_back_does_not_delay_the_next_backup() {
    let (server, dir) = start_with(9, &[]);
    wait_for(&dir, &["20260101T120000Z"]);
    server.clock.jump_millis(-365 * 24 * HOUR);
    server.clock.advance_millis(HOUR);
    wait_for(&dir, &["20250101T130000Z", "20260101T120000Z"]);
}

#[test]
fn a_backup_that_became_due_during_suspend_is_made_within_a_minute() {
    let (server, dir) = start_with(9, &[]);
    wait_for(&dir, &["20260101T120000Z"]);
    // The monotonic clock stops during suspend.
    server.clock.jump_millis(8 * HOUR);
    server.clock.advance_millis(60_000);
    wait_until("the next one is made", || names(dir.path()).len() == 2);
}

#[test]
fn a_backup_whose_name_is_taken_gets_the_next_free_second() {
    let (server, dir) = start_with(9, &["20260101T130000Z", "20260101T130001Z"]);
    wait_for(&dir, &["20260101T120000Z", "20260101T130000Z", "20260101T130001Z"]);
    server.clock.advance_millis(HOUR);
    let all = ["20260101T120000Z", "20260101T130000Z", "20260101T130001Z", "20260101T130002Z"];
    wait_for(&dir, &all);
}

#[test]
fn a_missing_backup_directory_from_the_settings_is_an_error_and_not_created() {
    let disk = tempfile::tempdir().unwrap();
    let dir = disk.path().join("not-mounted");
    let server = Server::start_with(&[
        UNLIMITED,
        ("PIVOTAL_BACKUP_EVERY", "1s"),
        ("PIVOTAL_BACKUP_DIR", text(&dir)),
    ]);
    wait_until("the failure is logged", || server.log().contains("does not exist; mount its disk"));
    assert_eq!(deep(&server.anonymous())["status"], "degraded");
    assert!(!dir.exists());
    fs::create_dir(&dir).unwrap();
    wait_until("backups resume", || deep(&server.anonymous())["status"] == "ok");
}

#[test]
fn an_overdue_backup_is_reported_until_the_next_one_is_made() {
    let mut settings = Settings::default();
    // Only the schedule waits for thirty seconds.
    settings.backup.every = Some(Duration::from_secs(30));
    let server = InProcess::start(settings);
    let (client, visitor) = (server.anonymous(), server.visitor());
    visitor.sign_in();
    wait_until("the schedule waits for the second backup", || {
        server.clock.was_asked_to_wake_at(30_000)
    });
    server.clock.jump_millis(60_000);
    assert_eq!(deep(&client)["status"], "ok");
    server.clock.jump_millis(1);
    let shown = deep(&client);
    assert_eq!(shown["status"], "degraded");
    let says = "overdue: the last successful backup, from 2026-01-01T12:00:00.000Z, is older than twice \
                backup.every";
    assert_eq!(shown["checks"]["backup"], says);
    visitor.get("/admin").shows(">Overdue</span>").shows("older than twice backup.every");
    server.clock.advance_millis(30_000);
    wait_until("the status is ok", || deep(&client)["status"] == "ok");
    visitor.get("/admin").shows(">OK</span>");
}

/// Builds a library that makes syncs of directories below `NO_DIR_SYNC` fail, as on some network
/// shares. Needs the C compiler that also builds SQLite.
#[cfg(target_os = "linux")]
fn build_no_dir_sync(dir: &Path) -> String {
    let (source, library) = (dir.join("no_dir_sync.c"), dir.join("no_dir_sync.so"));
    fs::write(&source, include_str!("../../fixtures/no_dir_sync.c")).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let built = Command::new(&compiler)
        .args(["-shared", "-fPIC", "-o", text(&library), text(&source), "-ldl"])
        .status();
    let built = built.unwrap_or_else(|error| panic!("this test needs `{compiler}`: {error}"));
    assert!(built.success());
    text(&library).to_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_backup_on_a_share_that_cannot_sync_directories_is_made_with_a_warning() {
    let tools = tempfile::tempdir().unwrap();
    let library = build_no_dir_sync(tools.path());
    let share = tempfile::tempdir().unwrap();
    let preload = [("LD_PRELOAD", library.as_str()), ("NO_DIR_SYNC", text(share.path()))];
    let variables = [
        UNLIMITED,
        ("PIVOTAL_BACKUP_EVERY", "1s"),
        ("PIVOTAL_BACKUP_KEEP", "2"),
        ("PIVOTAL_BACKUP_DIR", text(share.path())),
    ];
    let server = Server::start_with(&[&variables[..], &preload[..]].concat());
    server.client().customer("Aurora");
    wait_until("four are made", || server.log().matches("INFO  backed up to").count() >= 4);
    assert!(server.log().contains("could not be synced"), "{}", server.log());
    assert!(!server.log().contains("ERROR"), "{}", server.log());
    wait_until("older ones are removed", || {
        names(share.path()).iter().filter(|name| name.ends_with(".db")).count() <= 3
    });
    wait_until("the status is ok", || deep(&server.anonymous())["status"] == "ok");

    let by_hand = share.path().join("by-hand.db");
    let backup = |json: &[&str], file: &Path| {
        let mut command = command(server.dir());
        let output = command.envs(preload).args(json).arg("backup").arg(file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let said: Value = serde_json::from_str(&backup(&["--json"], &by_hand)).unwrap();
    let warning = said["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with(text(&by_hand)), "{warning}");
    assert!(warning.contains("could not be synced"), "{warning}");
    assert_eq!(said["customers"], 1);
    assert!(server.run(&["check", text(&by_hand)]).status.success());
    let told = backup(&[], &share.path().join("told.db"));
    assert!(told.contains("\nWarning: "), "{told}");
    let elsewhere = tools.path().join("elsewhere.db");
    let said: Value = serde_json::from_str(&backup(&["--json"], &elsewhere)).unwrap();
    assert_eq!(said["warnings"], serde_json::json!([]));

    // A restore to such a share also works, with a warning about what is uncertain.
    let data = share.path().join("data");
    fs::create_dir(&data).unwrap();
    for replace in [&[][..], &["--replace"]] {
        let mut command = command(&data);
        command.envs(preload).args(["--json", "restore"]).args(replace).arg(&by_hand);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(said["warnings"][0].as_str().unwrap().contains("could not be synced"), "{said}");
    }
}
