//! Endpoints that are disabled: when, what is skipped, and how to go on.

use super::receiver::Receiver;
use super::{create, deliveries, settled, show, start, wait_until};

const FAILING: &str = "500 Internal Server Error";

fn statuses(deliveries: &[super::Delivery]) -> Vec<(&str, &str)> {
    deliveries.iter().map(|one| (one.kind.as_str(), one.status.as_str())).collect()
}

#[test]
fn an_endpoint_that_fails_is_disabled_and_what_it_missed_can_be_replayed() {
    let server = start(&[("SCHEDULE", "0s,10ms"), ("DISABLE_AFTER", "3")]);
    let receiver = Receiver::returning(FAILING);
    let endpoint = create(&server, &receiver.url(), &[]);
    settled(&server, &endpoint, 1);
    for (n, name) in ["Aurora", "Borealis"].into_iter().enumerate() {
        assert_eq!(show(&server, &endpoint)["failures"], n + 1);
        server.client().customer(name);
        settled(&server, &endpoint, n + 2);
    }
    let shown = show(&server, &endpoint);
    assert_eq!((&shown["enabled"], &shown["failures"]), (&false.into(), &3.into()));
    assert_eq!(shown["disabled_reason"], "failures");
    assert!(shown["disabled_at"].is_string());
    wait_until("the log says so", || {
        let log = server.log();
        log.contains(&format!(
            "webhook endpoint {} of workspace default is disabled because 3 deliveries in a row \
             failed",
            endpoint.id
        ))
    });
    let sql = "SELECT type || ' by ' || actor_type FROM events
               WHERE resource = 'webhook_endpoint' ORDER BY created_at DESC LIMIT 1";
    let audit: String = server.sql().value(sql, []);
    assert_eq!(audit, "webhook_endpoint.disabled by system");

    let before = receiver.count();
    assert_eq!(before, 6, "two attempts of each");
    server.client().customer("Cassini");
    let refused = server.run(&["webhooks", "ping", &endpoint.id]);
    assert!(super::refusal(&refused).contains("disabled"));
    let refused =
        server.run(&["webhooks", "replay", "--endpoint", &endpoint.id, "--since", "2020-01-01"]);
    assert!(super::refusal(&refused).contains("disabled"));
    let all = deliveries(&server, &endpoint);
    assert_eq!(all[3].status, "skipped");
    assert_eq!(receiver.count(), before);

    receiver.set_status("200 OK");
    assert_eq!(server.json(&["webhooks", "enable", &endpoint.id])["enabled"], true);
    let all = settled(&server, &endpoint, 5);
    assert_eq!(
        statuses(&all),
        [
            ("webhook.ping", "failed"),
            ("customer.created", "failed"),
            ("customer.created", "failed"),
            ("customer.created", "skipped"),
            ("webhook.ping", "delivered"),
        ]
    );
    assert_eq!(receiver.requests()[before].kind(), "webhook.ping", "it comes first");
    assert_eq!(show(&server, &endpoint)["failures"], 0);
    let replay = ["webhooks", "replay", "--endpoint", &endpoint.id, "--since", "2020-01-01"];
    assert_eq!(server.json(&[&replay[..], &["--failed"]].concat())["queued"], 3);
    settled(&server, &endpoint, 5);
    assert_eq!(server.json(&replay)["queued"], 1, "the skipped one is left");
    let replayed = settled(&server, &endpoint, 5);
    assert!(replayed.iter().all(|one| one.status == "delivered"), "{replayed:?}");
    let ids =
        |all: &[super::Delivery]| -> Vec<String> { all.iter().map(|one| one.id.clone()).collect() };
    assert_eq!(ids(&replayed), ids(&all));
    assert_eq!(server.json(&[&replay[..], &["--all"]].concat())["queued"], 5);
    settled(&server, &endpoint, 5);
}

#[test]
fn a_success_starts_the_count_over() {
    let server = start(&[("SCHEDULE", "0s"), ("DISABLE_AFTER", "3")]);
    let receiver = Receiver::returning(FAILING);
    let endpoint = create(&server, &receiver.url(), &[]);
    settled(&server, &endpoint, 1);
    for (n, status) in [FAILING, "200 OK", FAILING, FAILING].into_iter().enumerate() {
        receiver.set_status(status);
        server.client().customer("Aurora");
        settled(&server, &endpoint, n + 2);
    }
    let shown = show(&server, &endpoint);
    assert_eq!((&shown["enabled"], &shown["failures"]), (&true.into(), &2.into()));
}

#[test]
fn an_admin_who_disables_an_endpoint_stops_its_retries() {
    let server = start(&[("SCHEDULE", "0s,1h")]);
    let receiver = Receiver::returning(FAILING);
    let endpoint = create(&server, &receiver.url(), &[]);
    wait_until("the first attempt is recorded", || deliveries(&server, &endpoint)[0].attempts == 1);
    let disabled = server.json(&["webhooks", "disable", &endpoint.id]);
    assert_eq!(disabled["disabled_reason"], "admin");
    assert_eq!(deliveries(&server, &endpoint)[0].status, "skipped");
    server.json(&["webhooks", "enable", &endpoint.id]);
    wait_until("the new ping was attempted", || {
        deliveries(&server, &endpoint).get(1).is_some_and(|ping| ping.attempts == 1)
    });
    assert_eq!(receiver.count(), 2);
}
