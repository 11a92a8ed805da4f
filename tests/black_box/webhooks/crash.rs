//! The server is killed while deliveries are under way, again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{create, start, wait_until, with_keys};
use crate::support::database::is_postgres;

const ROUNDS: usize = 8;
const WRITERS: usize = 4;
/// Attempts at the same time, and four times as many that are not recorded yet.
const CONCURRENCY: usize = 8;
const UNRECORDED: usize = 4 * CONCURRENCY;

#[test]
fn kills_lose_no_delivery_and_give_none_a_second_id() {
    let concurrency = CONCURRENCY.to_string();
    let mut server = start(&[("CONCURRENCY", &concurrency), ("SCHEDULE", "0s,50ms,50ms,1s,1s,1s")]);
    let receiver = Receiver::start();
    create(&server, &receiver.url(), &[]);
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let (acknowledge, acknowledgements) = channel();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (client, acknowledge) = (server.client(), acknowledge.clone());
                std::thread::spawn(move || {
                    for n in 0.. {
                        let name = format!("Customer {round}-{writer}-{n}");
                        let body = json!({ "name": name }).to_string();
                        let sent =
                            client.try_send("POST", "/customers", &[], Some(body.as_bytes()));
                        let Ok(response) = sent else { return };
                        let id = response.expect(201)["id"].as_str().unwrap().to_owned();
                        if acknowledge.send(id).is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        drop(acknowledge);
        let before = receiver.count();
        let wanted = 10 + 15 * round;
        acknowledged.extend(acknowledgements.iter().take(wanted));
        wait_until("deliveries are under way", || receiver.count() > before);
        server.kill();
        acknowledged.extend(acknowledgements.iter());
        for writer in writers {
            writer.join().unwrap();
        }
        server = with_keys(server.restart());
        // On PostgreSQL, the lease of the killed server must expire first.
        let is_sending = "this server now sends webhooks";
        wait_until("it sends webhooks", || !is_postgres() || server.log().contains(is_sending));
    }
    wait_until("nothing is pending", || {
        let sql = "SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered'";
        server.sql().value::<i64>(sql, []) == 0
    });

    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut delivered = BTreeSet::new();
    let requests = receiver.requests();
    for request in &requests {
        ids.entry(request.event()).or_default().insert(request.delivery().to_owned());
        let body = bodies.entry(request.event()).or_insert_with(|| request.body.clone());
        assert_eq!(*body, request.body, "an event was sent with different bytes");
        if request.kind() == "customer.created" {
            let object: Value = request.json()["data"]["object"].clone();
            delivered.insert(object["id"].as_str().unwrap().to_owned());
        }
    }
    let lost: Vec<_> = acknowledged.difference(&delivered).collect();
    assert!(lost.is_empty(), "{} of {} were lost: {lost:?}", lost.len(), acknowledged.len());
    let twice: Vec<_> = ids.iter().filter(|(_, ids)| ids.len() > 1).collect();
    assert!(twice.is_empty(), "events with two delivery ids: {twice:?}");
    let extras = requests.len() - ids.len();
    assert!(
        extras <= ROUNDS * UNRECORDED,
        "{extras} extra attempts of {} deliveries in {ROUNDS} kills",
        ids.len()
    );
}
