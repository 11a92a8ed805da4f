//! The command line: what it prints, its exit codes, and its effect on a running server.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Server, command};

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn only_the_first_start_prints_two_keys() {
    let server = Server::start_new();
    assert!(server.live.starts_with("pivotal_") && server.test.starts_with("pivotal_test_"));
    let live = server.client().get("/me").expect(200);
    let test = server.client_with(&server.test).get("/me").expect(200);
    assert_eq!(
        (&live["api_key"]["mode"], &test["api_key"]["mode"]),
        (&json!("live"), &json!("test"))
    );
    assert_eq!(live["organization"]["slug"], "default");
    let server = server.restart();
    assert_eq!(server.json(&["keys", "list"]).as_array().unwrap().len(), 2);
}

#[test]
fn no_bootstrap_leaves_a_new_database_empty() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(dir.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--no-bootstrap"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let lines: Vec<String> =
        std::io::BufRead::lines(stdout).take(3).collect::<Result<_, _>>().unwrap();
    let list = command(dir.path()).args(["--json", "workspaces", "list"]).output().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines[0].starts_with("Set the admin password: http://127.0.0.1:"), "{lines:?}");
    assert!(lines[2].starts_with("Listening on http://127.0.0.1:"), "{lines:?}");
    assert_eq!(serde_json::from_slice::<Value>(&list.stdout).unwrap(), json!([]));
}

#[test]
fn config_checks_and_lists_the_settings_without_a_database() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    std::fs::write(&file, "workers = 3\n[rate_limits]\npaid = 9\n").unwrap();
    let config = |variables: &[(&str, &str)]| {
        let mut command = command(dir.path());
        command.env_clear().envs(variables.iter().copied());
        command.args(["config", "--config"]).arg(&file).output().unwrap()
    };
    let output = config(&[("PIVOTAL_RATE_LIMITS_PAID", "10")]);
    let listed = String::from_utf8(output.stdout).unwrap();
    let line = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("workers = 3 ").ends_with(&format!("# {}", file.display())), "{listed}");
    assert!(line("rate_limits.paid = 10 ").ends_with("# environment"), "{listed}");
    assert!(line("log = ").ends_with("# default"), "{listed}");
    assert_eq!(dir.path().read_dir().unwrap().count(), 1);

    std::fs::write(&file, &listed).unwrap();
    assert_eq!(config(&[]).status.code(), Some(0), "{listed}");
    std::fs::write(&file, "workers = \"many\"").unwrap();
    let wrong = config(&[]);
    assert_ne!(wrong.status.code(), Some(0));
    assert!(said(&wrong).contains("`workers` must be a whole number from 0 to 256"));
}

#[test]
fn a_created_key_is_printed_once_and_listed_without_its_secret() {
    let server = Server::start_new();
    let args =
        ["keys", "create", "--workspace", "default", "--name", "CI", "--test", "--tier", "paid"];
    let scopes = ["--scope", "write:contacts", "--scope", "read:customers"];
    let key = server.json(&[&args[..], &scopes[..]].concat());
    let secret = key["key"].as_str().unwrap();
    let names: Vec<&String> = key.as_object().unwrap().keys().collect();
    let all = [
        "id",
        "key",
        "prefix",
        "name",
        "mode",
        "workspace",
        "tier",
        "scopes",
        "created_at",
        "expires_at",
    ];
    assert_eq!(names, all);
    assert!(secret.starts_with(key["prefix"].as_str().unwrap()));
    assert_eq!(
        (&key["name"], &key["mode"], &key["tier"]),
        (&json!("CI"), &json!("test"), &json!("paid"))
    );
    assert_eq!(key["scopes"], json!(["read:customers", "write:contacts"]));
    server.client_with(secret).get("/customers").expect(200);

    let output = server.run(&["--json", "keys", "list", "--workspace", "default"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains(secret));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let listed = list.as_array().unwrap().iter().find(|k| k["id"] == key["id"]).unwrap();
    let mut expected = key.clone();
    expected.as_object_mut().unwrap().remove("key");
    for (name, value) in [
        ("last_used_at", Value::Null),
        ("last_used_ip", Value::Null),
        ("request_count", json!(0)),
        ("revoked_at", Value::Null),
        ("replaces", Value::Null),
    ] {
        expected[name] = value;
    }
    assert_eq!(*listed, expected);
}

#[test]
fn secrets_are_not_stored_in_the_database() {
    let mut server = Server::start_new();
    let secret = server.create_key(&[]);
    server.client_with(&secret).customer("Aurora");
    server.stop();
    assert_eq!(server.places_with(&secret[secret.len() - 38..]), [""; 0]);
    // The part that isn't secret is there.
    assert!(!server.places_with(&secret[secret.len() - 46..secret.len() - 38]).is_empty());
    assert!(!server.log().contains(&secret));
}

#[test]
fn a_rotated_key_keeps_working_until_it_is_revoked() {
    let server = Server::start_new();
    let old = server.create_key(&["--tier", "paid", "--scope", "read:customers"]);
    let prefix = &old["pivotal_".len()..][..8];
    let prefix = format!("pivotal_{prefix}");
    let replacement = server.json(&["keys", "rotate", &prefix]);
    let new = replacement["key"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(
        (&replacement["tier"], &replacement["scopes"]),
        (&json!("paid"), &json!(["read:customers"]))
    );
    server.client_with(&old).get("/customers").expect(200);
    server.client_with(new).get("/customers").expect(200);
    let list = server.json(&["keys", "list"]);
    let listed = |id: &Value| list.as_array().unwrap().iter().find(|key| key["id"] == *id).unwrap();
    assert_eq!(listed(&listed(&replacement["id"])["replaces"])["prefix"], prefix);
    server.json(&["keys", "revoke", &prefix]);
    server.client_with(&old).get("/customers").refused(401, "api_key_revoked", None);
    server.client_with(new).get("/customers").expect(200);
    let output = server.run(&["keys", "rotate", &prefix]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("is revoked, so it can't be rotated"));
}

#[test]
fn a_key_has_one_replacement_at_a_time() {
    let server = Server::start_new();
    let old = server.create_key(&[]);
    let prefix = format!("pivotal_{}", &old["pivotal_".len()..][..8]);
    let replacement =
        server.json(&["keys", "rotate", &prefix])["prefix"].as_str().unwrap().to_owned();
    let before = server.json(&["keys", "list"]);
    let output = server.run(&["keys", "rotate", &prefix]);
    assert_eq!(output.status.code(), Some(1));
    let told = said(&output);
    assert!(told.contains(&format!("already has a replacement, {replacement}; ")), "{told}");
    let way_out = format!("pivotal-server keys revoke {replacement}");
    assert!(told.contains(&way_out), "{told}");
    assert_eq!(server.json(&["keys", "list"]), before);
    server.json(&["keys", "revoke", &replacement]);
    server.json(&["keys", "rotate", &prefix]);
}

#[test]
fn a_key_can_also_be_revoked_by_its_id_or_the_whole_key() {
    let server = Server::start_new();
    let list = server.json(&["keys", "list"]);
    let id = list.as_array().unwrap().iter().find(|k| k["mode"] == "live").unwrap()["id"].clone();
    let revoked = server.json(&["keys", "revoke", id.as_str().unwrap()]);
    assert!(revoked["revoked_at"].is_string());
    assert_eq!(server.json(&["keys", "revoke", id.as_str().unwrap()]), revoked);
    server.client().get("/me").refused(401, "api_key_revoked", None);
    server.json(&["keys", "revoke", &server.test]);
    server.client_with(&server.test).get("/me").refused(401, "api_key_revoked", None);
}

#[test]
fn text_output_contains_the_same_information() {
    let server = Server::start_new();
    let text = |args: &[&str]| String::from_utf8(server.run(args).stdout).unwrap();
    assert!(text(&["workspaces", "create", "--slug", "acme", "--name", "Acme"]).contains("`acme`"));
    assert!(text(&["workspaces", "list"]).lines().any(|line| line.starts_with("acme  ")));
    let created = text(&["keys", "create", "--workspace", "acme", "--name", "CRM"]);
    let key = created.lines().find_map(|line| line.strip_prefix("  pivotal_")).unwrap();
    let prefix = format!("pivotal_{}", &key[..8]);
    server.client_with(&format!("pivotal_{key}")).get("/me").expect(200);
    let list = text(&["keys", "list"]);
    assert!(list.lines().any(|line| line.starts_with(&prefix) && line.contains("active")));
    assert!(text(&["keys", "revoke", &prefix]).contains("Revoked key \"CRM\""));
    assert!(text(&["keys", "list", "--workspace", "acme"]).contains("revoked 20"));
}

#[test]
fn a_failing_command_says_what_to_do() {
    let server = Server::start_new();
    let empty = tempfile::tempdir().unwrap();
    let on_empty = |args: &[&str]| command(empty.path()).args(args).output().unwrap();
    let cases = [
        (
            server.run(&["keys", "create", "--workspace", "nobody", "--name", "x"]),
            1,
            "workspaces list",
        ),
        (server.run(&["keys", "list", "--workspace", "nobody"]), 1, "workspace `nobody` not found"),
        (server.run(&["keys", "revoke", "pivotal_AAAAAAAA"]), 1, "keys list"),
        (server.run(&["workspaces", "create", "--slug", "default", "--name", "x"]), 1, "--slug"),
        (on_empty(&["keys", "list"]), 1, "serve"),
        (on_empty(&["--config", "none.toml", "keys", "list"]), 1, "none.toml"),
        (server.run(&["keys", "revoke", "nonsense"]), 2, "ID or prefix"),
        (server.run(&["keys", "create", "--workspace", "default"]), 2, "--name"),
        (
            server.run(&["keys", "create", "--workspace", "default", "--name", "x", "--tier", "y"]),
            2,
            "standard, paid, unlimited",
        ),
        (
            server.run(&[
                "keys",
                "create",
                "--workspace",
                "default",
                "--name",
                "x",
                "--scope",
                "y",
            ]),
            2,
            "read:customers",
        ),
        (server.run(&["workspaces", "create", "--slug", "A B", "--name", "x"]), 2, "lowercase"),
        (server.run(&["serve", "--listen", "here"]), 2, "--listen"),
        (server.run(&["dance"]), 2, "dance"),
    ];
    for (output, code, hint) in cases {
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        // Mistakes on the command line are followed by the usage.
        assert_eq!(said.lines().count(), if code == 2 { 3 } else { 1 }, "{said}");
        assert!(said.starts_with("error: ") && said.contains(hint), "{said}");
        assert!(output.stdout.is_empty());
    }
    assert!(!empty.path().join("pivotal.db").exists());
}

#[test]
fn settings_come_from_flags_then_variables_then_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let output = command(dir.path()).args(args).envs(variables.iter().copied()).output();
        said(&output.unwrap())
    };
    std::fs::write(&file, "listen = \"127.0.0.1:8080\"\nspeed = 3\n").unwrap();
    let unknown = run(&["keys", "list"], &[]);
    assert!(unknown.contains("config.toml, line 2: unknown setting `speed`"), "{unknown}");
    std::fs::write(&file, "[rate_limits]\npaid = \"lots\"\n").unwrap();
    let bad = run(&["keys", "list"], &[]);
    assert!(bad.contains("`rate_limits.paid` must be a whole number"), "{bad}");

    // No machine has the address 192.0.2.1, so listening on it fails with an error that names it.
    std::fs::write(&file, "listen = \"192.0.2.1:1\"\n").unwrap();
    assert!(run(&["serve"], &[]).contains("cannot listen on 192.0.2.1:1"));
    let variable = [("PIVOTAL_LISTEN", "192.0.2.1:2")];
    assert!(run(&["serve"], &variable).contains("cannot listen on 192.0.2.1:2"));
    assert!(
        run(&["serve", "--listen", "192.0.2.1:3"], &variable)
            .contains("cannot listen on 192.0.2.1:3")
    );
    // `serve` is the default command.
    assert!(run(&[], &variable).contains("cannot listen on 192.0.2.1:2"));
}

#[test]
fn sigint_stops_the_server_cleanly() {
    let mut server = Server::start_new();
    let clients: Vec<_> = (0..8)
        .map(|n| {
            let client = server.client();
            std::thread::spawn(move || client.customer(&format!("Customer {n}")))
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    server.signal("-INT");
    assert_eq!(server.wait(), Some(0));
    assert!(server.log().contains("stopped"));
}
