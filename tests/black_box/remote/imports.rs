//! `import --from`, from one server of ours to another.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use super::proxy::{Fault, Proxy, response};
use crate::support::{Server, command, wait_until};

/// A server with objects of all types, some of them updated and some deleted.
fn source() -> Server {
    let server = Server::start();
    let api = server.client();
    let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
    for number in 1..=7 {
        let customer = api.post(
            "/customers",
            json!({
                "name": format!("Zoë's \"Freight\" {number}"), "domain": "zoë.example",
                "mrr": 9_007_199_254_740_991_i64, "tags": ["b", "a"],
                "metadata": {"z": 1.50, "a": {"é": [null, "\u{2028}", 1e30]}},
            }),
        );
        let customer = id(&customer.expect(201));
        for person in ["ada", "bob"] {
            let email = format!("{person}@zoë.example");
            let body = json!({"name": person, "email": email, "is_primary": person == "bob"});
            api.post(&format!("/customers/{customer}/contacts"), body).expect(201);
        }
        let body = json!({"customer_id": customer, "phase": "launch", "notes": "line\nbreak"});
        let onboarding = id(&api.post("/onboardings", body).expect(201));
        api.patch(&format!("/onboardings/{onboarding}"), json!({"state": "waiting"})).expect(200);
    }
    api.patch("/customers/2", json!({"status": "churned", "slug": "second"})).expect(200);
    for gone in ["/customers/3", "/contacts/1", "/onboardings/2"] {
        api.delete(gone).expect(200);
    }
    server
}

/// A server with an empty workspace `moved`.
fn target() -> Server {
    let server = Server::start();
    server.json(&["workspaces", "create", "--slug", "moved", "--name", "Moved"]);
    server
}

/// The command, with `--json` and the key in the environment.
fn import(target: &Server, url: &str, key: &str, more: &[&str]) -> Command {
    let mut command = command(target.dir());
    command
        .args(["--json", "import", "--workspace", "moved", "--from", url])
        .args(more)
        .env("PIVOTAL_API_KEY", key)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[track_caller]
fn succeeded(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Everything in a workspace, without the header line.
fn export(server: &Server, workspace: &str) -> String {
    let output = server.run(&["export", "--workspace", workspace]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_once('\n').unwrap().1.to_owned()
}

/// The names of the files that a download keeps.
fn downloads(server: &Server) -> Vec<String> {
    let names = std::fs::read_dir(server.dir()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("import-")).collect()
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_organization_moves_with_its_ids_and_times() {
    let (source, target) = (source(), target());
    let output = import(&target, &source.origin(), &source.live, &[]).output().unwrap();
    let report = succeeded(&output);
    assert_eq!(report["customers"]["created"], 6, "{report}");
    assert_eq!(report["source"]["customers"], json!({"read": 6, "missing": 1}), "{report}");
    assert_eq!(report["source"]["contacts"], json!({"read": 11, "missing": 3}), "{report}");
    assert_eq!(report["source"]["onboardings"], json!({"read": 5, "missing": 2}), "{report}");
    assert_eq!(export(&target, "moved"), export(&source, "default"));
    assert_eq!(downloads(&target), Vec::<String>::new());
    assert!(!stderr(&output).contains(&source.live));
    // The numbers of deleted objects stay unused.
    let key = target.create_key(&["--workspace", "moved"]);
    assert_eq!(target.client_with(&key).customer("New")["display_id"], 8);

    // A second import, with the key on stdin, finds everything.
    let mut again = import(&target, &format!("{}/api/v1/", source.origin()), "", &[]);
    let mut again = again.env_remove("PIVOTAL_API_KEY").stdin(Stdio::piped()).spawn().unwrap();
    again.stdin.take().unwrap().write_all(format!("{}\n", source.live).as_bytes()).unwrap();
    let report = succeeded(&again.wait_with_output().unwrap());
    assert_eq!(report["customers"]["created"], 0, "{report}");
    assert_eq!(report["customers"]["unchanged"], 6, "{report}");
}

#[test]
fn an_import_that_is_killed_continues_where_it_was() {
    let (source, target) = (source(), target());
    // `/me`, customers, onboardings, and the contacts of two customers.
    let proxy = Proxy::start(source.address(), |number, _| match number {
        5 => Fault::Hang,
        _ => Fault::None,
    });
    let child = import(&target, &proxy.url(), &source.live, &[]).spawn().unwrap();
    wait_until("the request that hangs arrives", || proxy.requests().len() == 6);
    kill(child);
    assert_eq!(export(&target, "moved"), "");
    assert_eq!(downloads(&target).len(), 1);
    let asked = proxy.requests();
    proxy.restart(|_, _| Fault::None);
    succeeded(&import(&target, &proxy.url(), &source.live, &[]).output().unwrap());
    let asked_again = proxy.requests();
    assert!(!asked_again.contains(&asked[3]) && !asked_again.contains(&asked[4]));
    assert!(asked_again.contains(&asked[5]), "{asked_again:?}");
    assert_eq!(export(&target, "moved"), export(&source, "default"));
    assert_eq!(downloads(&target), Vec::<String>::new());
}

#[test]
fn an_import_waits_and_repeats_requests_by_itself() {
    let (source, target) = (Server::start(), target());
    let proxy = Proxy::start(source.address(), |number, _| match number {
        1 => response("429 Too Many Requests", "retry-after: 1\r\n"),
        2 => response("500 Internal Server Error", ""),
        _ => Fault::None,
    });
    let output = import(&target, &proxy.url(), &source.live, &[]).output().unwrap();
    succeeded(&output);
    let failure = r#"{"warning":{"message":"a request failed (status 500); trying again in 1s"}}"#;
    assert!(stderr(&output).contains(failure), "{}", stderr(&output));
}

#[test]
fn an_interrupted_import_says_how_to_continue() {
    let (source, target) = (source(), target());
    let proxy = Proxy::start(source.address(), |number, _| match number {
        3 => Fault::Hang,
        _ => Fault::None,
    });
    let child = import(&target, &proxy.url(), &source.live, &[]).spawn().unwrap();
    wait_until("the request that hangs arrives", || proxy.requests().len() == 4);
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("run the command again to continue"), "{}", stderr(&output));
}

#[test]
fn a_download_is_kept_until_it_is_imported() {
    let (source, target) = (source(), target());
    let proxy = Proxy::start(source.address(), |_, _| Fault::None);
    let run = |more: &[&str]| import(&target, &proxy.url(), &source.live, more).output().unwrap();
    succeeded(&run(&["--dry-run"]));
    assert_eq!(export(&target, "moved"), "");
    assert_eq!(downloads(&target).len(), 2);

    // In the way of the imported one.
    let key = target.create_key(&["--workspace", "moved"]);
    let api = target.client_with(&key);
    api.post("/customers", json!({"name": "Second", "slug": "second"})).expect(201);
    proxy.restart(|_, _| Fault::None);
    let refused = run(&[]);
    assert_eq!(refused.status.code(), Some(1));
    let message = stderr(&refused);
    assert!(
        message.contains("slug") && message.contains("The downloaded data is kept"),
        "{message}"
    );
    assert_eq!(proxy.requests().len(), 3, "`/me` and the newest pages: {:?}", proxy.requests());

    let report = succeeded(&run(&["--on-conflict", "skip"]));
    // One has the slug of the customer that is in the way, and one its display ID.
    assert_eq!(report["customers"]["skipped"], 2, "{report}");
    assert_eq!(report["customers"]["created"], 4, "{report}");
    assert_eq!(downloads(&target), Vec::<String>::new());
}

#[test]
fn what_the_command_needs_is_checked_before_the_first_request() {
    let (source, target) = (Server::start(), target());
    let failed = |command: &mut Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    let none = failed(import(&target, &source.origin(), "", &[]).env_remove("PIVOTAL_API_KEY"));
    assert!(none.contains("PIVOTAL_API_KEY") && none.contains("stdin"), "{none}");
    let wrong = failed(&mut import(&target, &source.origin(), "two words", &[]));
    assert!(wrong.contains("PIVOTAL_API_KEY") && !wrong.contains("two words"), "{wrong}");
    let mut elsewhere = command(target.dir());
    elsewhere.args(["import", "--workspace", "nowhere", "--from", &source.origin()]);
    let elsewhere = failed(elsewhere.env("PIVOTAL_API_KEY", &source.live));
    assert!(elsewhere.contains("workspace `nowhere` not found"), "{elsewhere}");
}
