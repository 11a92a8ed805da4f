//! `export --to`, from one server of ours to another.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::proxy::{Fault, Proxy};
use crate::support::{Client, Server, command, wait_until};

const MAP: &str = "moved.jsonl";

fn export(source: &Server, url: &str, key: &str) -> Command {
    let mut command = command(source.dir());
    command
        .args(["--json", "export", "--workspace", "default", "--to", url, "--map", MAP])
        .env("PIVOTAL_API_KEY", key)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn report(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"))
}

/// The names of all objects, with the customers of contacts and onboardings.
fn contents(api: &Client) -> Vec<String> {
    let mut found = Vec::new();
    for customer in api.walk("/customers") {
        found.push(customer["name"].as_str().unwrap().to_owned());
        let path = format!("/customers/{}", customer["id"].as_str().unwrap());
        for list in ["contacts", "onboardings"] {
            for object in api.walk(&format!("{path}/{list}")) {
                found.push(format!("{} > {}", customer["name"], object["name"]));
            }
        }
    }
    found
}

fn source() -> Server {
    let server = Server::start();
    let api = server.client();
    for name in ["One", "Two", "Three"] {
        let id = api.customer(name)["id"].clone();
        let path = format!("/customers/{}/contacts", id.as_str().unwrap());
        api.post(&path, json!({"name": "Ada", "email": "ada@example.com"})).expect(201);
        let body = json!({"customer_id": id, "name": "Launch", "phase": "completed",
            "completed_at": null, "state": "waiting"});
        api.post("/onboardings", body).expect(201);
    }
    api.delete("/customers/2").expect(200);
    server
}

fn map_lines(source: &Server) -> usize {
    std::fs::read_to_string(source.dir().join(MAP)).unwrap().lines().count()
}

#[test]
fn a_workspace_is_created_again_on_another_server_and_only_once() {
    let (source, target) = (source(), Server::start());
    let output = export(&source, &target.origin(), &target.live).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let all = json!({"created": 2, "existing": 0, "refused": 0, "left_out": 0});
    let sent = report(&output);
    for kind in ["customers", "contacts", "onboardings"] {
        assert_eq!(sent[kind], all, "{sent}");
    }
    assert_eq!(sent["changed_fields"], json!({}), "{sent}");
    let (here, there) = (source.client(), target.client());
    assert_eq!(contents(&there), contents(&here));
    let [here, there] = [here, there].map(|api| api.list("/onboardings")[0].clone());
    for field in ["phase", "state", "waiting_on_customer", "started_at", "completed_at"] {
        assert_eq!(there[field], here[field], "{field}");
    }
    assert_eq!(map_lines(&source), 1 + 6);
    assert!(!String::from_utf8_lossy(&output.stderr).contains(&target.live));

    source.client().customer("Four");
    let again = report(&export(&source, &target.origin(), &target.live).output().unwrap());
    let all = json!({"created": 1, "existing": 2, "refused": 0, "left_out": 0});
    assert_eq!(again["customers"], all, "{again}");
    assert_eq!(contents(&target.client()), contents(&source.client()));
}

#[test]
fn an_export_that_is_killed_creates_nothing_twice() {
    let (source, target) = (source(), Server::start());
    // `/me`, two customers, two contacts, and an onboarding whose response is lost.
    let proxy = Proxy::start(target.address(), |number, _| match number {
        5 => Fault::Hang,
        _ => Fault::None,
    });
    let mut child = export(&source, &proxy.url(), &target.live).spawn().unwrap();
    let api = target.client();
    wait_until("the onboarding exists", || {
        proxy.requests().len() == 6 && api.list("/onboardings").as_array().unwrap().len() == 1
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(map_lines(&source), 1 + 4);
    let output = export(&source, &target.origin(), &target.live).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(contents(&api), contents(&source.client()));
    assert_eq!(map_lines(&source), 1 + 6);
}

#[test]
fn objects_that_are_not_accepted_are_listed_and_do_not_stop_the_rest() {
    let (source, target) = (source(), Server::start());
    let taken = target.client().customer("One");
    let output = export(&source, &target.origin(), &target.live).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("(display_id 1): slug_taken: "), "{error}");
    let sent = report(&output);
    assert_eq!(sent["customers"]["refused"], 1, "{sent}");
    assert_eq!(sent["contacts"]["left_out"], 1, "{sent}");
    assert_eq!(sent["onboardings"]["created"], 1, "{sent}");
    assert_eq!(sent["problems"][0]["errors"][0]["code"], "slug_taken", "{sent}");

    // Says that the customer there is the same one.
    let from = &source.client().get("/customers/1").expect(200)["id"];
    let line = json!({"object": "customer", "from": from, "to": taken["id"]});
    add_line(&source.dir().join(MAP), &line.to_string());
    let output = export(&source, &target.origin(), &target.live).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(contents(&target.client()).len(), contents(&source.client()).len());
}

fn add_line(file: &Path, line: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, format!("{text}{line}")).unwrap();
}

#[test]
fn a_map_belongs_to_one_organization() {
    let (source, target) = (Server::start(), Server::start());
    source.client().customer("One");
    assert!(export(&source, &target.origin(), &target.live).output().unwrap().status.success());
    let other = target.other_workspace("other");
    drop(other);
    let key = target.create_key(&["--workspace", "other"]);
    let output = export(&source, &target.origin(), &key).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("organization `default`") && error.contains("--map"), "{error}");
}
