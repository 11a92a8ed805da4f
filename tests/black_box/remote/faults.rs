//! Downloads from servers that fail, through a proxy that disturbs the requests.

use std::sync::Arc;

use pivotal_server::model::values::time::Timestamp;
use pivotal_server::transfer::remote::error::RemoteError;
use serde_json::{Value, json};

use super::proxy::{Fault, Proxy, response};
use super::{Follower, download};
use crate::support::{ManualClock, Server};

fn follower() -> Arc<Follower> {
    Arc::new(Follower::new(clock()))
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::parse("2026-01-01").unwrap()))
}

/// A server with three customers, the newest of which has a contact and an onboarding.
fn source() -> Server {
    let server = Server::start();
    let api = server.client();
    let [_, _, newest] = ["One", "Two", "Three"].map(|name| api.customer(name)["id"].clone());
    let contacts = format!("/customers/{}/contacts", newest.as_str().unwrap());
    api.post(&contacts, json!({"name": "Ada", "email": "ada@example.com"})).expect(201);
    api.post("/onboardings", json!({"customer_id": newest, "phase": "launch"})).expect(201);
    server
}

#[test]
fn a_download_survives_refusals_failures_and_cut_connections() {
    let server = source();
    let proxy = Proxy::start(server.address(), |number, _| match number {
        0 => response("429 Too Many Requests", "retry-after: 7\r\n"),
        2 => response("500 Internal Server Error", ""),
        3 => response("503 Service Unavailable", "retry-after: 90\r\n"),
        5 => Fault::Refuse,
        6 => Fault::CutResponse,
        8 => response("429 Too Many Requests", "retry-after: 3\r\n"),
        _ => Fault::None,
    });
    let (dir, follower) = (tempfile::tempdir().unwrap(), follower());
    let received = download(&proxy.url(), &server.live, dir.path(), &follower).unwrap();
    let report = received.report();
    let read = [report.customers, report.contacts, report.onboardings].map(|found| found.read);
    assert_eq!(read, [3, 1, 1]);
    assert_eq!(follower.limit_waits(), [7, 3]);
    assert_eq!(follower.failure_waits(), [1, 90, 1, 2]);
}

#[test]
fn a_download_that_was_broken_off_asks_only_for_the_rest() {
    let server = source();
    let fails_at = |number| {
        move |at: usize, _: &str| {
            if at < number { Fault::None } else { response("429 X", "retry-after: 5000\r\n") }
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(server.address(), fails_at(2));
    // `/me` and a page of customers; then `/me` and a page of onboardings; then `/me` and contacts.
    for number in [2, 2, 2] {
        proxy.restart(fails_at(number));
        let broken = download(&proxy.url(), &server.live, dir.path(), &follower());
        assert!(matches!(broken, Err(RemoteError::LongWait(_))));
    }
    // Created in the meantime; the page of the customers is not read again from its beginning.
    let late = server.client().customer("Late");
    proxy.restart(|_, _| Fault::None);
    let received = download(&proxy.url(), &server.live, dir.path(), &follower()).unwrap();
    assert_eq!(received.report().customers.read, 4);
    let contacts_of = |id: &Value| format!("/customers/{}/contacts", id.as_str().unwrap());
    let requests = proxy.requests();
    let contacts = requests.iter().filter(|line| line.contains("/contacts?"));
    assert_eq!(contacts.count(), 3, "two customers were left, and the late one: {requests:?}");
    assert!(requests.iter().any(|line| line.contains(&contacts_of(&late["id"]))), "{requests:?}");
}

#[test]
fn customers_that_are_deleted_in_the_meantime_are_left_out_and_reported() {
    let server = source();
    let api = server.client();
    let gone = api.list("/customers")[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/customers/{gone}");
    let proxy = Proxy::start(server.address(), move |_, line| {
        if line.contains("/contacts?") {
            // A second DELETE is a success, too.
            api.delete(&path).expect(200);
        }
        Fault::None
    });
    let (dir, follower) = (tempfile::tempdir().unwrap(), follower());
    let received = download(&proxy.url(), &server.live, dir.path(), &follower).unwrap();
    let report = received.report();
    assert_eq!(report.vanished_customers, std::slice::from_ref(&gone));
    assert_eq!((report.customers.read, report.without_customer), (2, 1));
    let export = std::fs::read_to_string(received.export()).unwrap();
    assert!(!export.contains(&gone), "{export}");
}

#[test]
fn an_interrupted_wait_ends_at_once() {
    let server = Server::start();
    let proxy = Proxy::start(server.address(), |_, _| response("429 X", "retry-after: 800\r\n"));
    let dir = tempfile::tempdir().unwrap();
    let follower = Arc::new(Follower { is_impatient: true, ..Follower::new(clock()) });
    let stopped = download(&proxy.url(), &server.live, dir.path(), &follower);
    assert!(matches!(stopped, Err(RemoteError::Stopped)));
    assert_eq!(follower.limit_waits(), [800]);
}

#[test]
fn a_download_ends_with_advice_if_it_can_not_succeed() {
    let server = Server::start();
    let narrow = server.create_key(&["--scope", "read:customers"]);
    let html = || Fault::Respond("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>".to_owned());
    let proxy = Proxy::start(server.address(), |_, _| Fault::None);
    let failed = |key: &str, fault: Option<fn() -> Fault>| {
        proxy.restart(move |_, _| fault.map_or(Fault::None, |fault| fault()));
        let dir = tempfile::tempdir().unwrap();
        let message = download(&proxy.url(), key, dir.path(), &follower()).err().unwrap();
        let message = message.to_string();
        assert!(!message.contains(key), "{message}");
        message
    };
    for (message, expected) in [
        (failed("pivotal_nonsense", None), "doesn't accept the API key"),
        (failed(&narrow, None), "read:onboardings"),
        (failed(&server.live, Some(|| response("404 Not Found", ""))), "doesn't look like"),
        (failed(&server.live, Some(html)), "doesn't look like"),
        (
            failed(&server.live, Some(|| response("301 X", "location: https://a.example/\r\n"))),
            "redirects to https://a.example/",
        ),
        (failed(&server.live, Some(|| response("500 X", ""))), "GET /me` failed: 500"),
        (failed(&server.live, Some(|| Fault::Refuse)), "can't reach"),
    ] {
        assert!(message.contains(expected), "{message}");
    }
    let dir = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = download(&format!("http://{closed}"), &server.live, dir.path(), &follower());
    assert!(refused.err().unwrap().to_string().contains("the connection was refused"));
}

#[test]
fn fields_that_this_server_does_not_have_are_left_out_and_reported() {
    let server = Server::start();
    let customer = json!({
        "object": "customer", "id": "c0123456789abcdefghijklmn", "display_id": 7,
        "health_score": 80, "name": "Aurora", "slug": "aurora", "owner": null,
        "metadata": {"health_score": 1}, "created_at": "2026-05-26T17:21:09.412Z",
        "updated_at": "2026-05-26T17:21:09.412Z", "deleted_at": null,
    });
    let list = |data: Value| {
        let list = json!({"object": "list", "data": data, "has_more": false, "next_cursor": null});
        let body = serde_json::to_string_pretty(&list).unwrap();
        let head = "HTTP/1.1 200 OK\r\nconnection: close";
        Fault::Respond(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
    };
    let proxy = Proxy::start(server.address(), move |_, line| match line {
        "GET /api/v1/me" => Fault::None,
        line if line.starts_with("GET /api/v1/customers?") => list(json!([customer])),
        _ => list(json!([])),
    });
    let (dir, follower) = (tempfile::tempdir().unwrap(), follower());
    let received = download(&proxy.url(), &server.live, dir.path(), &follower).unwrap();
    let unknown = &received.report().unknown_fields;
    assert_eq!(serde_json::to_value(unknown).unwrap(), json!({"customer.health_score": 1}));
    assert_eq!(received.report().customers.missing, 6);
    let export = std::fs::read_to_string(received.export()).unwrap();
    let line: Value = serde_json::from_str(export.lines().nth(1).unwrap()).unwrap();
    let fields: Vec<&String> = line.as_object().unwrap().keys().collect();
    let expected =
        ["object", "id", "display_id", "name", "slug", "metadata", "created_at", "updated_at"];
    assert_eq!(fields, expected);
    assert_eq!(line["metadata"], json!({"health_score": 1}));
}
