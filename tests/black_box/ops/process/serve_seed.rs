//! `serve --seed`: a first start that fills its workspace.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Client, Ephemeral, command, command_in};

const SEED: &str = "
workspace: {slug: staging, name: Staging}
customers:
  - name: Aurora
    contacts: [{name: Ada, email: ada@example.com}]
  - name: Borealis
keys: [{name: CI, mode: test}]
webhooks: [{url: 'https://example.com/webhooks', mode: test}]
";

fn write(seed: &str) -> (Arc<TempDir>, PathBuf) {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let file = dir.path().join("seed.yaml");
    std::fs::write(&file, seed).unwrap();
    (dir, file)
}

#[test]
fn a_seed_fills_the_workspace_that_it_names() {
    let (dir, file) = write(SEED);
    let server = Ephemeral::start_with(dir.path(), &["--seed", file.to_str().unwrap()], &[]);
    let me = server.client().get("/me").expect(200);
    assert_eq!(me["organization"]["slug"], "staging");
    assert_eq!(server.client().walk("/customers").len(), 2);
    let seed = &server.announcement["seed"];
    assert_eq!((&seed["workspace"], &seed["customers"]["created"]), (&json!("staging"), &json!(2)));
    let key = seed["created_keys"][0]["key"].as_str().unwrap();
    assert_eq!(Client::new(server.address(), Some(key)).get("/me").status, 200);
    assert!(seed["created_webhooks"][0]["secret"].as_str().unwrap().starts_with("whsec_"));
}

#[test]
fn a_seed_without_a_workspace_fills_the_default_one() {
    let (dir, file) = write("customers: [{name: Aurora}]");
    let server = Ephemeral::start_with(dir.path(), &["--seed", file.to_str().unwrap()], &[]);
    let me = server.client().get("/me").expect(200);
    assert_eq!(me["organization"]["slug"], "default");
    assert_eq!(server.client().walk("/customers").len(), 1);
}

#[test]
fn a_faulty_seed_creates_nothing_and_the_next_start_can_use_a_corrected_one() {
    let (dir, file) = write("customers: [{slug: aurora}, {name: 7}]");
    let start = || {
        command(&dir.path().join("data"))
            .current_dir(dir.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--exit-with-parent", "--json", "--seed"])
            .arg(&file)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap()
    };
    let refused = start();
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stdout.is_empty());
    let error = String::from_utf8(refused.stderr).unwrap();
    for fault in ["customers[0].name: name is required", "customers[1].name"] {
        assert!(error.contains(fault), "{error}");
    }
    std::fs::write(&file, "customers: [{name: Aurora}]").unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&start().stdout).unwrap();
    assert_eq!(printed["seed"]["customers"]["created"], 1);
    // A later start ignores it.
    let printed: serde_json::Value = serde_json::from_slice(&start().stdout).unwrap();
    assert_eq!((printed.get("seed"), &printed["keys"]), (None, &json!([])));
}

#[test]
fn a_missing_seed_is_an_error_and_leaves_nothing_behind() {
    let (dir, _) = write("");
    let output =
        command_in(dir.path()).args(["serve", "--ephemeral", "--seed", "none.yaml"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("can't read the seed none.yaml"));
    assert_eq!(Ephemeral::directories(dir.path()).len(), 0);
}
