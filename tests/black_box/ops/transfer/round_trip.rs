//! A workspace with a history moves from one server to another.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{counts, create_workspace, export, import_ok, stderr};
use crate::support::Server;

fn objects(lines: &[String], kind: &str) -> Vec<Value> {
    let values = lines[1..].iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    values.filter(|value| value["object"] == kind).collect()
}

#[test]
fn a_workspace_that_moves_gives_the_same_export_and_the_same_responses() {
    let source = Server::start();
    let demo = source.json(&["demo"]);
    let old = source.client_with(demo["key"]["key"].as_str().unwrap());
    let file = source.dir().join("demo.jsonl");
    let path = file.to_str().unwrap();
    let done = source.json(&["export", "--workspace", "demo", "--events", path]);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(lines.len() > 300, "{}", lines.len());
    assert_eq!(done["customers"], objects(&lines, "customer").len());
    assert_eq!(done["events"], objects(&lines, "event").len());
    #[cfg(unix)]
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    // Each object as the API returns it, and the deleted ones as well.
    let listed: BTreeSet<String> = old.walk("/customers").iter().map(ToString::to_string).collect();
    let (deleted, live): (Vec<Value>, Vec<Value>) =
        objects(&lines, "customer").into_iter().partition(|one| one["deleted_at"].is_string());
    assert!(!deleted.is_empty());
    assert_eq!(live.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), listed);
    let event = &objects(&lines, "event")[0];
    assert!(event["org_id"].is_null() && event["data"]["object"].is_object(), "{event}");

    let target = Server::start();
    create_workspace(&target, "moved");
    let checked = import_ok(&target, "moved", &lines, &["--dry-run"]);
    assert_eq!((&checked["dry_run"], counts(&checked, "unchanged")), (&json!(true), [0; 4]));
    assert_eq!(export(&target, "moved", &["--events"]).len(), 1);
    let imported = import_ok(&target, "moved", &lines, &[]);
    assert_eq!(counts(&imported, "created"), counts(&checked, "created"));
    assert_eq!(counts(&imported, "created").iter().sum::<u64>(), lines.len() as u64 - 1);
    assert_eq!(export(&target, "moved", &["--events"])[1..], lines[1..]);
    target.expect_sound();

    let new = target.client_with(&target.create_key(&["--workspace", "moved"]));
    for path in
        ["/customers", "/onboardings", "/onboardings?state=at_risk", "/customers/1/contacts"]
    {
        assert_eq!(new.walk(path), old.walk(path), "{path}");
    }
    let without_workspace = |mut events: Vec<Value>| {
        for event in &mut events {
            event.as_object_mut().unwrap().remove("org_id");
        }
        events
    };
    let events = without_workspace(new.walk("/events"));
    assert_eq!(events, without_workspace(old.walk("/events")));

    // The next one gets the number that it would have got in the source.
    let next = old.customer("Next");
    assert_eq!(new.customer("Next")["display_id"], next["display_id"]);
    let again = import_ok(&target, "moved", &lines, &[]);
    assert_eq!(counts(&again, "unchanged"), counts(&imported, "created"));
}

#[test]
fn an_export_leaves_out_what_is_deleted_and_everything_of_deleted_customers() {
    let server = Server::start();
    let client = server.client();
    let (kept, gone) = (client.customer("Kept"), client.customer("Gone"));
    for customer in [&kept, &gone] {
        let id = customer["id"].as_str().unwrap();
        for name in ["ada", "bob"] {
            let body = json!({"name": name, "email": format!("{name}@a.example")});
            client.post(&format!("/customers/{id}/contacts"), body).expect(201);
            client.post("/onboardings", json!({"customer_id": id})).expect(201);
        }
    }
    client.delete("/contacts/1").expect(200);
    client.delete("/onboardings/1").expect(200);
    client.delete("/customers/2").expect(200);
    let lines = export(&server, "default", &[]);
    assert_eq!(lines[1], client.get("/customers/1").body);
    assert_eq!(lines[2], client.get("/contacts/2").body);
    assert_eq!(lines[3], client.get("/onboardings/2").body);
    assert_eq!(lines.len(), 4);
    let header: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&header["objects"], &header["include_deleted"]), (&json!(3), &json!(false)));
    let lasts =
        ["customer", "contact", "onboarding"].map(|kind| &header["last"][kind]["display_id"]);
    assert_eq!(lasts, [&json!(2), &json!(4), &json!(4)]);

    let all = export(&server, "default", &["--include-deleted"]);
    assert_eq!(all.len(), 1 + 2 + 4 + 4);
    let deleted = |line: &&String| line.contains("\"deleted_at\":");
    assert_eq!(all.iter().filter(deleted).count(), 3);
}

#[test]
fn an_export_never_replaces_a_file_and_names_what_is_missing() {
    let server = Server::start();
    let file = server.dir().join("taken.jsonl");
    std::fs::write(&file, "mine").unwrap();
    let output = server.run(&["export", "--workspace", "default", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("taken.jsonl already exists"), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let nowhere = server.dir().join("no/where.jsonl");
    let output = server.run(&["export", "--workspace", "default", nowhere.to_str().unwrap()]);
    assert!(stderr(&output).contains("can't write"), "{}", stderr(&output));
    let output = server.run(&["export", "--workspace", "missing"]);
    assert!(stderr(&output).contains("workspace `missing` not found"), "{}", stderr(&output));
    let output = server.run(&["import", "--workspace", "missing", "x.jsonl"]);
    let hint = "pivotal-server workspaces create --slug missing";
    assert!(stderr(&output).contains(hint), "{}", stderr(&output));
}
