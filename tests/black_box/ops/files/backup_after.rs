//! `backup.after`: a command that is given each scheduled backup, to copy it to another machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use pivotal_server::settings::{CommandLine, Settings};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{InProcess, Server, command_in, wait_until};

const HOURLY: (&str, &str) = ("PIVOTAL_BACKUP_EVERY", "1h");
const HOUR: i64 = 3_600_000;

/// A shell script that writes to files in this directory. The server's own directory would do, too,
/// but other tests look at what is in there.
struct Script {
    dir: TempDir,
}

impl Script {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A line for the shell that runs in the directory.
    fn line(&self, script: &str) -> String {
        format!("cd '{}' && {{ {script}\n}}", self.dir.path().display())
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    fn lines(&self, name: &str) -> Vec<String> {
        self.read(name).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

/// A server whose clock the test controls, with hourly backups.
fn start(after: String, keep: usize) -> InProcess {
    let mut settings = Settings::default();
    settings.backup.every = Some(Duration::from_secs(3600));
    settings.backup.keep = keep;
    settings.backup.after = Some(CommandLine::Shell(after));
    InProcess::start(settings)
}

fn checks(server: &InProcess) -> Value {
    server.anonymous().get("/api/health/deep").json()["checks"].clone()
}

fn is_running(pid: &str) -> bool {
    // A process that nobody waited for yet has ended, too.
    let status = fs::read_to_string(format!("/proc/{}/status", pid.trim()));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}

#[test]
fn the_command_is_given_each_backup_and_none_of_the_servers_secrets() {
    let script = Script::new();
    let line = script.line("env > env.new && cp \"$BACKUP_FILE\" copy.db && mv env.new env");
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let server = Server::start_with(&[
        HOURLY,
        ("PIVOTAL_BACKUP_AFTER", &line),
        ("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY", key),
        ("REGION", "eu-1"),
    ]);
    wait_until("the backup is handed over", || script.read("env").is_some());
    let env = script.lines("env");
    let value = |name: &str| {
        let found = env.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_else(|| panic!("{name} is not in {env:?}")).to_owned()
    };
    let copy = script.path("copy.db");
    let name = value("BACKUP_NAME");
    assert_eq!(Path::new(&value("BACKUP_FILE")), server.dir().join("backups").join(&name));
    assert_eq!(value("BACKUP_SIZE"), fs::metadata(&copy).unwrap().len().to_string());
    let sum = Command::new("sha256sum").arg(&copy).output().unwrap();
    assert!(String::from_utf8(sum.stdout).unwrap().starts_with(&value("BACKUP_SHA256")));
    let compact = value("BACKUP_TIME").replace(['-', ':'], "");
    assert!(name.contains(compact.split('.').next().unwrap()), "{name} {compact}");
    assert_eq!(value("REGION"), "eu-1", "other variables are passed on");
    assert!(!env.iter().any(|line| line.contains("PIVOTAL_") || line.contains(key)), "{env:?}");
    wait_until("it is logged", || server.log().contains(&format!("handed over {name}")));
    let health = server.anonymous().get("/api/health/deep").json();
    assert_eq!(health["checks"]["backup_after"], "ok");
    // The copy is the backup.
    assert_eq!(server.json(&["check", copy.to_str().unwrap()])["sound"], true);
}

#[test]
fn a_failing_command_is_logged_without_secrets_and_makes_the_server_degraded() {
    let script = Script::new();
    let line = "echo \"cannot log in to https://me:$RESTIC_PASSWORD@s3.example.com\" >&2; \
                echo \"wrong password: $RESTIC_PASSWORD\" >&2; exit 3";
    let server = Server::start_with(&[
        HOURLY,
        ("PIVOTAL_BACKUP_AFTER", &script.line(line)),
        ("RESTIC_PASSWORD", "correct-horse"),
    ]);
    wait_until("the command's last line is logged", || {
        server.log().contains("backup.after wrote: wrong password: (hidden)")
    });
    let log = server.log();
    assert!(log.contains("will be retried within 1m: exit status: 3"), "{log}");
    assert!(log.contains("cannot log in to https://(hidden)@s3.example.com"), "{log}");
    assert!(!log.contains("correct-horse"), "{log}");
    let health = server.anonymous().get("/api/health/deep").json();
    assert_eq!(health["status"], "degraded");
    let said = health["checks"]["backup_after"].as_str().unwrap();
    assert!(said.starts_with("backup.after failed at 2"), "{said}");
    assert_eq!(health["checks"]["backup"], "ok", "the backup itself was made");
}

#[test]
fn a_program_that_does_not_exist_is_named_by_the_log() {
    let after = ("PIVOTAL_BACKUP_AFTER", "[\"no-such-program\", \"$BACKUP_FILE\"]");
    let server = Server::start_with(&[HOURLY, after]);
    wait_until("it is logged", || server.log().contains("it could not be started: no such file"));
}

#[test]
fn a_failed_hand_over_is_retried_until_it_succeeds() {
    let script = Script::new();
    let line = "echo \"$BACKUP_NAME\" >> tried; [ -e up ] && echo \"$BACKUP_NAME\" >> done";
    let server = start(script.line(line), 9);
    let first = "pivotal-20260101T120000Z.db";
    wait_until("the first attempt fails", || checks(&server)["backup_after"] != "none yet");
    wait_until("the next one is scheduled", || server.clock.was_asked_to_wake_at(60_000));
    server.clock.advance_millis(60_000);
    wait_until("it is tried again", || script.lines("tried").len() == 2);
    wait_until("the third is scheduled", || server.clock.was_asked_to_wake_at(360_000));
    assert!(checks(&server)["backup_after"].as_str().unwrap().contains("12:01:00"));
    fs::write(script.path("up"), "").unwrap();
    // Whichever of the two is noticed first.
    server.clock.advance_millis(HOUR - 60_000);
    wait_until("the retried one and the next one are handed over", || {
        let mut done = script.lines("done");
        done.sort();
        done == [first, "pivotal-20260101T130000Z.db"]
    });
    wait_until("the server is ok", || checks(&server)["backup_after"] == "ok");
}

#[test]
fn a_backup_that_is_being_handed_over_is_not_removed() {
    let script = Script::new();
    let line = "echo $$ > pid; until [ -e go ]; do sleep 0.05; done; \
                cp \"$BACKUP_FILE\" \"$BACKUP_NAME\"";
    let server = start(script.line(line), 1);
    wait_until("the command runs", || script.read("pid").is_some());
    let backups = server.dir.path().join("backups");
    let [first, second] =
        ["pivotal-20260101T120000Z.db", "pivotal-20260101T130000Z.db"].map(|n| n.to_owned());
    wait_until("the schedule waits", || server.clock.was_asked_to_wake_at(60_000));
    server.clock.advance_millis(HOUR);
    wait_until("the second backup is made, and older ones are removed", || {
        checks(&server)["backup_age_seconds"] == 0
    });
    assert!(backups.join(&first).exists() && backups.join(&second).exists());
    fs::write(script.path("go"), "").unwrap();
    wait_until("both are handed over", || {
        script.path(&first).exists() && script.path(&second).exists()
    });
}

#[test]
fn a_command_that_hangs_is_ended_with_everything_that_it_started() {
    let script = Script::new();
    let line = script.line("sleep 1000 & echo $! > pid.new; mv pid.new pid; wait");
    let server = Server::start_with(&[
        HOURLY,
        ("PIVOTAL_BACKUP_AFTER", &line),
        ("PIVOTAL_BACKUP_AFTER_TIMEOUT", "1s"),
    ]);
    wait_until("it is ended", || {
        server.log().contains("it took longer than 1s (backup.after_timeout) and was ended")
    });
    let pid = script.read("pid").unwrap();
    wait_until("its child has ended", || !is_running(&pid));
    server.client().customer("Aurora");
}

#[test]
fn a_stop_ends_the_command_and_the_next_start_hands_the_backup_over_once() {
    let script = Script::new();
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let start = |line: &str| {
        Server::start_in(Arc::clone(&dir), &[HOURLY, ("PIVOTAL_BACKUP_AFTER", &script.line(line))])
    };
    let mut server = start("sleep 1000 & echo $! > pid.new; mv pid.new pid; wait");
    wait_until("the command runs", || script.read("pid").is_some());
    assert_eq!(server.stop(), Some(0));
    let pid = script.read("pid").unwrap();
    wait_until("its child has ended", || !is_running(&pid));
    assert!(server.log().contains("backup.after was ended because the server is stopping"));

    let works = "echo \"$BACKUP_NAME\" >> done";
    let mut server = start(works);
    wait_until("it is handed over", || script.lines("done").len() == 1);
    let logged = format!("handed over {}", script.lines("done")[0]);
    wait_until("that is recorded", || server.log().contains(&logged));
    assert_eq!(server.stop(), Some(0));
    let mut server = start(works);
    wait_until("the earlier success is known", || {
        let health = server.anonymous().get("/api/health/deep").json();
        health["checks"]["backup_after"] == "ok"
    });
    assert_eq!(server.stop(), Some(0));
    assert_eq!(script.lines("done").len(), 1);
}

#[test]
fn a_command_without_scheduled_backups_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = command_in(dir.path()).arg("config").env("PIVOTAL_BACKUP_AFTER", "true").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("`backup.after` is set, but `backup.every` is \"off\""), "{said}");
}
