//! Outdated forms: the workspace was switched in another tab, or the form was already submitted.

use pivotal_server::admin::entries;
use serde_json::{Value, json};

use crate::support::{Client, Server, Visitor};

/// Creates a customer with a contact and an onboarding, each with the number 1.
fn fill(client: &Client, name: &str) {
    client.customer(name);
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);
    client.post("/onboardings", json!({"customer_id": 1, "name": "Rollout"})).expect(201);
}

/// Returns everything that a client can read.
fn read_all(client: &Client) -> Vec<Value> {
    let paths = ["/customers", "/customers/1/contacts", "/onboardings", "/customers/1/activity"];
    paths.iter().map(|path| client.list(path)).collect()
}

#[test]
fn a_form_only_changes_the_workspace_it_was_loaded_in() {
    let server = Server::start();
    let (ours, theirs) = (server.client(), server.other_workspace("acme"));
    fill(&ours, "Aurora");
    fill(&theirs, "Borealis");
    let visitor = server.signed_in();
    let once = visitor.get("/customers/new").field("once");
    let once = once.as_str();
    let before = (read_all(&ours), read_all(&theirs));
    // Another tab of the same browser.
    visitor.clone_session().post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    let fields = [
        ("once", once),
        ("name", "Mine"),
        ("email", "a@b.example"),
        ("phase", "review"),
        ("was-name", ""),
    ];
    let scopes = ["/customers", "/contacts", "/onboardings"];
    let mut checked = 0;
    for entry in entries().iter().filter(|entry| entry.method == "POST") {
        if !scopes.iter().any(|scope| entry.path.starts_with(scope)) {
            continue;
        }
        let path = entry.path.replace("{ref}", "1");
        let message =
            "This form belongs to the workspace “Default”, but you have since switched to “acme”";
        // Also if the form has mistakes.
        for fields in [&fields[..], &[("once", once), ("name", "")]] {
            let with_workspace = [fields, &[("in", "default")]].concat();
            if path.ends_with("/move") && fields.len() == 2 {
                continue;
            }
            visitor
                .post(&path, &with_workspace)
                .expect(409)
                .shows(message)
                .shows("Nothing was changed.");
            let without = [fields, &[("in", "")]].concat();
            let refused = visitor.post(&path, &without);
            assert_eq!(refused.expect(409).text("h1"), "Form of another workspace");
            refused.shows("Nothing was changed.");
        }
        checked += 1;
    }
    assert!(checked >= 9, "{checked}");
    assert_eq!((read_all(&ours), read_all(&theirs)), before);

    // Switching back and the forms outside a workspace work from any tab.
    visitor.post("/admin/workspace", &[("workspace", "default"), ("in", "acme")]).expect(303);
    let again = [&fields[..2], &[("in", "default")]].concat();
    visitor.post("/customers", &again).expect(303);
    assert_eq!(ours.get("/customers/2").expect(200)["name"], "Mine");
    let slug = [("name", "Third"), ("slug", "third"), ("in", "acme")];
    visitor.post("/admin/workspaces", &slug).expect(303);
    visitor.post("/admin/sign-out", &[("in", "acme")]).expect(303);
    assert!(!visitor.is_signed_in());
}

/// Submits the form of a page twice, and once without its one-time token.
#[track_caller]
fn submit_twice(visitor: &Visitor, page: &str, path: &str, fields: &[(&str, &str)], hint: &str) {
    visitor.get(page).expect(200);
    let tab = visitor.clone_session();
    visitor.post(path, fields).expect(303);
    let again = tab.post(path, fields);
    assert_eq!(again.text("title"), "Form already submitted · Pivotal");
    again
        .expect(409)
        .shows("This form was already submitted, so it was ignored this time.")
        .says(hint);
    tab.post(path, &[fields, &[("once", "")]].concat()).expect(403);
}

#[test]
fn a_form_creates_its_resource_only_once() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let count = |path: &str| client.list(path).as_array().unwrap().len();
    let fields = [("name", "Aurora")];
    submit_twice(
        &visitor,
        "/customers/new",
        "/customers",
        &fields,
        "The customer is in the list of customers.",
    );
    assert_eq!(count("/customers"), 1);
    let fields = [("name", "Maya"), ("email", "maya@aurora.example")];
    let path = "/customers/1/contacts";
    submit_twice(
        &visitor,
        "/customers/1/contacts/new",
        path,
        &fields,
        "The contact is on the customer's page.",
    );
    assert_eq!(count(path), 1);
    let fields = [("name", "Rollout"), ("was-name", "")];
    let path = "/customers/1/onboardings";
    submit_twice(
        &visitor,
        "/customers/1/onboardings/new",
        path,
        &fields,
        "The onboarding is on the board.",
    );
    assert_eq!(count("/onboardings"), 1);
}

#[test]
fn a_form_that_created_nothing_can_be_submitted_again() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    client.customer("Aurora");
    visitor.get("/customers/new").expect(200);
    let tab = visitor.clone_session();
    visitor.post("/customers", &[("name", "Other"), ("slug", "aurora")]).expect(400);
    tab.post("/customers", &[("name", "Other"), ("slug", "other")]).expect(303);
}
