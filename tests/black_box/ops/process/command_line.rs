//! Mistakes on the command line, options of `serve` without `serve`, and errors as JSON.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Server, command, command_in};

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Parses the lines on stderr, each of which is a JSON object with a single field.
#[track_caller]
fn messages(output: &Output) -> Vec<(String, Value)> {
    let lines = stderr(output);
    let parse = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let fields = object.as_object().unwrap();
        assert_eq!(fields.len(), 1, "{line}");
        let (kind, content) = fields.iter().next().unwrap();
        assert!(content["message"].is_string(), "{line}");
        (kind.clone(), content.clone())
    };
    lines.lines().map(parse).collect()
}

/// The only line on stderr, which says why the command failed.
#[track_caller]
fn json_error(output: &Output) -> Value {
    let mut messages = messages(output);
    assert!(messages.len() == 1 && messages[0].0 == "error", "{messages:?}");
    messages.remove(0).1
}

fn run(dir: &Path, args: &[&str]) -> Output {
    command(dir).args(args).output().unwrap()
}

#[test]
fn a_mistake_gets_a_suggestion_and_the_usage_of_the_command() {
    let dir = tempfile::tempdir().unwrap();
    for (args, lines) in [
        (
            &["keys", "lst"][..],
            [
                "error: unknown command `keys lst`; did you mean `keys list`?",
                "Usage: pivotal-server keys [OPTIONS] <COMMAND>",
                "For help, run `pivotal-server keys --help`.",
            ],
        ),
        (
            &["--lisen", ":9000"],
            [
                "error: unknown option `--lisen`; did you mean `--listen`?",
                "Usage: pivotal-server serve [OPTIONS]",
                "For help, run `pivotal-server serve --help`.",
            ],
        ),
        (
            &["keys", "create", "--workspace", "a", "--name", "b", "--scope", "read:customer"],
            [
                "error: invalid value `read:customer` for `--scope`: must be one of: \
                 read:customers, write:customers, read:contacts, write:contacts, read:onboardings, \
                 write:onboardings; did you mean `read:customers`?",
                "Usage: pivotal-server keys create [OPTIONS] --workspace <SLUG> --name <NAME>",
                "For help, run `pivotal-server keys create --help`.",
            ],
        ),
    ] {
        let output = run(dir.path(), args);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert_eq!(stderr(&output).lines().collect::<Vec<_>>(), lines);
        let error = json_error(&run(dir.path(), &[args, &["--json"]].concat()));
        let message = lines[0].strip_prefix("error: ").unwrap();
        let usage = lines[1].strip_prefix("Usage: ").unwrap();
        let help = lines[2].split('`').nth(1).unwrap();
        assert_eq!(
            error,
            json!({"code": "usage", "message": message, "usage": usage, "help": help})
        );
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 0);
}

#[test]
fn options_of_serve_work_without_it_and_its_help_is_shown_with_them() {
    let dir = tempfile::tempdir().unwrap();
    // No machine has this address, so the error shows that it arrived.
    let output = run(dir.path(), &["--listen", "192.0.2.1:1", "--no-bootstrap", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    // After the log.
    let said = stderr(&output);
    let error: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "listen");
    assert!(error["error"]["message"].as_str().unwrap().contains("192.0.2.1:1"), "{error}");

    let help = |args: &[&str]| {
        let output = command_in(dir.path()).args(args).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(help(&["--demo", "--help"]).contains("Usage: pivotal-server serve [OPTIONS]"));
    let root = help(&["--json", "--help"]);
    assert!(root.contains("Usage: pivotal-server [OPTIONS] [COMMAND]"), "{root}");
    assert!(!root.contains("--demo\n"), "{root}");
    assert_eq!(help(&["--version"]), format!("pivotal-server {}\n", env!("CARGO_PKG_VERSION")));

    let conflict = run(dir.path(), &["--demo", "--ephemeral"]);
    assert_eq!(conflict.status.code(), Some(2));
    let said = stderr(&conflict);
    assert!(said.starts_with("error: `--demo` can't be combined with `--ephemeral`\n"), "{said}");
}

#[test]
fn with_json_every_line_on_stderr_is_a_json_object() {
    let server = Server::start();
    let run = |args: &[&str]| server.run(&[&["--json"], args].concat());
    for (args, code, text) in [
        (
            &["keys", "list", "--workspace", "defualt"][..],
            "not_found",
            "workspace `defualt` not found; did you mean `default`?",
        ),
        (&["keys", "revoke", "pivotal_AAAAAAAA"], "not_found", "key not found"),
        (
            &["workspaces", "create", "--slug", "default", "--name", "x"],
            "already_exists",
            "choose another --slug",
        ),
        (&["--config", "none.toml", "check"], "settings", "none.toml"),
    ] {
        let output = run(args);
        assert!(output.status.code() == Some(1) && output.stdout.is_empty(), "{output:?}");
        let error = json_error(&output);
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(text), "{error}");
        assert_eq!(error.as_object().unwrap().len(), 2, "{error}");
    }

    let mut list = command_in(server.dir());
    let list = list.args(["--json", "--data-dir", "none", "keys", "list"]).output().unwrap();
    let error = json_error(&list);
    assert_eq!(error["code"], "database");
    assert!(error["message"].as_str().unwrap().contains("there is no database in none"), "{error}");

    // Several errors are one line.
    std::fs::write(server.dir().join("config.toml"), "workers = -1\nlisen = \"x\"\n").unwrap();
    let error = json_error(&run(&["config"]));
    assert_eq!(error["errors"].as_array().unwrap().len(), 2, "{error}");
    assert_eq!(error["errors"][0]["message"], error["message"]);
    std::fs::remove_file(server.dir().join("config.toml")).unwrap();

    // Problems in the input come before the error.
    let file = server.dir().join("customers.jsonl");
    std::fs::write(&file, "no JSON\n").unwrap();
    let import = run(&["import", "--workspace", "default", file.to_str().unwrap()]);
    let kinds: Vec<String> = messages(&import).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds.last().map(String::as_str), Some("error"));

    let mut config = command_in(server.dir());
    let config = config.args(["config", "--json"]).env("PIVOTAL_WORKER", "1").output().unwrap();
    assert!(config.status.success());
    let [(kind, warning)] = &messages(&config)[..] else { panic!("{config:?}") };
    assert_eq!(kind, "warning");
    assert!(warning["message"].as_str().unwrap().contains("did you mean `PIVOTAL_WORKERS`?"));
}

#[test]
fn the_settings_of_the_system_are_read_if_there_are_none_here() {
    // In a mount namespace of its own, so that it doesn't matter what is in /etc.
    let script = "mount -t tmpfs tmpfs /etc && mkdir /etc/pivotal-server &&
                  echo 'workers = 7' > /etc/pivotal-server/config.toml && exec \"$@\"";
    let dir = tempfile::tempdir().unwrap();
    let workers = |variables: &[(&str, &str)], args: &[&str]| {
        let own = if is_root() { "-m" } else { "-rm" };
        let wrappers = ["unshare", own, "sh", "-c", script, "sh"].map(str::to_owned);
        let mut command = crate::support::command_under(&wrappers, dir.path());
        let output = command.arg("config").args(args).envs(variables.iter().copied()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.starts_with("workers = ")).unwrap();
        line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(workers(&[], &[]), "7 # /etc/pivotal-server/config.toml");
    std::fs::write(dir.path().join("config.toml"), "workers = 3\n").unwrap();
    assert_eq!(workers(&[], &[]), "3 # config.toml");
    std::fs::write(dir.path().join("other.toml"), "workers = 4\n").unwrap();
    let variable = [("PIVOTAL_CONFIG", "other.toml")];
    assert_eq!(workers(&variable, &[]), "4 # other.toml");
    std::fs::write(dir.path().join("flag.toml"), "workers = 5\n").unwrap();
    assert_eq!(workers(&variable, &["--config", "flag.toml"]), "5 # flag.toml");
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn what_the_system_refuses_is_said_in_plain_words() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::create_dir(path("dir")).unwrap();
    std::fs::create_dir_all(path("no-file/pivotal.db")).unwrap();
    std::fs::create_dir(path("foreign")).unwrap();
    std::fs::write(path("foreign/pivotal.db"), "something else ".repeat(20)).unwrap();
    for (name, text) in [
        ("file", &b""[..]),
        ("latin.toml", b"log = \"\xe9\""),
        ("bad.toml", b"listen = = 1"),
        ("bad.yaml", b"customers: [1, 2\nfoo: {"),
        ("bad.json", b"{\"a\": "),
    ] {
        std::fs::write(path(name), text).unwrap();
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let run = |args: &[&str]| command_in(dir.path()).args(args).output().unwrap();
    let create = ["--data-dir", "data", "workspaces", "create", "--slug", "a", "--name", "A"];
    assert!(run(&create).status.success());
    let import = ["--data-dir", "data", "import", "--workspace", "a"];
    for (args, words) in [
        (&["--config", "none.toml", "config"][..], "none.toml: no such file or directory; check"),
        (&["--config", "dir", "config"], "dir: it is a directory, not a file; check"),
        (&["--config", "file/x", "config"], "a part of the path is a file, not a directory"),
        (&["--config", "latin.toml", "config"], "it is not UTF-8 text"),
        (&["--config", "bad.toml", "config"], "bad.toml, line 1: not valid TOML ("),
        (&["--data-dir", "file", "keys", "list"], "a part of the path is a file, not a directory"),
        (&["--data-dir", "no-file", "keys", "list"], "is a directory, but must be the database"),
        (&["--data-dir", "foreign", "keys", "list"], "is not a pivotal-server database"),
        (&["--data-dir", "data", "backup", "none/x.db"], "no such file or directory"),
        (&["--data-dir", "data", "restore", "none.db"], "none.db: no such file or directory"),
        (&["--data-dir", "data", "restore", "dir"], "dir: it is a directory, not a file"),
        (&["--data-dir", "data", "export", "--workspace", "a", "none/x"], "no such file or"),
        (&[&import[..], &["none.jsonl"]].concat(), "none.jsonl: no such file or directory; check"),
        (&[&import[..], &["dir", "--format", "seed"]].concat(), "it is a directory, not a file"),
        (&[&import[..], &["dir", "--format", "csv"]].concat(), "it is a directory, not a file"),
        (&[&import[..], &["bad.json"]].concat(), "the file ends before its JSON does"),
        (&[&import[..], &["bad.yaml"]].concat(), "bad.yaml, line 2"),
        (&["--listen", &address], "another process uses this address; stop it"),
        (&["--seed", "none.yaml", "--demo"], "can't be combined with"),
        (&["man", "--out", "file"], "can't write man pages to file: "),
    ] {
        let output = run(args);
        let said = stderr(&output);
        assert!(!output.status.success() && said.contains(words), "{args:?}: {said}");
        // The server logs, too.
        assert!(said.lines().any(|line| line.starts_with("error: ")), "{args:?}: {said}");
        assert!(!said.contains("os error"), "{args:?}: {said}");
    }
}
