//! Renaming workspaces and keys while a server runs, and workspaces in new databases.

use serde_json::{Value, json};

use crate::support::database::place_of;
use crate::support::{Server, command};

#[test]
fn a_renamed_workspace_keeps_its_keys_and_frees_its_slug() {
    let server = Server::start();
    let before = server.client().get("/me").expect(200)["organization"].clone();
    let renamed = server.json(&["workspaces", "rename", "default", "--name", "Acme Group"]);
    assert_eq!((&renamed["slug"], &renamed["name"]), (&json!("default"), &json!("Acme Group")));
    server.json(&["workspaces", "rename", "default", "--slug", "acme"]);
    // With what the server has cached of the key.
    let after = server.client().get("/me").expect(200)["organization"].clone();
    assert_eq!(after, json!({"id": before["id"], "slug": "acme", "name": "Acme Group"}));
    assert_eq!(server.json(&["keys", "list"])[0]["workspace"], "acme");

    server.json(&["workspaces", "create", "--slug", "default", "--name", "Another"]);
    let taken = server.run(&["workspaces", "rename", "acme", "--slug", "default"]);
    let said = String::from_utf8(taken.stderr).unwrap();
    assert_eq!(said, "error: workspace `default` already exists; choose another --slug\n");
    assert_eq!(server.run(&["workspaces", "rename", "acme"]).status.code(), Some(2));
    let unknown = server.run(&["workspaces", "rename", "acne", "--name", "x"]);
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(said.contains("workspace `acne` not found; did you mean `acme`?"), "{said}");
    // Its own slug is not taken.
    let text = server.run(&["workspaces", "rename", "acme", "--slug", "acme", "--name", "A"]);
    let said = String::from_utf8(text.stdout).unwrap();
    assert_eq!(said, "Renamed workspace `acme`: its slug is `acme`, its name \"A\".\n");
}

#[test]
fn a_renamed_key_is_the_actor_under_its_new_name_from_then_on() {
    let server = Server::start();
    let create = ["keys", "create", "--workspace", "default", "--name", "Old name"];
    let client = server.client_with(server.json(&create)["key"].as_str().unwrap());
    let first = client.customer("Aurora");
    let prefix = server.json(&["keys", "list"])[0]["prefix"].as_str().unwrap().to_owned();
    let renamed = server.json(&["keys", "rename", &prefix, "New name"]);
    assert_eq!(renamed["name"], "New name");
    client.customer("Borealis");
    assert_eq!(client.get("/me").expect(200)["api_key"]["name"], "New name");
    let events = client.get("/events").expect(200);
    let names: Vec<&Value> =
        events["data"].as_array().unwrap().iter().map(|event| &event["actor"]["name"]).collect();
    assert_eq!(names, ["New name", "Old name"]);
    assert_eq!(first["name"], "Aurora");
    let unknown = server.run(&["keys", "rename", "pivotal_AAAAAAAA", "x"]);
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("key not found"));
}

#[test]
fn a_command_that_creates_a_database_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let create = |args: &[&str], slug: &str| {
        let create = ["workspaces", "create", "--slug", slug, "--name", "Acme"];
        let output = command(dir.path()).args(create).args(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let database = place_of(dir.path());
    let said = create(&[], "acme");
    let new = format!("Created workspace `acme`. The database {database} is new. ");
    assert!(said.starts_with(&new) && said.contains("--data-dir"), "{said}");
    let said = create(&[], "other");
    assert!(said.starts_with("Created workspace `other`. Next, create a key: "), "{said}");
    let json: Value = serde_json::from_str(&create(&["--json"], "third")).unwrap();
    assert_eq!((&json["new_database"], &json["database"]), (&json!(false), &json!(database)));
}
