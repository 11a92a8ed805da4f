//! The audit log on the admin pages: changes, filters, pagination, and exports.

use serde_json::{Value, json};

use crate::support::{Page, Server, Visitor};

/// Parses the rows of a CSV file according to RFC 4180.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(letters.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty());
    rows
}

fn events(shown: &Page) -> Vec<Value> {
    serde_json::from_str(&shown.expect(200).body).unwrap_or_else(|_| panic!("{}", shown.body))
}

/// Returns the types of the events that match a query, from the JSON export.
fn kinds(visitor: &Visitor, query: &str) -> Vec<String> {
    let all = events(&visitor.get(&format!("/admin/logs.json?{query}")));
    all.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

/// Copies the first event of a workspace, each copy older than the last.
fn repeat_first_event(server: &Server, workspace: u32, copies: u32) {
    let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2),
            one AS (SELECT * FROM events WHERE workspace_no = ?1 ORDER BY created_at LIMIT 1)
        INSERT INTO events (id, workspace_no, created_at, type, livemode, actor_type, actor_id,
                actor_name, resource, resource_id, customer_id, object)
            SELECT 'evt_' || i, workspace_no, created_at - i, type, livemode, actor_type,
                actor_id, actor_name, resource, resource_id, customer_id, object FROM one, n";
    assert_eq!(server.sql().execute(sql, [workspace, copies]), Ok(u64::from(copies)));
}

#[test]
fn a_change_is_shown_with_its_values_before_and_after() {
    let server = Server::start();
    let (visitor, client) = (server.signed_in(), server.client());
    let aurora = client.customer("Aurora");
    let path = format!("/customers/{}", aurora["id"].as_str().unwrap());
    client.patch(&path, json!({"mrr": 1200, "metadata": {"crm": "x1"}})).expect(200);
    let log = visitor.get("/admin/logs");
    log.expect(200).shows("Customer updated").shows("Customer created").shows("What changed");
    let rows = log.texts("details tr");
    for row in ["metadata.crm none x1", "mrr none 1200"] {
        assert!(rows.iter().any(|one| one == row), "{row} is not in {rows:?}");
    }
    assert_eq!(log.link("Aurora"), "/customers/1-aurora");
    assert!(log.says("API: First live key").count("time") > 0);
}

#[test]
fn names_are_links_even_if_the_resource_was_deleted() {
    let server = Server::start();
    let (visitor, client) = (server.signed_in(), server.client());
    let aurora = client.customer("Aurora");
    let id = aurora["id"].as_str().unwrap();
    let new = json!({"name": "Ada", "email": "ada@aurora.example"});
    let ada = client.post(&format!("/customers/{id}/contacts"), new).expect(201);
    client.post("/onboardings", json!({"customer_id": id})).expect(201);
    let log = visitor.get("/admin/logs");
    assert_eq!(log.link("Ada"), "/contacts/1");
    assert_eq!(log.link("number 1"), "/onboardings/1");
    let to_contact = visitor.get("/contacts/1");
    assert_eq!(to_contact.expect(303).location(), "/customers/1-aurora#contact-1");
    visitor.get("/customers/1").shows("id=\"contact-1\"");
    visitor.follow(visitor.get("/onboardings/1")).expect(200).says("Onboarding 1");
    let key = log.link("API: First live key");
    visitor.get("/admin/api-keys").shows(&format!("id=\"{}\"", key.split_once('#').unwrap().1));

    client.delete(&format!("/contacts/{}", ada["id"].as_str().unwrap()));
    let log = visitor.get("/admin/logs?type=contact.deleted");
    log.expect(200).shows("Contact deleted").shows("ada@aurora.example").shows("All fields");
    assert_eq!(log.says("Contact Ada · Aurora").link("Aurora"), "/customers/1-aurora");
    let gone = visitor.get(&log.link("Ada"));
    assert_eq!(gone.expect(404).text("h1"), "This contact was deleted");
    visitor.get(&gone.link("View audit log")).expect(200).says("Contact deleted");

    client.delete("/onboardings/1");
    client.delete(&format!("/customers/{id}"));
    let log = visitor.get("/admin/logs?resource=customer");
    assert_eq!(log.expect(200).link("Aurora"), "/customers/1");
    visitor.get("/customers/1").expect(404).says("This customer was deleted");
    let gone = visitor.get("/onboardings/1");
    assert_eq!(gone.expect(404).text("h1"), "This onboarding was deleted");
    visitor.get("/contacts/9").expect(404).says("This contact doesn't exist.");

    let url = "http://127.0.0.1:1/hooks";
    let add = ["webhooks", "create", "--workspace", "default", "--url", url];
    let endpoint = server.json(&add)["id"].as_str().unwrap().to_owned();
    server.json(&["webhooks", "delete", &endpoint]);
    let log = visitor.get("/admin/logs?resource=webhook_endpoint");
    let gone = visitor.get(&log.link(url));
    assert_eq!(gone.expect(404).text("h1"), "This webhook endpoint was deleted");
    visitor.get(&gone.link("View audit log")).says("Webhook endpoint deleted");
    visitor.get("/admin/webhooks/ep_x").expect(404).says("Webhook endpoint not found");
}

#[test]
fn a_text_is_searched_in_names_and_changed_values() {
    let server = Server::start();
    let (visitor, client) = (server.signed_in(), server.client());
    client.customer("Müller & Söhne");
    client.customer("100% Café");
    client.patch("/customers/1", json!({"plan": "Growth_2", "notes": "x"}));
    client.patch("/customers/1", json!({"plan": "Starter"})).expect(200);
    for (query, found) in [
        ("q=M%C3%9CLLER", &["customer.updated", "customer.updated", "customer.created"][..]),
        ("q=growth", &["customer.updated", "customer.updated"]),
        ("q=starter", &["customer.updated"]),
        ("q=growth&type=customer.created", &[]),
        ("q=100%25", &["customer.created"]),
        ("q=%25", &["customer.created"]),
        ("q=h_2", &["customer.updated", "customer.updated"]),
        ("q=_&resource=customer", &["customer.updated", "customer.updated"]),
        ("q=nothing+like+this", &[]),
    ] {
        let all = kinds(&visitor, query);
        assert_eq!(all, found, "{query}");
        let page = visitor.get(&format!("/admin/logs?{query}"));
        assert_eq!(page.expect(200).count("details"), found.len(), "{query}");
    }
    let page = visitor.get("/admin/logs?q=%3Cb%3E&resource=customer");
    assert_eq!(page.hides("<b>").field("q"), "<b>");
    assert_eq!(page.count("a[href='/admin/logs.csv?q=%3Cb%3E&resource=customer']"), 1);
    let long = visitor.get(&format!("/admin/logs?q={}", "x".repeat(201)));
    assert_eq!(long.expect(400).error("q"), "Must be at most 200 characters long.");
    // Bounded like the other filters.
    repeat_first_event(&server, 1, 50_500);
    visitor.get("/admin/logs?q=100%25").expect(200).says("Searched back to");
}

#[test]
fn filters_apply_to_the_page_and_to_both_exports() {
    let server = Server::start();
    let (visitor, client) = (server.signed_in(), server.client());
    let aurora = client.customer("Aurora");
    client.customer("Borealis");
    let id = aurora["id"].as_str().unwrap();
    client.patch(&format!("/customers/{id}"), json!({"name": "Aurora 2"})).expect(200);
    for (query, count) in [
        ("resource=customer", 3),
        ("type=customer.updated", 1),
        (format!("id={id}").as_str(), 2),
        ("actor=page", 0),
        ("to=2000-01-01", 0),
        ("from=2000-01-01T00:00&resource=customer&actor=&type=&id=&to=", 3),
    ] {
        assert_eq!(kinds(&visitor, query).len(), count, "{query}");
        let csv = rows(&visitor.get(&format!("/admin/logs.csv?{query}")).expect(200).body);
        assert_eq!(csv.len(), count + 1, "{query}");
        let page = visitor.get(&format!("/admin/logs?{query}"));
        assert_eq!(page.expect(200).count("details"), count, "{query}");
        if count == 0 {
            page.shows("No matching events");
        }
    }
    let page = visitor.get("/admin/logs?type=customer.created&from=2000-01-01");
    assert_eq!(page.field("type"), "customer.created");
    assert_eq!(page.field("from"), "2000-01-01T00:00:00");
    let csv = "/admin/logs.csv?type=customer.created&from=2000-01-01T00%3A00%3A00";
    assert_eq!(page.count(&format!("a[href='{csv}']")), 1);
}

#[test]
fn an_invalid_filter_is_reported_at_its_field() {
    let server = Server::start();
    let visitor = server.signed_in();
    let wrong = visitor.get("/admin/logs?id=12&from=2026-02-01&to=2026-01-01&type=");
    wrong.expect(400).shows("Must be a full ID").shows("Must be after the start of the period.");
    assert_eq!(
        (wrong.field("id"), wrong.field("from")),
        ("12".into(), "2026-02-01T00:00:00".into())
    );
    let hostile = visitor.get("/admin/logs?from=%3Cscript%3E");
    assert_eq!(hostile.expect(400).hides("<script>").field("from"), "<script>");
    visitor
        .get("/admin/logs?cursor=x")
        .expect(400)
        .shows("link to this page of the audit log is invalid");
    visitor.get("/admin/logs?actor=%3Cb%3E").expect(200).says("Unknown actor (<b>)");
    visitor.get("/admin/logs.csv?id=12").expect(400);
}

#[test]
fn the_log_is_paginated_and_the_exports_are_complete() {
    let server = Server::start();
    let (visitor, client) = (server.signed_in(), server.client());
    for n in 0..30 {
        client.customer(&format!("Customer {n}"));
    }
    let first = visitor.get("/admin/logs?resource=customer");
    assert_eq!((first.expect(200).count("details"), first.links("Newest").len()), (25, 0));
    // Parameters that the pager does not keep are ignored.
    let limited = visitor.get("/admin/logs?resource=customer&limit=2");
    assert_eq!(limited.expect(200).count("details"), 25);
    let next = visitor.get(&first.link("Older"));
    assert_eq!((next.expect(200).count("details"), next.count("a[rel=next]")), (5, 0));
    assert_eq!(next.link("Newest"), "/admin/logs?resource=customer");
    let names: Vec<String> = events(&visitor.get("/admin/logs.json?resource=customer"))
        .iter()
        .map(|event| event["data"]["object"]["name"].as_str().unwrap().to_owned())
        .collect();
    let all: Vec<String> = (0..30).rev().map(|n| format!("Customer {n}")).collect();
    assert_eq!(names, all);
}

#[test]
fn an_export_includes_all_batches() {
    let server = Server::start();
    let visitor = server.signed_in();
    server.json(&["demo"]);
    let count = |workspace: &str| {
        let sql = "SELECT count(*) FROM events AS e JOIN workspaces AS w ON w.no = e.workspace_no
                   WHERE w.slug = ?1";
        server.sql().value::<u32>(sql, [workspace]) as usize
    };
    let slug = server.json(&["workspaces", "list"])[1]["slug"].as_str().unwrap().to_owned();
    visitor.post("/admin/workspace", &[("workspace", &slug)]).expect(303);
    // Several batches, the last one incomplete.
    repeat_first_event(&server, 2, 2500);
    let all = events(&visitor.get("/admin/logs.json"));
    assert_eq!(all.len(), count(&slug));
    assert!(all.len() > 2500);
    assert!(
        all.iter().map(|event| event["created_at"].as_str().unwrap()).is_sorted_by(|a, b| a >= b)
    );
    let csv = rows(&visitor.get("/admin/logs.csv").expect(200).body);
    assert_eq!(csv.len(), all.len() + 1);
    assert_eq!(visitor.send("HEAD", "/admin/logs.csv", None).expect(200).body, "");
    // Each export only has the events of its own workspace.
    let other = count("default");
    visitor.post("/admin/workspace", &[("workspace", "default")]).expect(303);
    assert_eq!(events(&visitor.get("/admin/logs.json")).len(), other);
}

#[test]
fn a_search_that_stops_early_says_how_far_it_went_and_can_continue() {
    let server = Server::start();
    let visitor = server.signed_in();
    repeat_first_event(&server, 1, 50_500);
    let first = visitor.get("/admin/logs?type=customer.created");
    first
        .expect(200)
        .shows("Searched back to <time")
        .shows("and found nothing")
        .hides("No matching events");
    let last = visitor.get(&first.attribute("a[href*='cursor=']", "href"));
    last.expect(200).shows("No matching events").hides("Searched back to");
    // An export continues automatically.
    assert_eq!(kinds(&visitor, "type=customer.created").len(), 0);
    assert_eq!(
        rows(&visitor.get("/admin/logs.csv?type=contact.created").expect(200).body).len(),
        1
    );
}

#[test]
fn an_export_is_a_file_with_the_events_of_the_api() {
    let server = Server::start();
    let (visitor, client) = (server.signed_in(), server.client());
    let aurora = client.customer("Aurora");
    let shown = visitor.get("/admin/logs.json?resource=customer");
    let file = shown.header("content-disposition").unwrap();
    assert!(file.starts_with("attachment; filename=\"audit-log-default-2"), "{file}");
    assert!(file.ends_with(".json\""), "{file}");
    assert_eq!(shown.header("content-type"), Some("application/json"));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let activity = client.get(&format!("/customers/{}/activity", aurora["id"].as_str().unwrap()));
    assert_eq!(events(&shown)[0], activity.expect(200)["data"][0]);
    assert_eq!(visitor.get("/admin/logs.json?actor=page").body.trim(), "[\n]");
}

#[test]
fn excel_reads_an_export_as_utf_8() {
    let server = Server::start();
    let visitor = server.signed_in();
    server.json(&["keys", "create", "--workspace", "default", "--name", "Schlüssel für Köln"]);
    let csv = visitor.get("/admin/logs.csv").expect(200).body.clone();
    assert!(csv.starts_with("\u{feff}id,created_at,"), "{csv}");
    assert_eq!(csv.matches('\u{feff}').count(), 1);
    assert!(csv.contains("Schlüssel für Köln"), "{csv}");
    // JSON must not begin with one (RFC 8259, 8.1).
    assert!(visitor.get("/admin/logs.json").expect(200).body.starts_with('['));
}

#[test]
fn an_export_contains_no_spreadsheet_formulas() {
    let server = Server::start();
    let visitor = server.signed_in();
    let evil = "=HYPERLINK(\"http://x\",\"a\"), \n@b";
    let created = server.json(&["keys", "create", "--workspace", "default", "--name", evil]);
    server.client_with(created["key"].as_str().unwrap()).customer("Aurora;=1+1");
    let csv = visitor.get("/admin/logs.csv?resource=customer");
    assert!(csv.header("content-type").unwrap().starts_with("text/csv; charset=utf-8"));
    let rows = rows(&csv.expect(200).body);
    assert_eq!(rows[0][6], "actor_name");
    assert_eq!(rows[1][6], "'=HYPERLINK(\"http://x\",\"a\"), \n'@b");
    let object: Value = serde_json::from_str(&rows[1][10]).unwrap();
    assert_eq!(object["name"], "Aurora;=1+1");
    // Also for spreadsheets that separate cells by semicolons.
    assert!(!csv.body.contains(';'));
    visitor.get("/admin/logs").expect(200).says("=HYPERLINK(\"http");
}

#[test]
fn the_actor_filter_tells_apart_keys_with_the_same_name() {
    let server = Server::start();
    let visitor = server.signed_in();
    let (one, other) = (server.create_key(&[]), server.create_key(&[]));
    server.client_with(&one).customer("Aurora");
    server.client_with(&other).customer("Borealis");
    let keys = server.json(&["keys", "list"]);
    let (id, prefix) = (keys[0]["id"].as_str().unwrap(), keys[0]["prefix"].as_str().unwrap());
    let option = visitor.get("/admin/logs").text(&format!("option[value='{id}']"));
    assert_eq!(option, format!("API: test key ({prefix})"));
    let log = visitor.get(&format!("/admin/logs?actor={id}"));
    log.expect(200).shows("Borealis").hides("Aurora");
}
