//! Rows that are in conflict with what is in the workspace, with each value of `--on-conflict`.

use serde_json::json;

use super::{contact, counts, create_workspace, customer, export, file, id, import_ok, refused};
use crate::support::Server;

#[test]
fn a_changed_row_fails_or_is_skipped_or_is_set_back() {
    let server = Server::start();
    let client = server.client();
    let lines = file(&[customer(1), customer(2), contact(1, 1), contact(2, 2)]);
    import_ok(&server, "default", &lines, &[]);
    let before = export(&server, "default", &["--include-deleted"]);
    client.patch("/customers/1", json!({"name": "Renamed", "slug": "renamed"})).expect(200);
    client.delete("/contacts/2").expect(200);

    let faults = refused(&server, "default", &lines, &["--on-conflict", "fail"]);
    let expected =
        format!("line 2: customer {} already exists, with another name, slug", id('u', 1));
    assert_eq!(faults[0], expected);
    assert_eq!(faults[1], "line 4: the customer is faulty");
    assert!(faults[2].ends_with("already exists, with another deleted_at"), "{}", faults[2]);

    let skipped = import_ok(&server, "default", &lines, &["--on-conflict", "skip"]);
    assert_eq!(counts(&skipped, "skipped"), [1, 2, 0, 0]);
    assert_eq!(counts(&skipped, "unchanged"), [1, 0, 0, 0]);
    assert_eq!(client.get("/customers/1").expect(200)["name"], "Renamed");

    let updated = import_ok(&server, "default", &lines, &["--on-conflict", "update"]);
    assert_eq!(counts(&updated, "updated"), [1, 1, 0, 0]);
    assert_eq!(export(&server, "default", &["--include-deleted"])[1..], before[1..]);
    let events = client.list("/customers/1/activity");
    assert_eq!(events[0]["type"], "customer.updated");
    assert_eq!(events[0]["actor"]["id"], "cli");
    server.expect_sound();
}

#[test]
fn what_another_row_has_is_a_conflict_that_an_update_does_not_resolve() {
    let server = Server::start();
    let client = server.client();
    client.post("/customers", json!({"name": "Taken", "slug": "customer-7"})).expect(201);
    for (row, fault) in [
        (customer(1), "line 2: display_id 1 belongs to customer"),
        (customer(7), "line 2: slug customer-7 is already in use"),
    ] {
        let lines = file(&[row, customer(8)]);
        for policy in ["fail", "update"] {
            let faults = refused(&server, "default", &lines, &["--on-conflict", policy]);
            assert!(faults[0].starts_with(fault), "{faults:?}");
        }
        assert_eq!(client.walk("/customers").len(), 1);
    }
    let lines = file(&[customer(7), contact(1, 7), customer(8), contact(2, 8)]);
    let done = import_ok(&server, "default", &lines, &["--on-conflict", "skip"]);
    assert_eq!(counts(&done, "skipped"), [1, 1, 0, 0]);
    assert_eq!(counts(&done, "created"), [1, 1, 0, 0]);
    assert_eq!(client.walk("/customers").len(), 2);

    // A primary contact takes over only if the file may change what is there.
    client
        .post(
            "/customers/8/contacts",
            json!({"name": "P", "email": "p@a.example",
        "is_primary": true}),
        )
        .expect(201);
    let mut primary = contact(3, 8);
    (primary["is_primary"], primary["display_id"]) = (json!(true), json!(9));
    let lines = file(&[primary]);
    let faults = refused(&server, "default", &lines, &[]);
    assert!(faults[0].contains("another primary contact"), "{faults:?}");
    import_ok(&server, "default", &lines, &["--on-conflict", "update"]);
    let contacts = client.list("/customers/8/contacts");
    let primary: Vec<_> = contacts
        .as_array()
        .unwrap()
        .iter()
        .filter(|contact| contact["is_primary"] == true)
        .map(|contact| &contact["id"])
        .collect();
    assert_eq!(primary, [&json!(id('o', 3))]);
}

#[test]
fn ids_of_another_workspace_are_refused_with_every_policy() {
    let server = Server::start();
    let lines = file(&[customer(1), contact(1, 1)]);
    import_ok(&server, "default", &lines, &[]);
    create_workspace(&server, "other");
    for policy in ["fail", "skip", "update"] {
        let faults = refused(&server, "other", &lines, &["--on-conflict", policy]);
        let belongs = "belongs to another workspace of this server";
        assert_eq!(faults[0], format!("line 2: id {} {belongs}", id('u', 1)));
    }
    assert_eq!(export(&server, "other", &["--events"]).len(), 1);
}
