//! Sources of settings: lenient where other programs set environment variables, and strict where a
//! typo would go unnoticed.

use std::process::Output;

use crate::support::{PASSWORD, Server, command, wait_until};

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8(bytes.to_vec()).unwrap().lines().map(str::to_owned).collect()
}

/// Runs a command with this text as `config.toml`; an empty text means no file.
fn run(text: &str, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    if !text.is_empty() {
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
    }
    command(dir.path()).args(args).envs(variables.iter().copied()).output().unwrap()
}

#[test]
fn an_unknown_variable_causes_a_warning_with_the_nearest_name_but_not_its_value() {
    let variables = [
        ("PIVOTAL_TRUSTED_PROXY", "s3cret-value"),
        ("PIVOTAL_SENTRY_DSN", "s3cret-value"),
        ("PIVOTAL_WEBHOOK_SECRET", "s3cret-value"),
    ];
    let near = "environment variable `PIVOTAL_TRUSTED_PROXY` is not a setting and is ignored; did \
                you mean `PIVOTAL_TRUSTED_PROXIES`?";
    let far = "environment variable `PIVOTAL_SENTRY_DSN` is not a setting and is ignored";
    let server = Server::start_with(&variables);
    server.client().get("/me").expect(200);
    wait_until("both are logged", || {
        let log = server.log();
        log.contains(&format!("WARN  {near}\n")) && log.contains(&format!("WARN  {far}\n"))
    });
    assert!(!server.log().contains("s3cret") && !server.log().contains("WEBHOOK_SECRET"));

    let config = run("", &["config"], &variables);
    assert!(config.status.success());
    assert_eq!(lines(&config.stderr), [format!("warning: {far}"), format!("warning: {near}")]);
    assert!(!String::from_utf8(config.stdout).unwrap().contains("s3cret"));
}

#[test]
fn variables_that_kubernetes_sets_for_a_service_of_that_name_are_ignored() {
    let variables = [
        ("PIVOTAL_SERVICE_HOST", "10.96.0.7"),
        ("PIVOTAL_SERVICE_PORT", "8080"),
        ("PIVOTAL_SERVICE_PORT_HTTP", "8080"),
        ("PIVOTAL_PORT", "tcp://10.96.0.7:8080"),
        ("PIVOTAL_PORT_8080_TCP", "tcp://10.96.0.7:8080"),
        ("PIVOTAL_PORT_8080_TCP_PROTO", "tcp"),
        ("PIVOTAL_PORT_8080_TCP_PORT", "8080"),
        ("PIVOTAL_PORT_8080_TCP_ADDR", "10.96.0.7"),
    ];
    let server = Server::start_with(&variables);
    server.client().get("/me").expect(200);
    let config = run("", &["config"], &variables);
    assert!(config.status.success());
    assert_eq!(lines(&config.stderr), Vec::<String>::new());
}

#[test]
fn all_errors_in_the_settings_are_reported_together() {
    let text = "workers = -1\nlisen = \"x\"\n\n[rate_limits]\npaid = 0\nstandart = 1\n";
    let faults = [
        "error: config.toml, line 1: `workers` must be a whole number from 0 to 256",
        "error: config.toml, line 2: unknown setting `lisen`; did you mean `listen`?",
        "error: config.toml, line 5: `rate_limits.paid` must be a whole number from 1 to 1000000",
        "error: config.toml, line 6: unknown setting `rate_limits.standart`; did you mean \
         `rate_limits.standard`?",
        "error: environment variable `PIVOTAL_BACKUP_KEEP` must be a whole number from 1 to 10000",
    ];
    for args in [&["config"][..], &["serve"], &["keys", "list"]] {
        let output = run(text, args, &[("PIVOTAL_BACKUP_KEEP", "none")]);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert_eq!(lines(&output.stderr), faults, "{args:?}");
    }
    let syntax = run("workers = = 1\nlog = \"info\"\nlisten = nowhere\n", &["config"], &[]);
    let said = lines(&syntax.stderr);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("error: config.toml, line 1: "), "{said:?}");
    assert!(said[1].starts_with("error: config.toml, line 3: "), "{said:?}");
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let empty = ["PIVOTAL_WORKERS", "PIVOTAL_CONFIG", "PIVOTAL_LISTEN", "PIVOTAL_WORKER"];
    let output = run("workers = 3\n", &["config"], &empty.map(|name| (name, "")));
    assert!(output.status.success(), "{output:?}");
    assert_eq!(lines(&output.stderr), Vec::<String>::new());
    let workers = "workers = 3                              # config.toml";
    assert!(lines(&output.stdout).contains(&workers.to_owned()), "{output:?}");
}

#[test]
fn the_config_variable_names_the_config_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("other.toml");
    std::fs::write(&file, "workers = 7\n").unwrap();
    let output = command(dir.path()).arg("config").env("PIVOTAL_CONFIG", &file).output().unwrap();
    assert!(lines(&output.stdout).iter().any(|line| line.starts_with("workers = 7 ")));
}

#[test]
fn config_files_and_passwords_can_begin_with_a_byte_order_mark() {
    let config = run("\u{feff}workers = 3\r\nlog = \"warn\"\r\n", &["config"], &[]);
    assert!(config.status.success(), "{config:?}");
    let server = Server::start_new();
    assert!(server.set_password(&format!("\u{feff}{PASSWORD}\r")).status.success());
    server.visitor().sign_in();
}
