//! `import` with seed files.

use std::process::Output;

use pivotal_server::model::clock::{Clock, SystemClock};
use pivotal_server::model::key::Mode;
use pivotal_server::model::key::secret::KeySecret;
use pivotal_server::model::values::time::Timestamp;
use serde_json::{Value, json};

use crate::support::{Client, Receiver, Server, command, run_with};

const SEED: &str = "
workspace: {slug: staging, name: Staging}
customers:
  - name: Aurora Shipping
    slug: aurora
    tags: [pilot]
    created_at: 2026-01-15
    contacts:
      - {name: Ada, email: Ada@aurora.example, is_primary: true}
    onboardings:
      - {name: Rollout, phase: review, state: waiting, target_launch_date: 2026-06-15}
      - {name: Second, created_at: -3d, started_at: -2d, target_launch_date: +2w}
  - {name: Borealis, id: cborealis00000000000000000, created_at: 2026-01-16, updated_at: 2026-01-17, deleted_at: 2026-01-18}
contacts:
  - {customer: aurora, name: Bob, email: bob@aurora.example}
keys:
  - {name: CI, mode: test, scopes: ['read:customers', 'read:contacts', 'read:onboardings']}
webhooks:
  - {url: 'https://example.com/hook', mode: test, events: [customer.created]}
";

/// Imports a seed next to a server.
fn import(server: &Server, seed: &str, options: &[&str]) -> Output {
    let file = server.dir().join("seed.yaml");
    std::fs::write(&file, seed).unwrap();
    server.run(&[&["--json", "import", file.to_str().unwrap()], options].concat())
}

#[track_caller]
fn imported(server: &Server, seed: &str, options: &[&str]) -> Value {
    let output = import(server, seed, options);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Imports a seed that is faulty, and returns the lines on stderr.
#[track_caller]
fn refused(server: &Server, seed: &str, options: &[&str]) -> Vec<String> {
    let output = import(server, seed, options);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let stderr = String::from_utf8(output.stderr).unwrap();
    stderr.lines().map(str::to_owned).collect()
}

#[track_caller]
fn assert_refused(server: &Server, seed: &str, options: &[&str], expected: &str) {
    let lines = refused(server, seed, options);
    assert!(lines.iter().any(|line| line.contains(expected)), "{expected}: {lines:#?}");
}

fn names(client: &Client, path: &str) -> Vec<String> {
    let list = client.list(path);
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_seed_creates_a_workspace_with_everything_in_it() {
    let server = Server::start();
    let report = imported(&server, SEED, &[]);
    assert_eq!(report["workspace"], "staging");
    assert_eq!(report["created_workspace"], true);
    for (kind, created) in
        [("customers", 2), ("contacts", 2), ("onboardings", 2), ("keys", 1), ("webhooks", 1)]
    {
        assert_eq!(report[kind]["created"], created, "{kind}: {report}");
    }
    let key = &report["created_keys"][0];
    assert_eq!(
        (&key["name"], &key["mode"], &key["workspace"]),
        (&json!("CI"), &json!("test"), &json!("staging"))
    );
    let client = server.client_with(key["key"].as_str().unwrap());
    let me = client.get("/me").expect(200);
    assert_eq!(me["organization"]["name"], "Staging");
    assert_eq!(me["api_key"]["scopes"].as_array().unwrap().len(), 3);

    assert_eq!(names(&client, "/customers"), ["Aurora Shipping"]);
    let customer = client.get("/customers/1").expect(200);
    assert_eq!(customer["slug"], "aurora");
    assert_eq!(customer["created_at"], "2026-01-15T00:00:00.000Z");
    assert_eq!(names(&client, "/customers/1/contacts"), ["Bob", "Ada"]);
    let onboarding = client.get("/onboardings/1").expect(200);
    assert_eq!(onboarding["waiting_on_customer"], true);
    assert_eq!(onboarding["target_launch_date"], "2026-06-15T00:00:00.000Z");
    // Borealis has been deleted, and has used a number.
    client.get("/customers/2").refused(404, "customer_not_found", None);

    let listed = server.json(&["webhooks", "list", "--workspace", "staging"]);
    assert_eq!(listed[0]["events"], json!(["customer.created"]));
    let created = &report["created_webhooks"][0];
    assert_eq!(created["id"], listed[0]["id"]);
    assert!(created["secret"].as_str().unwrap().starts_with("whsec_"));
    let id = created["id"].as_str().unwrap();
    assert_eq!(server.json(&["webhooks", "deliveries", id]), json!([]), "not even a ping");
}

#[test]
fn importing_a_seed_again_changes_nothing_and_creates_no_keys() {
    let server = Server::start();
    imported(&server, SEED, &[]);
    let again = imported(&server, SEED, &[]);
    for (kind, number) in
        [("customers", 2), ("contacts", 2), ("onboardings", 2), ("keys", 1), ("webhooks", 1)]
    {
        assert_eq!(again[kind]["unchanged"], number, "{kind}: {again}");
        assert_eq!(again[kind]["created"], 0, "{kind}: {again}");
    }
    assert_eq!(again["created_workspace"], false);
    assert_eq!((&again["created_keys"], &again["created_webhooks"]), (&json!([]), &json!([])));
    assert_eq!(
        server.json(&["keys", "list", "--workspace", "staging"]).as_array().unwrap().len(),
        1
    );
}

#[test]
fn relative_times_are_only_for_what_is_created() {
    let server = Server::start();
    let here = ["--workspace", "default", "--on-conflict", "update"];
    let seed = |days: u32, plan: &str| {
        format!(
            "customers: [{{id: caurora0000000000000000000, name: Aurora, plan: {plan}, created_at: \
             -{days}d, updated_at: -{days}d}}]"
        )
    };
    imported(&server, &seed(9, "free"), &here);
    let before = server.client().get("/customers/1").expect(200);
    assert_eq!(imported(&server, &seed(3, "free"), &here)["customers"]["unchanged"], 1);
    assert_eq!(server.client().get("/customers/1").expect(200), before);
    assert_eq!(imported(&server, &seed(3, "paid"), &here)["customers"]["updated"], 1);
    let after = server.client().get("/customers/1").expect(200);
    assert_eq!((&after["plan"], &after["created_at"]), (&json!("paid"), &before["created_at"]));
}

#[test]
fn relative_times_count_from_the_import() {
    let server = Server::start();
    let before = SystemClock.now();
    let seed = "customers: [{name: Aurora, created_at: -30d, updated_at: -1d12h}]";
    imported(&server, seed, &["--workspace", "default"]);
    let after = SystemClock.now();
    let customer = server.client().get("/customers/1").expect(200);
    let hour = 60 * 60 * 1000;
    for (field, hours) in [("created_at", 30 * 24), ("updated_at", 36)] {
        let time = Timestamp::parse(customer[field].as_str().unwrap()).unwrap();
        let (first, last) =
            (before.plus_millis(-hours * hour - 1), after.plus_millis(-hours * hour));
        assert!(first <= time && time <= last, "{field}: {time}");
    }
}

#[test]
fn a_seed_can_bring_its_own_key_and_signing_secret() {
    let server = Server::start();
    let key = KeySecret::generate_portable(Mode::Live).unwrap();
    let key = key.reveal();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let seed = format!(
        "{{\"keys\": [{{\"name\": \"Mine\", \"key\": \"{key}\"}}], \"webhooks\": [{{\"url\": \
         \"https://example.com/hook\", \"secret\": \"{secret}\"}}]}}"
    );
    let report = imported(&server, &seed, &["--workspace", "default"]);
    assert_eq!(report["created_keys"][0]["key"], key);
    assert_eq!(report["created_webhooks"][0]["secret"], secret);
    let me = server.client_with(key).get("/me").expect(200);
    assert_eq!(me["api_key"]["name"], "Mine");

    // Keys belong to one workspace, and can't be changed.
    server.json(&["workspaces", "create", "--slug", "other", "--name", "Other"]);
    let elsewhere = ["--workspace", "other"];
    assert_refused(&server, &seed, &elsewhere, "belongs to workspace `default`");
    let renamed = seed.replace("Mine", "Yours");
    let here = ["--workspace", "default"];
    assert_refused(&server, &renamed, &here, "keys[0].name: name differs");
    let skipped = imported(&server, &renamed, &[&here[..], &["--on-conflict", "skip"]].concat());
    assert_eq!(skipped["keys"]["skipped"], 1);
    server.json(&["keys", "revoke", &key[..16]]);
    assert_refused(&server, &seed, &here, "has been revoked");
}

#[test]
fn a_webhook_that_differs_is_a_conflict() {
    let server = Server::start();
    let here = ["--workspace", "default"];
    let webhook = |more: &str| format!("webhooks: [{{url: 'https://example.com/hook'{more}}}]");
    let created = imported(&server, &webhook(""), &here);
    let id = created["created_webhooks"][0]["id"].as_str().unwrap();
    let changed = webhook(", description: Mine, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert_refused(&server, &changed, &here, "webhooks[0].description: description differs");
    let skip = [&here[..], &["--on-conflict", "skip"]].concat();
    assert_eq!(imported(&server, &changed, &skip)["webhooks"]["skipped"], 1);
    assert_eq!(server.json(&["webhooks", "show", id])["description"], "");
    let update = [&here[..], &["--on-conflict", "update"]].concat();
    assert_eq!(imported(&server, &changed, &update)["webhooks"]["updated"], 1);
    let shown = server.json(&["webhooks", "show", id]);
    assert_eq!(shown["description"], "Mine");
    assert!(shown["old_secret_expires_at"].is_string(), "the secret was rotated: {shown}");
    assert_eq!(imported(&server, &changed, &here)["webhooks"]["unchanged"], 1);
    // The same URL for the other mode is another endpoint.
    assert_eq!(imported(&server, &webhook(", mode: test"), &here)["webhooks"]["created"], 1);
}

#[test]
fn nothing_of_a_faulty_seed_is_imported_and_every_fault_is_listed() {
    let server = Server::start();
    let secret = format!("pivotal_{}", "S3cret".repeat(7));
    let seed = format!(
        "workspace: {{slug: staging, name: Staging}}
customers:
  - name: Aurora
    contacts: [{{name: Ada, emial: ada@aurora.example}}]
keys: [{{name: CI, key: {secret}}}]
webhooks: [{{url: 'http://10.0.0.1/'}}]
"
    );
    let lines = refused(&server, &seed, &[]);
    for expected in [
        "keys[0].key: key must be a whole API key",
        "webhooks[0].url: url leads to 10.0.0.1, a private address",
        "customers[0].contacts[0].emial: emial is not a field of a contact; did you mean email?",
        "customers[0].contacts[0].email: email is required",
    ] {
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected}: {lines:#?}");
    }
    assert!(!lines.concat().contains("S3cret"));
    let slugs = server.json(&["workspaces", "list"]);
    assert_eq!(slugs.as_array().unwrap().len(), 1, "{slugs}");

    let dry_run = imported(&server, SEED, &["--dry-run"]);
    assert_eq!(dry_run["customers"]["created"], 2);
    assert_eq!(server.json(&["workspaces", "list"]), slugs, "a dry run changes nothing");
    let taken = "customers: [{name: A, slug: a, id: caaaaaaaaaaaaaaaaaaaaaaaaa}]";
    imported(&server, taken, &["--workspace", "default"]);
    let elsewhere = format!("workspace: {{slug: staging, name: Staging}}\n{taken}");
    assert_refused(&server, &elsewhere, &[], "customers[0]");
    assert_eq!(server.json(&["workspaces", "list"]), slugs);
}

#[test]
fn a_seed_that_cannot_be_read_says_where_and_why() {
    let server = Server::start();
    for (seed, expected) in [
        ("customers: [1\nkeys: []\n", "line "),
        ("customers: []\ncustomers: []\n", "line 2: column 1: the key `customers` occurs twice"),
        ("{\"customers\": [}", "line 1: column 16"),
        ("[]", "a seed must be an object"),
        ("", "empty"),
    ] {
        assert_refused(&server, seed, &["--workspace", "default"], expected);
    }
}

#[test]
fn the_workspace_is_the_one_given_or_the_one_that_the_seed_names() {
    let server = Server::start();
    let customers = "customers: [{name: Aurora}]";
    assert_refused(&server, customers, &[], "--workspace");
    assert_refused(&server, customers, &["--workspace", "nowhere"], "`nowhere` not found");
    let named = format!("workspace: {{slug: staging, name: Staging}}\n{customers}");
    assert_refused(&server, &named, &["--workspace", "nowhere"], "`nowhere` not found");
    let given = imported(&server, &named, &["--workspace", "default"]);
    assert_eq!(
        (&given["workspace"], &given["created_workspace"]),
        (&json!("default"), &json!(false))
    );
    let named = imported(&server, &named, &[]);
    assert_eq!(
        (&named["workspace"], &named["created_workspace"]),
        (&json!("staging"), &json!(true))
    );
}

#[test]
fn as_text_the_new_keys_and_secrets_are_printed_once() {
    let server = Server::start();
    let file = server.dir().join("seed.yaml");
    std::fs::write(&file, SEED).unwrap();
    let run = || {
        let output = command(server.dir()).arg("import").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let first = run();
    for shown in ["Created workspace `staging`", "customers", "pivotal_test_", "whsec_"] {
        assert!(first.contains(shown), "{shown}: {first}");
    }
    let again = run();
    assert!(!again.contains("pivotal_test_") && !again.contains("whsec_"), "{again}");
}

#[test]
fn a_seed_can_come_from_stdin() {
    let server = Server::start();
    let import = |options: &[&str]| {
        let args = [&["--json", "import", "-", "--workspace", "default"], options].concat();
        run_with(server.dir(), &args, b"customers: [{name: Aurora}]", &[])
    };
    assert_eq!(import(&[]).status.code(), Some(1), "stdin is expected to be JSON Lines");
    assert!(import(&["--format", "seed"]).status.success());
    assert_eq!(names(&server.client(), "/customers"), ["Aurora"]);
}

#[test]
fn with_deliver_a_new_endpoint_gets_its_ping() {
    let server = Server::start();
    let receiver = Receiver::start();
    let seed = format!("webhooks: [{{url: '{}'}}]", receiver.url());
    imported(&server, &seed, &["--workspace", "default", "--deliver"]);
    receiver.wait_for("webhook.ping");
}
