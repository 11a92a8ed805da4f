//! Webhook endpoints on the admin pages: adding, editing, rotating, disabling, and deleting them.

use serde_json::{Value, json};

use crate::support::{Page, Receiver, Server, Visitor, wait_until};

/// Submits the form for a new endpoint.
pub fn add(visitor: &Visitor, fields: &[(&str, &str)]) -> Page {
    let once = visitor.get("/admin/webhooks/new").field("once");
    visitor.post("/admin/webhooks", &[&[("once", once.as_str())], fields].concat())
}

/// Adds an endpoint for all events and returns the path of its page.
pub fn add_for_all(visitor: &Visitor, url: &str, mode: &str) -> String {
    let page = add(visitor, &[("url", url), ("mode", mode), ("events", "all")]);
    page.expect(200).link("View endpoint")
}

/// Returns the endpoint as the command line shows it.
fn stored(server: &Server, path: &str) -> Value {
    server.json(&["webhooks", "show", path.rsplit('/').next().unwrap()])
}

fn post_once(visitor: &Visitor, form: &str, path: &str) -> Page {
    let once = visitor.get(form).field("once");
    visitor.post(path, &[("once", &once)])
}

#[test]
fn a_new_endpoint_shows_its_secret_once_and_is_pinged() {
    let server = Server::start();
    let visitor = server.signed_in();
    let empty = visitor.get("/admin/webhooks");
    empty.expect(200).says("No webhook endpoints yet");
    assert_eq!(empty.link("Add endpoint"), "/admin/webhooks/new");

    let receiver = Receiver::start();
    let fields = [
        ("url", receiver.url()),
        ("description", "Billing <b>sync</b>".to_owned()),
        ("mode", "live".to_owned()),
        ("events", "selected".to_owned()),
        ("types", "customer.created".to_owned()),
        ("types", "customer.updated".to_owned()),
        ("fields", "status\nplan".to_owned()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let created = add(&visitor, &fields);
    created.expect(200).says("You won't be able to see it again.");
    assert_eq!(created.header("cache-control"), Some("no-store"));
    let secret = created.attribute("#copyable", "value");
    assert!(secret.starts_with("whsec_") && secret.len() == 38, "{secret}");
    receiver.wait_for("webhook.ping");

    let path = created.link("View endpoint");
    let shown = visitor.get(&path);
    shown.expect(200).hides(&secret).says("Billing <b>sync</b>").says("customer.updated");
    let list = visitor.get("/admin/webhooks");
    list.hides(&secret).says("customer.created, customer.updated").says("Enabled");
    assert!(list.text("section[aria-labelledby=test]").contains("None."));
    let endpoint = stored(&server, &path);
    assert_eq!(endpoint["events"], json!(["customer.created", "customer.updated"]));
    assert_eq!(endpoint["fields"], json!(["status", "plan"]));
    visitor.get(&format!("{path}/edit")).expect(200).hides(&secret);
    visitor.get("/admin/logs").expect(200).hides(&secret).says(&receiver.url());
    let log = visitor.get(&format!("/admin/logs?id={}", endpoint["id"].as_str().unwrap()));
    log.expect(200).says("Webhook endpoint created");
    wait_until("the requests are logged", || server.log().contains("/edit"));
    assert!(!server.log().contains(&secret[6..]));
}

#[test]
fn submitting_the_form_again_adds_no_second_endpoint() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    let once = visitor.get("/admin/webhooks/new").field("once");
    let url = receiver.url();
    let form = [("once", once.as_str()), ("url", &url), ("mode", "test"), ("events", "all")];
    visitor.post("/admin/webhooks", &form).expect(200);
    visitor.post("/admin/webhooks", &form).expect(409).says("already submitted");
    assert_eq!(server.json(&["webhooks", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn problems_are_shown_at_their_fields_and_a_refused_url_names_the_setting() {
    let server = Server::start();
    let visitor = server.signed_in();
    let wrong = add(
        &visitor,
        &[("url", "example.com"), ("mode", "never"), ("events", "selected"), ("fields", "a.b")],
    );
    wrong.expect(400);
    assert!(wrong.error("url").starts_with("Must be a URL such as"), "{}", wrong.error("url"));
    assert!(wrong.error("mode").starts_with("Must be one of"));
    assert_eq!(wrong.error("types"), "Must include at least one event.");
    assert!(wrong.error("fields").starts_with("Item 1 must be the name of a field"));
    for (url, setting) in [
        ("https://10.0.0.1/hook", "webhooks.allow"),
        ("http://203.0.114.9/hook", "webhooks.allow_http"),
        ("https://169.254.169.254/", "webhooks.allow"),
    ] {
        let refused = add(&visitor, &[("url", url), ("mode", "live"), ("events", "all")]);
        refused.expect(400);
        assert!(refused.error("url").contains(setting), "{url}: {}", refused.error("url"));
        assert_eq!(refused.field("url"), url);
    }
    assert_eq!(server.json(&["webhooks", "list"]), json!([]));
}

#[test]
fn an_endpoint_can_be_edited_but_not_over_a_change_by_someone_else() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    let edit = format!("{path}/edit");
    let was = visitor.get(&edit).field("was-saved");
    let other = Receiver::start();
    let url = other.url();
    let fields = [
        ("was-saved", was.as_str()),
        ("url", &url),
        ("events", "selected"),
        ("types", "contact.created"),
    ];
    let saved = visitor.post(&edit, &fields);
    visitor.follow(saved).expect(200).says("Changes saved.").says("contact.created");
    assert_eq!(stored(&server, &path)["url"], url);
    let same = visitor.post(&edit, &fields);
    visitor.follow(same).says("No changes to save.");

    let stale = [("was-saved", was.as_str()), ("url", &url), ("events", "all")];
    visitor.post(&edit, &stale).expect(409).says("Someone else has changed this endpoint");
    let refused = [("url", "https://10.0.0.1/"), ("events", "all")];
    let refused = visitor.post(&edit, &refused);
    assert!(refused.expect(400).error("url").contains("webhooks.allow"));
    assert_eq!(stored(&server, &path)["events"], json!(["contact.created"]));
}

#[test]
fn rotating_shows_the_new_secret_once_and_until_when_both_are_valid() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    let rotate = format!("{path}/rotate");
    visitor.get(&rotate).expect(200).hides("The last rotation isn't over");
    let rotated = post_once(&visitor, &rotate, &rotate);
    rotated.expect(200).says("Both secrets are valid until");
    let secret = rotated.attribute("#copyable", "value");
    visitor.get(&path).expect(200).says("Both secrets are valid until").hides(&secret);
    visitor.get(&rotate).says("The last rotation isn't over");
    post_once(&visitor, &path, &format!("{path}/ping")).expect(303);
    let ping = receiver.wait_for_number("webhook.ping", 2);
    assert_eq!(ping.header("svix-signature").unwrap().split(' ').count(), 2);
}

#[test]
fn disabling_skips_events_and_enabling_pings() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    receiver.wait_for("webhook.ping");
    let disabled = visitor.post(&format!("{path}/disable"), &[]);
    visitor
        .follow(disabled)
        .says("Disabled since")
        .says("An admin disabled it.")
        .hides("Send ping");
    visitor.get("/admin/webhooks").says("Disabled").says("An admin disabled it.");
    server.client().customer("Aurora");
    visitor.get(&path).says("Skipped");
    let test = format!("{path}/test");
    let object = [("type", "customer.created"), ("object", "{}")];
    visitor.get(&test).expect(200);
    visitor.post(&test, &object).expect(409).says("This endpoint is disabled.");
    let enabled = visitor.post(&format!("{path}/enable"), &[]);
    visitor.follow(enabled).says("Endpoint enabled.").says("Send ping");
    receiver.wait_for_number("webhook.ping", 2);
}

#[test]
fn a_deleted_endpoint_is_gone() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    let delete = format!("{path}/delete");
    visitor.get(&delete).expect(200).says("You can't undo this.").says(&receiver.url());
    let deleted = visitor.post(&delete, &[]);
    visitor.follow(deleted).says("Endpoint deleted.").says("No webhook endpoints yet");
    visitor.get(&path).expect(404).says("This webhook endpoint was deleted");
    for path in [&delete, &format!("{path}/edit")] {
        visitor.get(path).expect(404).says("This webhook endpoint doesn't exist.");
    }
}

#[test]
fn an_endpoint_of_another_workspace_is_not_found() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    receiver.wait_for("webhook.ping");
    let delivery = visitor.get(&path).attribute("tbody th a", "href");
    server.other_workspace("second");
    visitor.get("/admin");
    visitor.post("/admin/workspace", &[("workspace", "second"), ("next", "/admin")]).expect(303);
    visitor.get("/admin/webhooks").expect(200).says("No webhook endpoints yet");
    for page in ["", "/edit", "/rotate", "/delete", "/test"] {
        visitor.get(&format!("{path}{page}")).expect(404);
    }
    visitor.get(&delivery).expect(404);
    for action in
        ["/edit", "/rotate", "/delete", "/enable", "/disable", "/ping", "/test", "/replay"]
    {
        visitor.get("/admin/webhooks/new");
        visitor.post(&format!("{path}{action}"), &[("since", "2020-01-01")]).expect(404);
    }
    visitor.post(&format!("{delivery}/replay"), &[]).expect(404);
    assert_eq!(stored(&server, &path)["enabled"], true);
    assert_eq!(receiver.requests().len(), 1);
}
