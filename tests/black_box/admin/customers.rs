//! Customers on the admin pages: the list, the page of a customer, creating, editing, and deleting.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::{Client, InProcess, Server, Visitor};

/// A name with markup, quotes, and a right-to-left override.
const HOSTILE: &str = "<script>alert(1)</script>\"'&\u{202e}evil";

fn start() -> (InProcess, Visitor, Client) {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    let client = server.client(Mode::Live, Tier::Unlimited);
    (server, visitor, client)
}

/// Returns the fields of a page's form as a browser would submit them.
fn loaded(visitor: &Visitor, path: &str) -> Vec<(String, String)> {
    let page = visitor.get(path);
    let mut fields = page.expect(200).part("form.card").fields();
    fields.retain(|(name, _)| name != "csrf");
    fields
}

/// Returns the fields with some values changed.
fn typed<'a>(
    loaded: &'a [(String, String)],
    fields: &[(&str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let value = |(name, value): &'a (String, String)| {
        let typed = fields.iter().find(|(field, _)| field == name);
        (name.as_str(), typed.map_or(value.as_str(), |(_, typed)| typed))
    };
    loaded.iter().map(value).collect()
}

fn last_event(client: &Client, path: &str) -> Value {
    client.list(&format!("{path}/activity?limit=1"))[0].clone()
}

#[test]
fn an_empty_list_says_how_to_create_customers() {
    let (_server, visitor, _) = start();
    let page = visitor.get("/customers");
    page.expect(200).shows("No customers yet").shows("pivotal-server demo");
    assert_eq!((page.link("Create customer").as_str(), page.count("table")), ("/customers/new", 0));
    visitor.get("/customers?q=x").expect(200).shows("No results").shows("Clear search");
}

#[test]
fn the_list_shows_customers_and_links_to_them() {
    let (_server, visitor, client) = start();
    let body = json!({"name": "Aurora", "domain": "aurora.example", "status": "at_risk",
        "plan": "Scale", "mrr": 120_000});
    client.post("/customers", body).expect(201);
    client.post("/customers", json!({"name": HOSTILE})).expect(201);
    let page = visitor.get("/customers");
    assert_eq!(page.expect(200).link("Aurora"), "/customers/1-aurora");
    assert_eq!(page.text("tr .badge.warn"), "At risk");
    page.says("aurora.example").says("Scale").says("$1,200.00");
    let created = page.part("tr time");
    assert_eq!(created.attribute("datetime"), Some("2026-01-01T12:00:00.000Z"));
    assert_eq!(created.text(), "1 Jan 2026");
    page.says(HOSTILE).hides("<script>alert");
}

#[test]
fn the_list_can_be_searched_filtered_and_paginated() {
    let (_server, visitor, client) = start();
    for i in 1..=30 {
        let status = if i % 2 == 0 { "active" } else { "churned" };
        client.post("/customers", json!({"name": format!("Site {i:02}"), "status": status}));
    }
    let first = visitor.get("/customers");
    first.expect(200).shows("Site 30").shows("Site 06").hides("Site 05");
    assert_eq!(first.links("Newest"), [""; 0]);
    let second = visitor.get(&first.link("Older"));
    second.expect(200).shows("Site 05").shows("Site 01").hides("Site 06");
    assert_eq!((second.links("Older").len(), second.link("Newest").as_str()), (0, "/customers"));

    let found = visitor.get("/customers?q=site+0&status=active");
    found.expect(200).shows("Site 08").hides("Site 07").hides("Site 10");
    assert_eq!((found.field("q"), found.field("status")), ("site 0".into(), "active".into()));
    let all = visitor.get("/customers?q=site&status=");
    assert!(all.expect(200).link("Older").starts_with("/customers?q=site&cursor="));
    visitor.get("/customers?q=%20&status=").expect(200).shows("Site 30");
    visitor.get("/customers?q=nobody").expect(200).shows("No results");
    visitor.get("/customers?status=asleep").expect(400);
    // Parameters that are not in the form are ignored.
    let whole = visitor.get("/customers?hubspot_company_id=nobody&slug=x&limit=1");
    whole.expect(200).shows("Site 30").shows("Site 06");
    assert!(whole.link("Older").starts_with("/customers?cursor="));
    let hostile = visitor.get("/customers?q=%22%3E%3Cscript%3E&status=");
    assert_eq!(hostile.expect(200).field("q"), "\"><script>");
    hostile.hides("\"><script>");
}

#[test]
fn a_customer_page_shows_everything_about_the_customer() {
    let (server, visitor, client) = start();
    let body = json!({"name": HOSTILE, "slug": "aurora", "plan": HOSTILE, "mrr": 1_234_567,
        "tags": ["eu", HOSTILE], "metadata": {"deal": {"size": 1.5}},
        "stripe_customer_id": "cus_1"});
    client.post("/customers", body).expect(201);
    let onboarding = |name: &str, phase: &str, target: &str| {
        let body = json!({"customer_id": 1, "name": name, "phase": phase, "state": "at_risk",
            "target_launch_date": target});
        client.post("/onboardings", body).expect(201);
    };
    onboarding("Spring", "internal_qa", "2025-12-31");
    onboarding("Done", "completed", "2025-12-31");
    onboarding(HOSTILE, "review", "2026-02-01");
    for path in ["/customers/1", "/customers/1-aurora", "/customers/1-another-slug"] {
        let page = visitor.get(path);
        page.expect(200).says(HOSTILE).hides("<script>alert");
        page.says("$12,345.67").says("cus_1").says("\"size\": 1.5");
        page.says("Internal QA").says("At risk").says("1 Feb 2026");
        assert_eq!(page.count(".badge.bad"), 1);
        assert_eq!(page.link("Spring"), "/onboardings/1");
        assert_eq!(page.link("Edit"), "/customers/1/edit");
    }
    let id = client.get("/customers/1").expect(200)["id"].as_str().unwrap().to_owned();
    visitor.get(&format!("/customers/{id}")).expect(200);
    server.clock.advance_millis(86_400_000 * 40);
    visitor.sign_in();
    assert_eq!(visitor.get("/customers/1").texts(".badge.bad"), ["Overdue"; 2]);
}

#[test]
fn the_timeline_shows_actors_and_changes_and_is_paginated() {
    let (server, visitor, client) = start();
    client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": 1, "phase": "review"})).expect(201);
    server.clock.advance_millis(3_660_000);
    visitor.sign_in();
    client.patch("/onboardings/1", json!({"phase": "program_buildout"})).expect(200);
    client.patch("/customers/1", json!({"status": "churned", "plan": "Scale"})).expect(200);
    let page = visitor.get("/customers/1");
    let entries = page.expect(200).texts(".timeline strong");
    let position = |text: &str| entries.iter().position(|one| one.contains(text)).unwrap();
    assert!(
        position("Customer churned") < position("Phase changed from Review to Program buildout")
    );
    assert!(position("Phase changed") < position("Onboarding created"));
    assert!(position("Onboarding created") < position("Customer created"));
    page.says("Onboarding 1").says("API: test key · just now");
    page.says("Status changed from Onboarding to Churned. Changed plan");
    page.says("1 hour ago").says("1 Jan 2026, 13:01 UTC");

    for i in 0..30 {
        client.patch("/customers/1", json!({"mrr": i})).expect(200);
    }
    let first = visitor.get("/customers/1");
    let older = first.expect(200).hides("Customer created").link("Older");
    assert!(older.contains("?events=") && older.ends_with("#events"), "{older}");
    let older = visitor.get(&older);
    assert_eq!(
        older.expect(200).shows("Customer created").link("Newest"),
        "/customers/1-aurora#events"
    );
    visitor.get("/customers/1?events=x").expect(400);
}

#[test]
fn creating_a_customer_records_the_admin_as_actor() {
    let (_server, visitor, client) = start();
    assert_eq!(visitor.get("/customers/new").expect(200).field("status"), "onboarding");
    let fields = [
        ("name", " Aurora Søfart "),
        ("slug", ""),
        ("domain", "Aurora.Example"),
        ("status", "active"),
        ("plan", ""),
        ("mrr", "1,200.00"),
        ("monthly_orders", ""),
        ("hubspot_company_id", "hs-1"),
        ("tags", "eu, north\r\nfast\r\n"),
        ("metadata", "{\"a\": 1.0}"),
    ];
    let created = visitor.post("/customers", &fields);
    assert_eq!(created.expect(303).location(), "/customers/1-aurora-sofart");
    visitor.follow(created).expect(200).shows("Customer created.");
    let customer = client.get("/customers/1").expect(200);
    assert_eq!(customer["name"], "Aurora Søfart");
    assert_eq!(
        (&customer["domain"], &customer["mrr"]),
        (&json!("aurora.example"), &json!(120_000))
    );
    assert_eq!((&customer["plan"], &customer["monthly_orders"]), (&Value::Null, &Value::Null));
    assert_eq!(customer["tags"], json!(["eu, north", "fast"]));
    assert_eq!(customer["metadata"].to_string(), r#"{"a":1.0}"#);
    let event = last_event(&client, "/customers/1");
    assert_eq!(event["type"], "customer.created");
    assert_eq!(event["actor"], json!({"type": "admin", "id": "page", "name": "Admin"}));
    assert_eq!(event["livemode"], true);
}

#[test]
fn problems_are_shown_at_their_fields_and_the_input_is_kept() {
    let (_server, visitor, client) = start();
    client.customer("Aurora");
    visitor.get("/customers/new").expect(200);
    let wrong = [
        ("name", ""),
        ("slug", "Not A Slug"),
        ("domain", "no domain"),
        ("mrr", "a lot"),
        ("plan", HOSTILE),
        ("metadata", "{oops"),
    ];
    let page = visitor.post("/customers", &wrong);
    page.expect(400).shows("Not saved.").hides("<script>alert");
    assert_eq!(page.error("name"), "Must not be empty.");
    assert!(
        page.error("slug").starts_with("Must contain only lowercase"),
        "{}",
        page.error("slug")
    );
    assert!(page.error("mrr").starts_with("Must be an amount in USD such as 1234.50"));
    assert_eq!((page.count("#domain-error"), page.count("#metadata-error")), (1, 1));
    for (name, typed) in [("slug", "Not A Slug"), ("metadata", "{oops"), ("plan", HOSTILE)] {
        assert_eq!(page.field(name), typed);
    }
    let taken = visitor.post("/customers", &[("name", "Other"), ("slug", "aurora")]);
    assert_eq!(taken.expect(400).error("slug"), "Another customer already has this slug.");
    assert_eq!(taken.field("name"), "Other");
    visitor.post("/customers", &[("name", "Aurora"), ("slug", "")]).expect(303);
    assert_eq!(client.get("/customers/2").expect(200)["slug"], "aurora-2");

    let form = loaded(&visitor, "/customers/2/edit");
    let page = visitor.post("/customers/2/edit", &typed(&form, &[("slug", "aurora")]));
    assert_eq!(page.expect(400).error("slug"), "Another customer already has this slug.");
    assert_eq!(page.field("slug"), "aurora");
    let page = visitor.post("/customers/2/edit", &typed(&form, &[("slug", ""), ("plan", "x")]));
    assert_eq!(page.expect(400).error("slug"), "Must not be empty.");
    assert_eq!(client.get("/customers/2").expect(200)["plan"], Value::Null);
}

#[test]
fn editing_changes_only_the_edited_fields() {
    let (_server, visitor, client) = start();
    let body = json!({"name": HOSTILE, "slug": "aurora", "plan": "Scale", "mrr": 7,
        "tags": ["a, b", "c"], "metadata": {"z": 1.0, "a": [1, 2]}, "slack_channel_id": ""});
    client.post("/customers", body).expect(201);
    let form = loaded(&visitor, "/customers/1/edit");
    let same = visitor.post("/customers/1/edit", &typed(&form, &[]));
    visitor.follow(same).expect(200).shows("No changes to save.");
    assert_eq!(last_event(&client, "/customers/1")["type"], "customer.created");

    // Someone else changes another field while the form is open.
    client.patch("/customers/1", json!({"mrr": 8, "tags": ["d"]})).expect(200);
    let saved =
        visitor.post("/customers/1/edit", &typed(&form, &[("plan", ""), ("slug", "borealis")]));
    assert_eq!(saved.expect(303).location(), "/customers/1-borealis");
    visitor.follow(saved).expect(200).shows("Changes saved.");
    let customer = client.get("/customers/1").expect(200);
    assert_eq!((&customer["mrr"], &customer["tags"]), (&json!(8), &json!(["d"])));
    assert_eq!((&customer["plan"], &customer["name"]), (&Value::Null, &json!(HOSTILE)));
    assert_eq!(customer["metadata"].to_string(), r#"{"z":1.0,"a":[1,2]}"#);
    let event = last_event(&client, "/customers/1");
    assert_eq!(event["actor"]["name"], "Admin");
    let previous = json!({"slug": "aurora", "plan": "Scale"});
    assert_eq!(event["data"]["previous_attributes"], previous);
}

#[test]
fn conflicting_edits_are_reported_before_they_overwrite_anything() {
    let (_server, visitor, client) = start();
    client.customer("Aurora");
    let form = loaded(&visitor, "/customers/1/edit");
    client.patch("/customers/1", json!({"plan": "Growth"})).expect(200);
    let mine = typed(&form, &[("plan", "Scale"), ("mrr", "0.05")]);
    let conflict = visitor.post("/customers/1/edit", &mine);
    conflict.expect(400).shows("Someone else changed this to “Growth” in the meantime.");
    assert_eq!(
        (conflict.field("plan"), conflict.field("was-plan")),
        ("Scale".into(), "Growth".into())
    );
    let customer = client.get("/customers/1").expect(200);
    assert_eq!((&customer["plan"], &customer["mrr"]), (&json!("Growth"), &Value::Null));
    let again: Vec<_> = mine
        .iter()
        .map(|&(name, value)| (name, if name == "was-plan" { "Growth" } else { value }))
        .collect();
    visitor.post("/customers/1/edit", &again).expect(303);
    let customer = client.get("/customers/1").expect(200);
    assert_eq!((&customer["plan"], &customer["mrr"]), (&json!("Scale"), &json!(5)));
}

#[test]
fn setting_a_customer_to_churned_pauses_its_active_onboardings() {
    let (_server, visitor, client) = start();
    client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let form = loaded(&visitor, "/customers/1/edit");
    visitor.post("/customers/1/edit", &typed(&form, &[("status", "churned")])).expect(303);
    assert_eq!(client.get("/onboardings/1").expect(200)["state"], "paused");
    let last = last_event(&client, "/onboardings/1");
    assert_eq!(last["type"], "onboarding.state_changed");
    assert_eq!(last["actor"]["id"], "page");
}

#[test]
fn a_deleted_customers_page_links_to_the_audit_log() {
    let (_server, visitor, client) = start();
    client.customer("Aurora");
    let id = client.get("/customers/1").expect(200)["id"].as_str().unwrap().to_owned();
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let confirmation = visitor.get("/customers/1/delete");
    confirmation.expect(200).says("Delete Aurora?").says("audit log");
    client.get("/customers/1").expect(200);
    let deleted = visitor.post("/customers/1/delete", &[]);
    assert_eq!(deleted.expect(303).location(), "/customers");
    visitor.follow(deleted).expect(200).shows("Customer deleted.").shows("No customers yet");
    client.get("/customers/1").refused(404, "customer_not_found", None);
    let event = last_event(&client, "/customers/1");
    assert_eq!(
        (&event["type"], &event["actor"]["id"]),
        (&json!("customer.archived"), &json!("page"))
    );

    let gone = visitor.get("/customers/1-aurora");
    gone.expect(404).shows("This customer was deleted");
    assert_eq!(gone.count(&format!("a[href='/admin/logs?id={id}']")), 1);
    for path in ["/customers/1/edit", "/customers/1/delete", "/customers/1/contacts/new"] {
        visitor.get(path).expect(404).says("This customer doesn't exist.");
    }
    for path in ["/customers/2", "/customers/aurora", "/customers/0-x"] {
        visitor.get(path).expect(404).says("This customer doesn't exist.").hides("/admin/logs?id=");
    }
    visitor.post("/customers/1/edit", &[("name", "x")]).expect(404);
}

#[test]
fn customers_of_another_workspace_are_not_reachable() {
    let server = Server::start();
    let other = server.other_workspace("acme");
    for name in ["Hidden One", "Hidden Two"] {
        other.post("/customers", json!({"name": name})).expect(201);
    }
    let contact = json!({"name": "Maya", "email": "maya@hidden.example"});
    other.post("/customers/2/contacts", contact).expect(201);
    let id = other.get("/customers/2").expect(200)["id"].as_str().unwrap().to_owned();
    let contact = other.get("/contacts/1").expect(200)["id"].as_str().unwrap().to_owned();
    server.client().customer("Seen");
    let visitor = server.signed_in();
    visitor.get("/customers").expect(200).shows("Seen").hides("Hidden");
    for reference in [id.as_str(), "2"] {
        for rest in ["", "/edit", "/delete", "/contacts/new"] {
            visitor.get(&format!("/customers/{reference}{rest}")).expect(404).hides("Hidden");
        }
        for rest in ["/edit", "/delete", "/contacts"] {
            let path = format!("/customers/{reference}{rest}");
            let fields = [("name", "Taken over"), ("email", "a@b.example")];
            visitor.post(&path, &fields).expect(404);
        }
    }
    for reference in [contact.as_str(), "1"] {
        for rest in ["/edit", "/delete"] {
            let path = format!("/contacts/{reference}{rest}");
            visitor.get(&path).expect(404).hides("Maya");
            visitor.post(&path, &[("name", "Taken over")]).expect(404);
        }
    }
    assert_eq!(other.get("/customers/2").expect(200)["name"], "Hidden Two");
    assert_eq!(other.get("/contacts/1").expect(200)["name"], "Maya");

    visitor.get("/customers").expect(200);
    visitor.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    visitor.get("/customers").expect(200).shows("Hidden Two").hides("Seen");
    visitor.get("/customers/2").expect(200).shows("Maya");
}
