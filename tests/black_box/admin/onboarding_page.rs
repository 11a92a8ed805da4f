//! The page of an onboarding: what it shows, moving the onboarding there, and what is left once it
//! is deleted.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::json;

use crate::support::{Client, InProcess, Page, Visitor};

fn start() -> (InProcess, Visitor, Client) {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    let client = server.client(Mode::Live, Tier::Unlimited);
    client.customer("Aurora");
    (server, visitor, client)
}

/// Submits the form that moves the onboarding.
fn progress(visitor: &Visitor, page: &Page, phase: &str, state: &str) -> Page {
    let loaded = ["was-phase", "was-state"].map(|name| (name, page.field(name)));
    let mut fields: Vec<_> = loaded.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.extend([("phase", phase), ("state", state)]);
    visitor.post("/onboardings/1/progress", &fields)
}

#[test]
fn the_page_shows_everything_about_the_onboarding_and_links_to_its_customer() {
    let (_server, visitor, client) = start();
    let body = json!({"customer_id": 1, "name": "<b>Rollout</b>", "phase": "review",
        "state": "at_risk", "target_launch_date": "2025-12-31", "csm_id": "u1",
        "notes": "One\nTwo <i>"});
    client.post("/onboardings", body).expect(201);
    for path in ["/onboardings/1", "/onboardings/1-rollout"] {
        let page = visitor.get(path);
        page.expect(200).hides("<b>Rollout").hides("<i>");
        assert_eq!(page.text("h1"), "<b>Rollout</b>");
        assert_eq!(page.text(".steps [aria-current=step]"), "Review");
        assert_eq!(page.texts(".card .badge"), ["At risk", "Overdue"]);
        page.says("31 Dec 2025").says("u1").says("Onboarding created").says("API: test key");
        assert_eq!(page.link("Edit"), "/onboardings/1/edit");
        assert_eq!(page.links("Aurora"), ["/customers/1-aurora"; 2]);
        assert_eq!(page.text(".prose"), "One Two <i>");
    }
    // Every list links there.
    let onboarding = "a[href='/onboardings/1']";
    for path in ["/customers/1", "/onboardings"] {
        assert!(visitor.get(path).expect(200).count(onboarding) > 0, "{path}");
    }
    assert_eq!(visitor.get("/customers/1").count(&format!(".timeline {onboarding}")), 1);
    assert_eq!(visitor.get("/onboardings/1/edit").expect(200).link("Cancel"), "/onboardings/1");
}

#[test]
fn an_onboarding_is_moved_on_its_page_unless_someone_else_has_moved_it() {
    let (_server, visitor, client) = start();
    client.post("/onboardings", json!({"customer_id": 1, "notes": "kept"})).expect(201);
    let page = visitor.get("/onboardings/1");
    let moved = progress(&visitor, &page, "launch", "waiting");
    assert_eq!(moved.expect(303).location(), "/onboardings/1");
    let page = visitor.follow(moved);
    page.expect(200).shows("Changes saved.").says("to Launch").says("Waiting on customer");
    let after = client.get("/onboardings/1").expect(200);
    assert_eq!((&after["phase"], &after["state"]), (&json!("launch"), &json!("waiting")));
    assert_eq!(after["notes"], "kept");

    client.patch("/onboardings/1", json!({"phase": "completed"})).expect(200);
    let conflict = progress(&visitor, &page, "review", "waiting");
    conflict.expect(400).shows("Someone else changed this to “completed” in the meantime.");
    assert_eq!(client.get("/onboardings/1").expect(200)["phase"], "completed");
    progress(&visitor, &conflict, "review", "waiting").expect(303);
    assert_eq!(client.get("/onboardings/1").expect(200)["phase"], "review");
    let same = progress(&visitor, &visitor.get("/onboardings/1"), "review", "waiting");
    visitor.follow(same).shows("No changes to save.");
}

#[test]
fn the_timeline_of_an_onboarding_is_paginated() {
    let (_server, visitor, client) = start();
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    for i in 1..=30 {
        client.patch("/onboardings/1", json!({"notes": i.to_string()})).expect(200);
    }
    let first = visitor.get("/onboardings/1");
    let older = first.expect(200).hides("Onboarding created").link("Older");
    let older = visitor.get(&older);
    older.expect(200).shows("Onboarding created");
    assert_eq!(older.link("Newest"), "/onboardings/1#events");
    visitor.get("/onboardings/1?events=x").expect(400);
}

#[test]
fn a_deleted_onboardings_page_says_who_deleted_it() {
    let (_server, visitor, client) = start();
    let made = client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let id = made["id"].as_str().unwrap();
    visitor.get("/onboardings").expect(200);
    visitor.post("/onboardings/1/delete", &[]).expect(303);
    let gone = visitor.get("/onboardings/1");
    gone.expect(404).shows("This onboarding was deleted").says("Deleted by Admin");
    assert_eq!(gone.link("View audit log"), format!("/admin/logs?id={id}"));
    visitor.get(&gone.link("View customer")).expect(200).shows("Aurora");
    for path in ["/onboardings/2", "/onboardings/aurora", "/onboardings/0"] {
        visitor.get(path).expect(404).says("This onboarding doesn't exist.");
    }
}

#[test]
fn an_onboarding_stays_reachable_when_its_customer_is_deleted() {
    let (_server, visitor, client) = start();
    client.post("/onboardings", json!({"customer_id": 1, "name": "Rollout"})).expect(201);
    client.delete("/customers/1").expect(200);
    let page = visitor.get("/onboardings/1");
    let customer = page.expect(200).link("Deleted customer");
    visitor.get(&customer).expect(404).shows("This customer was deleted");
}
