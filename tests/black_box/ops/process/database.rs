//! The `database` setting: what the commands say that are only for the files of SQLite, and that
//! nothing repeats the password.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Ephemeral, Server, command};

/// Nobody listens on port 1.
const URL: &str = "postgres://ann:s3cret@127.0.0.1:1/crm?sslmode=require";
const SHOWN: &str = "postgres://ann@127.0.0.1:1/crm?sslmode=require";

/// Runs a command for a database on PostgreSQL. No output may contain the password.
fn run(dir: &Path, args: &[&str], more: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = command(dir);
    command.args(args).env("PIVOTAL_DATABASE", URL).envs(more.iter().copied());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(!format!("{stdout}{stderr}").contains("s3cret"), "{args:?}: {stdout}{stderr}");
    (status.code(), stdout, stderr)
}

#[test]
fn config_prints_the_database_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let (code, text, _) = run(dir.path(), &["config"], &[]);
    assert_eq!(code, Some(0));
    let line = text.lines().find(|line| line.starts_with("database = ")).unwrap();
    assert!(line.contains("\"postgres://ann:***@127.0.0.1:1/crm?sslmode=require\""), "{line}");
    assert!(line.ends_with("# environment"), "{line}");
    let (_, text, _) = run(dir.path(), &["--json", "config"], &[("PIVOTAL_REQUIRE_SYNC", "true")]);
    let settings: Value = serde_json::from_str(&text).unwrap();
    let value = |name: &str| {
        let all = settings.as_array().unwrap();
        all.iter().find(|setting| setting["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(value("database"), "postgres://ann:***@127.0.0.1:1/crm?sslmode=require");
    assert_eq!((value("require_sync"), value("postgres.connections")), (json!(true), json!(16)));
}

#[test]
fn commands_for_files_name_the_command_of_postgresql_that_does_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let restore = "pg_restore --clean --if-exists --single-transaction --no-owner --dbname=";
    for (args, expected) in [
        (
            &["backup", "day one.dump"][..],
            format!(
                "`pg_dump --format=custom --extension=plpgsql --file='day one.dump' --dbname='{SHOWN}'`"
            ),
        ),
        (&["restore", "day1.dump"], format!("`{restore}'{SHOWN}' day1.dump`")),
        (&["restore", "-"], format!("`{restore}'{SHOWN}'`")),
        (
            &["check"],
            format!(
                "`pg_amcheck --install-missing --heapallindexed '{}'`",
                SHOWN.replace("ann", "postgres")
            ),
        ),
        (&["serve", "--new-database"], "`createdb`".to_owned()),
    ] {
        let (code, stdout, error) = run(dir.path(), args, &[]);
        assert_eq!((code, &*stdout), (Some(1), ""), "{args:?}");
        assert!(error.starts_with("error: the database is on PostgreSQL, "), "{error}");
        assert!(error.contains(&expected), "{expected} is not in {error}");
        let (_, _, error) = run(dir.path(), &[&["--json"], args].concat(), &[]);
        let last: Value = serde_json::from_str(error.lines().last().unwrap()).unwrap();
        let message = last["error"]["message"].as_str().unwrap();
        assert!(message.contains(&expected), "{message}");
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_backup_of_sqlite_can_be_checked_wherever_the_database_is() {
    let server = Server::start();
    let file = server.dir().join("backup.db");
    let file = file.to_str().unwrap();
    server.json(&["backup", file]);
    let dir = tempfile::tempdir().unwrap();
    let (code, text, error) = run(dir.path(), &["check", file], &[]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(text, format!("No problems found in {file}.\n"));
}

#[test]
fn scheduled_backups_and_wrong_urls_are_refused_before_anything_else() {
    let dir = tempfile::tempdir().unwrap();
    for args in [&["config"][..], &["serve"], &["keys", "list"]] {
        let (code, _, error) = run(dir.path(), args, &[("PIVOTAL_BACKUP_EVERY", "24h")]);
        assert_eq!(code, Some(1), "{args:?}");
        assert!(error.starts_with("error: `backup.every` is set, but "), "{error}");
        assert!(error.contains("`pg_dump --format=custom "), "{error}");
    }
    let wrong = ("PIVOTAL_DATABASE", "postgres://ann:s3cret@127.0.0.1:1");
    let (code, _, error) = run(dir.path(), &["serve"], &[wrong]);
    assert_eq!(code, Some(1));
    let expected = "error: environment variable `PIVOTAL_DATABASE` names no database; ";
    assert!(error.starts_with(expected), "{error}");
    std::fs::write(dir.path().join("config.toml"), format!("database = {URL}\n")).unwrap();
    let (code, _, error) = run(dir.path(), &["config"], &[]);
    assert_eq!(code, Some(1));
    assert!(error.starts_with("error: config.toml, line 1: not valid TOML"), "{error}");
    assert_eq!(dir.path().read_dir().unwrap().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn ephemeral_servers_and_demos_are_on_sqlite_whatever_the_settings_say() {
    let parent = tempfile::tempdir().unwrap();
    let elsewhere = [("PIVOTAL_DATABASE", URL)];
    for server in [
        Ephemeral::start_with(parent.path(), &[], &elsewhere),
        Ephemeral::start_demo_with(parent.path(), &elsewhere),
    ] {
        let engine = server.announcement["engine"].as_str().unwrap();
        assert!(engine.starts_with("SQLite 3."), "{engine}");
        let database = server.announcement["database"].as_str().unwrap();
        assert!(Path::new(database).starts_with(parent.path()), "{database}");
    }
}
