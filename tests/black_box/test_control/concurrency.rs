//! Resets and restores while other requests are in progress.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::{Control, start};
use crate::support::{Client, Server, wait_until};

/// Changes customers until it is told to stop, as several clients would.
fn write(client: &Client, stop: &AtomicBool) {
    let mut last = None;
    while !stop.load(Ordering::Relaxed) {
        let created = client.post("/customers", json!({"name": "Aurora"}));
        assert_eq!(created.status, 201, "{}", created.body);
        if let Some(id) = last.replace(created.expect(201)["id"].as_str().unwrap().to_owned()) {
            let path = format!("/customers/{id}");
            let contact = json!({"name": "Ada", "email": "ada@example.com"});
            for response in [
                client.patch(&path, json!({"status": "at_risk"})),
                client.post(&format!("{path}/contacts"), contact),
                client.delete(&path),
            ] {
                // Not found after a reset.
                assert!(matches!(response.status, 200 | 201 | 404), "{}", response.body);
            }
        }
    }
}

fn done(control: &Control, path: &str) {
    let response = control.post(&format!("/workspaces/default{path}"), json!({}));
    assert_eq!(response.status, 204, "{}", response.body);
}

fn discarded_rows(server: &Server) -> i64 {
    let sql = "SELECT count(*) FROM customers WHERE workspace_no <>
                   (SELECT no FROM workspaces WHERE slug = 'default')";
    server.sql().value(sql, [])
}

/// Does something while three clients write.
fn while_writing(server: &Server, act: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| write(&server.client(), &stop))).collect();
        act();
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().unwrap();
        }
    });
}

#[test]
fn resets_are_safe_while_requests_are_in_progress() {
    let (server, control) = start();
    while_writing(&server, || (0..12).for_each(|_| done(&control, "/reset")));
    done(&control, "/reset");
    assert!(server.client().walk("/customers").is_empty());
    assert_eq!(server.client().customer("Next")["display_id"], 1);
    wait_until("the discarded rows are removed", || discarded_rows(&server) == 0);
    server.expect_sound();
}

#[test]
fn resets_and_restores_are_safe_while_requests_are_in_progress() {
    let (server, control) = start();
    let client = server.client();
    let kept = client.customer("Kept");
    control.put("/workspaces/default/snapshots/kept", json!({})).expect(201);
    while_writing(&server, || {
        for round in 0..12 {
            done(&control, "/reset");
            if round % 3 == 0 {
                control.put("/workspaces/default/snapshots/other", json!({})).expect(201);
            }
            done(&control, "/snapshots/kept/restore");
        }
    });
    done(&control, "/snapshots/kept/restore");
    assert_eq!(client.walk("/customers"), [kept]);
    assert_eq!(client.customer("Next")["display_id"], 2);
    server.expect_sound();
    let workspaces = server.json(&["workspaces", "list"]);
    assert_eq!(workspaces.as_array().unwrap().len(), 1);
    // Another start has no snapshots, so it removes everything that was discarded.
    let server = server.restart();
    wait_until("the discarded rows are removed", || discarded_rows(&server) == 0);
    server.expect_sound();
}
