//! Deliveries on the admin pages: the log of an endpoint, a delivery with its attempts, replays, test
//! events, and the timelines.

use serde_json::json;

use super::webhooks::add_for_all;
use crate::support::{Receiver, Server, Visitor, wait_until};

/// Starts a server that gives a delivery up after one attempt.
fn start() -> (Server, Visitor, Receiver) {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
        ("PIVOTAL_WEBHOOKS_SCHEDULE", "0s"),
    ]);
    let visitor = server.signed_in();
    (server, visitor, Receiver::start())
}

/// Waits until a page says this.
#[track_caller]
fn wait_for_text(visitor: &Visitor, path: &str, text: &str) {
    wait_until(text, || visitor.get(path).text("main").contains(text));
}

#[test]
fn a_delivery_shows_its_request_and_every_attempt_and_can_be_replayed() {
    let (server, visitor, receiver) = start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    receiver.wait_for("webhook.ping");
    receiver.respond_with(500);
    let customer = server.client().customer("Aurora");
    wait_for_text(&visitor, &path, "Failed");

    let log = visitor.get(&path);
    let row = log.texts("tbody tr").into_iter().find(|row| row.contains("customer.created"));
    let row = row.unwrap();
    assert!(row.contains("Failed") && row.contains("HTTP 500") && row.contains("ms"), "{row}");
    let delivery = log.links("customer.created").remove(0);
    let page = visitor.get(&delivery);
    page.expect(200).says("Attempt 1").says("HTTP 500").says(&format!("POST {}", receiver.url()));
    assert!(page.text("pre").contains("\"name\": \"Aurora\""), "{}", page.text("pre"));
    let sent = receiver.wait_for("customer.created");
    page.says(sent.header("svix-id").unwrap()).hides(sent.header("svix-signature").unwrap());
    page.says("pivotal-server/").says("ok");

    receiver.respond_with(204);
    let replayed = visitor.post(&format!("{delivery}/replay"), &[]);
    visitor.follow(replayed).expect(200).says("Delivery queued.");
    wait_for_text(&visitor, &delivery, "Attempt 2");
    visitor.get(&delivery).says("HTTP 204").says("Delivered");
    let again = receiver.wait_for_number("customer.created", 2);
    assert_eq!(again.header("svix-id"), sent.header("svix-id"));
    assert_eq!(again.body, sent.body);

    let number = customer["display_id"].as_i64().unwrap();
    let timeline = visitor.get(&format!("/customers/{number}"));
    let entry = timeline.text(".timeline li");
    assert!(entry.contains("Webhook delivered") && entry.contains(&receiver.url()), "{entry}");
    assert_eq!(timeline.attribute(".timeline li a", "href"), delivery);
}

#[test]
fn failed_and_skipped_deliveries_are_replayed_since_a_time() {
    let (server, visitor, receiver) = start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    receiver.wait_for("webhook.ping");
    receiver.respond_with(500);
    server.client().customer("Aurora");
    wait_for_text(&visitor, &path, "Failed");
    visitor.post(&format!("{path}/disable"), &[]).expect(303);
    server.client().customer("Borealis");
    visitor.post(&format!("{path}/enable"), &[]).expect(303);
    receiver.wait_for_number("webhook.ping", 2);
    // The ping of the enabled endpoint fails, too.
    wait_until("three deliveries were unsuccessful", || {
        visitor.get(&format!("{path}?status=failed")).count("tbody tr") == 3
    });
    receiver.respond_with(200);

    let replay = format!("{path}/replay");
    let wrong = visitor.post(&replay, &[("since", "yesterday")]);
    assert_eq!(wrong.expect(400).error("since"), "Must be a date and time.");
    let none = visitor.post(&replay, &[("since", "2100-01-01T00:00")]);
    visitor.follow(none).says("There was nothing to replay.");
    let since = visitor.get(&path).field("since");
    let queued = visitor.post(&replay, &[("since", &since)]);
    visitor.follow(queued).says("Queued 3 deliveries.");
    receiver.wait_for_number("customer.created", 3);
    wait_until("nothing is failed any more", || {
        visitor.get(&format!("{path}?status=failed")).text("main").contains("No failed deliveries")
    });
}

#[test]
fn selected_deliveries_are_replayed_but_not_those_of_another_endpoint() {
    let (server, visitor, receiver) = start();
    let (path, other_receiver) =
        (add_for_all(&visitor, &receiver.url(), "test"), Receiver::start());
    let other = add_for_all(&visitor, &other_receiver.url(), "test");
    for receiver in [&receiver, &other_receiver] {
        receiver.wait_for("webhook.ping");
    }
    let client = server.client_with(&server.test);
    client.customer("Aurora");
    client.customer("Borealis");
    wait_until("all are delivered", || {
        [&path, &other].iter().all(|path| {
            let statuses = visitor.get(path).texts("tbody td[data-label=Status]");
            statuses.len() == 3 && statuses.iter().all(|status| status == "Delivered")
        })
    });
    let ids = |path: &str| visitor.get(path).attributes("[name=delivery]", "value");
    let (ours, theirs) = (ids(&path), ids(&other));
    let selected = [("selected", "true"), ("delivery", &*ours[0]), ("delivery", &*theirs[0])];
    let queued = visitor.post(&format!("{path}/replay"), &selected);
    visitor.follow(queued).says("Queued 1 delivery.");
    receiver.wait_for_number("customer.created", 3);
    let attempts = visitor.get(&other).texts("tbody td[data-label=Attempts]");
    assert_eq!(attempts, ["1", "1", "1"]);
}

#[test]
fn a_test_event_reaches_the_endpoint_and_is_in_no_activity() {
    let (server, visitor, receiver) = start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    let test = format!("{path}/test");
    let form = visitor.get(&format!("{test}?type=customer.updated"));
    assert!(form.expect(200).field("object").contains("Aurora Shipping"));
    assert!(form.field("previous_attributes").contains("\"plan\": null"));
    let sent = |object: &str, previous: &str| {
        let once = visitor.get(&test).field("once");
        visitor.post(
            &test,
            &[
                ("once", once.as_str()),
                ("type", "customer.updated"),
                ("object", object),
                ("previous_attributes", previous),
            ],
        )
    };
    let wrong = sent("[1]", "{");
    assert_eq!(wrong.expect(400).error("object"), "Must be a JSON object.");
    assert!(wrong.error("previous_attributes").starts_with("Must be a JSON object: "));
    let queued = sent(r#"{"name": "Made up"}"#, r#"{"plan": "Growth"}"#);
    visitor.follow(queued).says("Test event customer.updated queued.");
    let event = receiver.wait_for("customer.updated").event();
    assert_eq!(event["livemode"], false);
    let data = json!({"object": {"name": "Made up"}, "previous_attributes": {"plan": "Growth"}});
    assert_eq!(event["data"], data);
    wait_for_text(&visitor, &path, "customer.updated");
    visitor.get("/admin/logs").hides("Made up");
    assert_eq!(server.client().list("/events"), json!([]));
}

#[test]
fn the_deliveries_are_paged() {
    let (server, visitor, receiver) = start();
    let path = add_for_all(&visitor, &receiver.url(), "live");
    let client = server.client();
    for number in 0..30 {
        client.customer(&format!("Customer {number}"));
    }
    let first = visitor.get(&path);
    assert_eq!(first.expect(200).count("tbody tr"), 25);
    let older = visitor.get(&first.link("Older"));
    assert_eq!(older.expect(200).count("tbody tr"), 6);
    assert!(older.links("Older").is_empty());
    assert_eq!(visitor.get(&older.link("Newest")).count("tbody tr"), 25);
}

#[test]
fn the_history_of_an_onboarding_shows_deliveries() {
    let (server, visitor, receiver) = start();
    receiver.respond_with(400);
    let path = add_for_all(&visitor, &receiver.url(), "live");
    let client = server.client();
    let customer = client.customer("Aurora");
    let body = json!({"customer_id": customer["id"], "name": "Rollout"});
    let onboarding = client.post("/onboardings", body).expect(201);
    receiver.wait_for("onboarding.created");
    let shown = format!("/onboardings/{}", onboarding["display_id"]);
    wait_for_text(&visitor, &shown, "Webhook failed");
    let page = visitor.get(&shown);
    assert!(page.text(".timeline li").contains(&receiver.url()));
    assert!(page.attribute(".timeline li a", "href").starts_with(&path));
}
