//! Forms that are sent after the same form was sent before.

use crate::support::{Server, Visitor};

/// Sends the form of a page twice and returns how much there is of what it makes.
#[track_caller]
fn twice(visitor: &Visitor, page: &str, path: &str, fields: &[(&str, &str)], told: &str) {
    visitor.get(page).expect(200);
    let tab = visitor.twin();
    visitor.post(path, fields).expect(303);
    tab.post(path, fields).expect(409).shows("This form was sent before.").shows(told);
    tab.post(path, &[fields, &[("once", "")]].concat()).expect(403);
}

#[test]
fn a_form_that_makes_something_makes_it_once() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let count = |path: &str| client.get(path).expect(200)["data"].as_array().unwrap().len();
    let fields = [("name", "Aurora")];
    twice(&visitor, "/customers/new", "/customers", &fields, "Its customer is made");
    assert_eq!(count("/customers"), 1);
    let fields = [("name", "Maya"), ("email", "maya@aurora.example")];
    let path = "/customers/1/contacts";
    twice(&visitor, "/customers/1/contacts/new", path, &fields, "Its contact is made");
    assert_eq!(count(path), 1);
    let fields = [("name", "Rollout"), ("was-name", "")];
    let path = "/customers/1/onboardings";
    twice(&visitor, "/customers/1/onboardings/new", path, &fields, "Its onboarding is opened");
    assert_eq!(count("/onboardings"), 1);
}

#[test]
fn a_form_with_which_nothing_was_made_can_be_sent_again() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    client.customer("Aurora");
    visitor.get("/customers/new").expect(200);
    let tab = visitor.twin();
    visitor.post("/customers", &[("name", "Other"), ("slug", "aurora")]).expect(400);
    tab.post("/customers", &[("name", "Other"), ("slug", "other")]).expect(303);
}
