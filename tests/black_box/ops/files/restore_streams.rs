//! Restoring a backup that arrives through a pipe.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::support::{Server, command, run_with, wait_until};

/// A backup with a customer.
static BACKUP: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let server = Server::start();
    server.client().customer("Aurora");
    server.json(&["backup", "copy.db"]);
    fs::read(server.dir().join("copy.db")).unwrap()
});

fn restore(dir: &Path, args: &[&str], input: &[u8]) -> Output {
    run_with(dir, &[&["--json", "restore", "-"], args].concat(), input, &[])
}

/// What a restore left behind, other than locks.
fn left_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".lock")).collect();
    names.sort();
    names
}

#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_backup_is_restored_from_a_pipe_and_leaves_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let output = restore(dir.path(), &[], &BACKUP);
    assert!(output.status.success(), "{output:?}");
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["customers"], 1);
    assert_eq!(left_in(dir.path()), ["pivotal.db"]);

    // A second time only on request, and the previous database is kept.
    assert!(refused(&restore(dir.path(), &[], &BACKUP)).contains("--replace"));
    assert!(restore(dir.path(), &["--replace"], &BACKUP).status.success());
    assert_eq!(left_in(dir.path()).len(), 2);
}

#[test]
fn a_stream_that_is_not_a_whole_backup_changes_nothing_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    assert!(restore(dir.path(), &[], &BACKUP).status.success());
    let before = fs::read(dir.path().join("pivotal.db")).unwrap();
    let whole = &BACKUP[..];
    let mut damaged = whole.to_vec();
    damaged[4096..8192].fill(0xA5);
    for (stream, reason) in [
        (&b""[..], "ended before there was a backup"),
        (&whole[..99], "ended before there was a backup"),
        (
            &b"\x1f\x8b\x08 this is a compressed backup, and it is longer than the header of a \
            database, which has one hundred bytes"[..],
            "is not a backup of pivotal-server",
        ),
        (&whole[..100], "ended after 100 of"),
        (&whole[..whole.len() - 1], "the backup is incomplete"),
        (&[whole, b"\n"].concat()[..], "writes nothing else"),
        (&damaged[..], "failed its integrity check"),
    ] {
        let said = refused(&restore(dir.path(), &["--replace"], stream));
        assert!(said.contains(reason) && said.contains("standard input"), "{said}");
        assert_eq!(left_in(dir.path()), ["pivotal.db"], "{reason}");
        assert!(fs::read(dir.path().join("pivotal.db")).unwrap() == before, "{reason}");
    }
}

/// Starts a restore whose pipe stays open after half of the backup.
fn begin(dir: &TempDir) -> std::process::Child {
    let mut restore = command(dir.path())
        .args(["restore", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    restore.stdin.as_mut().unwrap().write_all(&BACKUP[..BACKUP.len() / 2]).unwrap();
    let received = dir.path().join("pivotal.db.receiving");
    wait_until("half of it is received", || {
        fs::metadata(&received).is_ok_and(|file| file.len() == BACKUP.len() as u64 / 2)
    });
    restore
}

#[test]
fn a_signal_stops_a_restore_that_waits_for_the_rest_of_the_stream() {
    let dir = tempfile::tempdir().unwrap();
    let mut restore = begin(&dir);
    let pipe = restore.stdin.take();
    let pid = restore.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let output = restore.wait_with_output().unwrap();
    drop(pipe);
    assert_eq!(output.status.code(), Some(143), "{output:?}");
    assert_eq!(left_in(dir.path()), [""; 0]);
}

#[test]
fn what_a_killed_restore_received_is_removed_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut restore = begin(&dir);
    restore.kill().unwrap();
    restore.wait().unwrap();
    assert_eq!(left_in(dir.path()), ["pivotal.db.receiving"]);
    let mut server = Server::start_in(dir.into(), &[]);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(left_in(server.dir()), ["pivotal.db"]);
}

#[test]
fn a_backup_is_restored_from_a_named_pipe() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    let restore = command(&data).arg("restore").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    fs::write(&pipe, &*BACKUP).unwrap();
    let output = restore.wait_with_output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("1 customer"));
}
