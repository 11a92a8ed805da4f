//! Creating, editing, and deleting onboardings on the admin pages.

use serde_json::json;

use crate::support::{Page, Server, Visitor};

/// Submits the form of a page with some fields changed, like a browser.
fn send(visitor: &Visitor, path: &str, page: &Page, typed: &[(&str, &str)]) -> Page {
    let mut fields = page.part("form.card").fields();
    assert!(fields.len() > 20, "{}", page.body);
    for (name, text) in typed {
        fields.retain(|(field, _)| field != name);
        // Browsers omit checkboxes that are not checked.
        if *name != "reminders_enabled" || !text.is_empty() {
            fields.push(((*name).to_owned(), (*text).to_owned()));
        }
    }
    let pairs: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    visitor.post(path, &pairs)
}

#[test]
fn an_onboarding_is_created_for_a_customer_found_by_search() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    visitor.get("/onboardings/new").expect(200).shows("No customers yet");
    client.customer("Aurora");
    client.customer("Borealis");
    let found = visitor.get("/onboardings/new?q=bore");
    assert_eq!(found.hides("Aurora").count("a[href='/customers/2/onboardings/new']"), 1);
    visitor.get("/onboardings/new?q=zzz").shows("No matching customers");
    let form = visitor.get("/customers/2/onboardings/new");
    form.expect(200).shows("Borealis");
    assert!(form.count("input[type=datetime-local]") > 0 && form.count("input[type=date]") > 0);
    let typed = [
        ("name", "Rollout"),
        ("phase", "review"),
        ("state", "waiting"),
        ("target_launch_date", "2026-06-15"),
        ("completed_at", "2026-06-14T09:30"),
        ("csm_id", "u1"),
        ("notes", "One\r\nTwo"),
        ("reminders_enabled", ""),
        ("reminder_frequency_days", "7"),
    ];
    let created = send(&visitor, "/customers/2/onboardings", &form, &typed);
    assert_eq!(created.expect(303).location(), "/onboardings/1");
    visitor.follow(created).shows("Created Rollout for Borealis.");
    let shown = client.get("/onboardings/1").expect(200);
    for (name, value) in [
        ("name", json!("Rollout")),
        ("phase", json!("review")),
        ("state", json!("waiting")),
        ("waiting_on_customer", json!(true)),
        ("target_launch_date", json!("2026-06-15T00:00:00.000Z")),
        ("completed_at", json!("2026-06-14T09:30:00.000Z")),
        ("csm_id", json!("u1")),
        ("notes", json!("One\nTwo")),
        ("se_id", json!(null)),
        ("reminders_enabled", json!(false)),
        ("reminder_frequency_days", json!(7)),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    // It was created past the first phase without a start time.
    assert!(shown["started_at"].is_string());
    let events = client.get("/onboardings/1/activity").expect(200);
    assert_eq!(events["data"][0]["type"], "onboarding.created");
    assert_eq!(events["data"][0]["actor"]["id"], "page");
}

#[test]
fn editing_changes_only_the_edited_fields() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    let body = json!({"customer_id": aurora["id"], "name": "A & B \"<x>\"", "csm_id": "u1",
        "target_launch_date": "2026-06-15T17:21:09.412Z", "started_at": "2026-01-02T03:04:05.678Z"});
    let before = client.post("/onboardings", body).expect(201);
    let form = visitor.get("/onboardings/1/edit");
    assert_eq!(form.expect(200).field("started_at"), "2026-01-02T03:04");
    assert_eq!(form.field("target_launch_date"), "2026-06-15");
    // Someone else changes another field in the meantime.
    client.patch("/onboardings/1", json!({"se_id": "u2"})).expect(200);
    let saved = send(&visitor, "/onboardings/1/edit", &form, &[("csm_id", ""), ("notes", "Hello")]);
    visitor.follow(saved).expect(200).says("Saved A & B");
    let after = client.get("/onboardings/1").expect(200);
    assert_eq!(after["csm_id"], json!(null));
    assert_eq!((&after["notes"], &after["se_id"]), (&json!("Hello"), &json!("u2")));
    for same in ["name", "target_launch_date", "started_at", "reminders_enabled", "phase"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    let events = client.get("/onboardings/1/activity").expect(200);
    let previous = &events["data"][0]["data"]["previous_attributes"];
    let names: Vec<_> = previous.as_object().unwrap().keys().collect();
    assert!(names.iter().all(|name| ["csm_id", "notes", "updated_at"].contains(&name.as_str())));
    assert_eq!(events["data"][0]["actor"]["name"], "Admin");

    // Submitting the form unchanged creates no event.
    let form = visitor.get("/onboardings/1/edit");
    let same = send(&visitor, "/onboardings/1/edit", &form, &[]);
    visitor.follow(same).shows("No changes to save.");
    assert_eq!(client.get("/onboardings/1").expect(200), after);
}

#[test]
fn conflicting_edits_are_reported_instead_of_overwritten() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": aurora["id"], "name": "Old"})).expect(201);
    let form = visitor.get("/onboardings/1/edit");
    client.patch("/onboardings/1", json!({"name": "Theirs"})).expect(200);
    let refused = send(&visitor, "/onboardings/1/edit", &form, &[("name", "Ours")]);
    refused.expect(400).shows("Someone else changed this to “Theirs” in the meantime.");
    assert_eq!(refused.field("name"), "Ours");
    assert_eq!(client.get("/onboardings/1").expect(200)["name"], "Theirs");
}

#[test]
fn errors_are_shown_at_their_fields_and_the_input_is_kept() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    let long = "x".repeat(256);
    let typed = [
        ("name", long.as_str()),
        ("started_at", "yesterday"),
        ("reminder_frequency_days", "0"),
        ("notes", "<b>kept</b>"),
        ("state", "lost"),
    ];
    let form = visitor.get("/customers/1/onboardings/new");
    let check = |refused: Page| {
        refused.expect(400).shows("Not saved.").hides("<b>kept");
        for (name, error) in [
            ("name", "Must be at most 255"),
            ("started_at", "Must be an ISO 8601 date"),
            ("reminder_frequency_days", ""),
            ("state", ""),
        ] {
            let message = refused.error(name);
            assert!(!message.is_empty() && message.starts_with(error), "{name}: {message}");
        }
        for (name, typed) in &typed[..4] {
            assert_eq!(refused.field(name), *typed);
        }
    };
    check(send(&visitor, "/customers/1/onboardings", &form, &typed));
    assert_eq!(client.list("/onboardings"), json!([]));
    let made = client.post("/onboardings", json!({"customer_id": aurora["id"]})).expect(201);
    let form = visitor.get("/onboardings/1/edit");
    check(send(&visitor, "/onboardings/1/edit", &form, &typed));
    assert_eq!(client.get("/onboardings/1").expect(200), made);
}

#[test]
fn the_page_of_an_onboarding_shows_its_history_newest_first() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": aurora["id"]})).expect(201);
    visitor.get("/onboardings").expect(200);
    visitor.post("/onboardings/1/move", &[("phase", "launch")]).expect(303);
    let page = visitor.get("/onboardings/1-whatever");
    assert_eq!(page.expect(200).text("h1"), "Onboarding 1");
    let text = page.says("Admin").text(".timeline");
    let position = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(
        position("Onboarding launched")
            < position("Phase changed from Before getting started to Launch")
    );
    assert!(
        position("Phase changed from Before getting started to Launch")
            < position("Onboarding created")
    );
}

#[test]
fn an_onboarding_is_deleted_after_a_confirmation() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    let name = "<script>x</script> \u{202e}";
    client.post("/onboardings", json!({"customer_id": aurora["id"], "name": name})).expect(201);
    let confirmation = visitor.get("/onboardings/1/delete");
    confirmation.expect(200).says("<script>x").hides("<script>x");
    client.get("/onboardings/1").expect(200);
    let deleted = visitor.post("/onboardings/1/delete", &[]);
    visitor.follow(deleted).expect(200).shows("Onboarding deleted.");
    client.get("/onboardings/1").expect(404);
    visitor.get("/onboardings/1/edit").expect(404).says("This onboarding doesn't exist.");
    visitor.get("/onboardings/1/delete").expect(404);
    let events = client.get("/onboardings/1/activity").expect(200);
    assert_eq!(events["data"][0]["type"], "onboarding.deleted");
    assert_eq!(events["data"][0]["actor"]["id"], "page");
}

#[test]
fn onboardings_of_another_workspace_are_not_reachable() {
    let server = Server::start();
    let visitor = server.signed_in();
    let other = server.other_workspace("acme");
    let theirs = other.customer("Theirs");
    let made = other.post("/onboardings", json!({"customer_id": theirs["id"]})).expect(201);
    visitor.get("/admin").expect(200);
    for name in ["1", made["id"].as_str().unwrap(), "nothing", "99999999999999999999"] {
        visitor.get(&format!("/onboardings/{name}")).expect(404).hides("Theirs");
        let path = format!("/onboardings/{name}/progress");
        visitor.post(&path, &[("phase", "launch")]).expect(404);
        for action in ["edit", "delete"] {
            let path = format!("/onboardings/{name}/{action}");
            visitor.get(&path).expect(404).hides("Theirs");
            visitor.post(&path, &[("name", "Ours")]).expect(404);
        }
    }
    visitor.get("/customers/1/onboardings/new").expect(404);
    visitor.post("/customers/1/onboardings", &[("name", "Ours")]).expect(404);
    visitor.get("/onboardings/new").expect(200).hides("Theirs");
    assert_eq!(other.get("/onboardings/1").expect(200), made);
}

#[test]
fn line_breaks_in_notes_count_as_changes() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    let body = json!({"customer_id": aurora["id"], "notes": "One\r\nTwo Three"});
    client.post("/onboardings", body).expect(201);
    let form = visitor.get("/onboardings/1/edit");
    let same = send(&visitor, "/onboardings/1/edit", &form, &[("notes", "One\r\nTwo Three")]);
    visitor.follow(same).shows("No changes to save.");
    let broken = "One\r\n\r\nTwo Three";
    let saved = send(&visitor, "/onboardings/1/edit", &form, &[("notes", broken)]);
    visitor.follow(saved).expect(200).shows("Saved");
    assert_eq!(client.get("/onboardings/1").expect(200)["notes"], "One\n\nTwo Three");

    let form = visitor.get("/onboardings/1/edit");
    client.patch("/onboardings/1", json!({"notes": "One\nTwo Three"})).expect(200);
    let refused = send(&visitor, "/onboardings/1/edit", &form, &[("notes", "Mine")]);
    refused.expect(400).shows("Someone else changed this to");
    assert_eq!(client.get("/onboardings/1").expect(200)["notes"], "One\nTwo Three");
}
