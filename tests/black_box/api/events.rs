//! `/events`, the event feed

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Client, Server};

const START: &str = "2000-01-01";

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().unwrap()).collect()
}

/// Walks forward to the end. Returns the events and where to go on later.
#[track_caller]
fn forward(client: &Client, after: &str, filter: &str) -> (Vec<Value>, String) {
    let (mut events, mut after) = (Vec::new(), after.to_owned());
    loop {
        let page = client.get(&format!("/events?{filter}&after={after}")).expect(200);
        events.extend(page["data"].as_array().unwrap().iter().cloned());
        after = page["next_cursor"].as_str().unwrap().to_owned();
        if page["has_more"] == false {
            return (events, after);
        }
    }
}

/// What happens to a customer, its contact and its onboarding, and to a key: nine events in the feed.
fn story(server: &Server) {
    let (client, test) = (server.client(), server.client_with(&server.test));
    client.customer("Aurora");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    test.post("/customers/1/contacts", contact).expect(201);
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    server.create_key(&[]);
    client.patch("/onboardings/1", json!({"phase": "launch"})).expect(200);
    client.patch("/contacts/1", json!({"title": "COO"})).expect(200);
    client.delete("/contacts/1").expect(200);
    client.delete("/customers/1").expect(200);
    server.create_key(&[]);
}

const STORY: [&str; 9] = [
    "customer.created",
    "contact.created",
    "onboarding.created",
    "onboarding.updated",
    "onboarding.phase_changed",
    "onboarding.launched",
    "contact.updated",
    "contact.deleted",
    "customer.archived",
];

#[test]
fn both_walks_return_the_events_of_the_activity_lists() {
    let server = Server::start();
    let client = server.client();
    let empty = json!({"object": "list", "data": [], "has_more": false, "next_cursor": null});
    assert_eq!(client.get("/events").expect(200), empty);
    story(&server);

    let activity = client.list("/customers/1/activity?limit=100");
    let page = client.get("/events").expect(200);
    let expected =
        json!({"object": "list", "data": activity, "has_more": false, "next_cursor": null});
    assert_eq!(page, expected);
    // Both modes see the events of both.
    assert_eq!(server.client_with(&server.test).get("/events").expect(200), expected);
    let live: Vec<bool> = activity
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["livemode"].as_bool().unwrap())
        .collect();
    assert_eq!(live, [true, true, true, true, true, true, true, false, true]);

    let mut newest_last = activity.as_array().unwrap().clone();
    newest_last.reverse();
    assert_eq!(types(&newest_last), STORY);
    for limit in [1, 2, 4, 9, 100] {
        let filter = format!("limit={limit}");
        let (events, next) = forward(&client, START, &filter);
        assert_eq!(events, newest_last, "{limit}");
        assert_eq!(json!(next), newest_last[8]["id"]);
        let mut events = client.walk(&format!("/events?{filter}"));
        events.reverse();
        assert_eq!(events, newest_last, "{limit}");
    }
}

#[test]
fn a_forward_walk_goes_on_after_any_event() {
    let server = Server::start();
    let client = server.client();
    story(&server);
    let (all, _) = forward(&client, START, "");
    for (number, event) in all.iter().enumerate() {
        let id = event["id"].as_str().unwrap();
        let page = client.get(&format!("/events?after={id}&limit=2")).expect(200);
        let rest = &all[number + 1..];
        assert_eq!(page["data"].as_array().unwrap()[..], rest[..rest.len().min(2)], "{number}");
        assert_eq!(page["has_more"], rest.len() > 2, "{number}");
        let last = rest.iter().take(2).next_back().unwrap_or(event);
        assert_eq!(page["next_cursor"], last["id"], "{number}");
    }
}

#[test]
fn a_time_begins_a_forward_walk_and_comes_back_until_something_happens() {
    let server = Server::start();
    let client = server.client();
    for (sent, back) in [
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000001Z"),
        ("2026-01-01T07:00:00%2B07:00", "2026-01-01T07:00:00+07:00"),
        ("9999-12-31", "9999-12-31"),
    ] {
        let page = client.get(&format!("/events?after={sent}")).expect(200);
        let expected =
            json!({"object": "list", "data": [], "has_more": false, "next_cursor": back});
        assert_eq!(page, expected, "{sent}");
    }
    client.customer("Aurora");
    client.customer("Borealis");
    // A plus sign that is not percent-encoded means a space. This is not what the document says.
    let unencoded = "/events?after=2020-01-01T07:00:00+07:00";
    let found = client.try_send("GET", unencoded, &[], None).unwrap().expect(200);
    assert_eq!(found["data"].as_array().unwrap().len(), 2);
    let (all, _) = forward(&client, START, "");
    assert_eq!(json!(all), found["data"]);
    // Times in responses are cut off to milliseconds, so an event's own time doesn't skip it.
    let time = all[0]["created_at"].as_str().unwrap();
    let (found, _) = forward(&client, time, "");
    assert!(ids(&found).contains(&all[1]["id"].as_str().unwrap()));
    assert_eq!(client.list("/events?after=9999-12-31"), json!([]));
}

#[test]
fn types_are_repeated_and_patterns_stand_for_all_of_a_resource() {
    let server = Server::start();
    let client = server.client();
    story(&server);
    let (all, newest) = forward(&client, START, "");
    for (filter, wanted) in [
        ("type=contact.created", &["contact.created"][..]),
        ("type=contact.created&type=customer.archived", &["contact.created", "customer.archived"]),
        ("type=contact.*", &["contact.created", "contact.updated", "contact.deleted"]),
        (
            "type=contact.%2A&type=contact.deleted",
            &["contact.created", "contact.updated", "contact.deleted"],
        ),
        (
            "type=customer.*&type=onboarding.launched",
            &["customer.created", "customer.archived", "onboarding.launched"],
        ),
        ("type=customer.churned", &[]),
    ] {
        let mut expected = all.clone();
        expected.retain(|event| wanted.contains(&event["type"].as_str().unwrap()));
        for limit in [1, 2, 100] {
            let filter = format!("limit={limit}&{filter}");
            let (events, next) = forward(&client, START, &filter);
            assert_eq!(events, expected, "{filter}");
            // The walk has passed the events that the filter leaves out.
            assert_eq!(next, newest, "{filter}");
            let mut events = client.walk(&format!("/events?{filter}"));
            events.reverse();
            assert_eq!(events, expected, "{filter}");
        }
    }
    for wrong in
        ["", "*", "customer", "customer.deleted", "Customer.*", "api_key.created", "api_key.*"]
    {
        for filter in [format!("type={wrong}"), format!("type=customer.*&type={wrong}&type=x")] {
            let path = format!("/events?{filter}");
            client.get(&path).refused(400, "invalid_enum_value", "type");
        }
    }
}

#[test]
fn an_after_that_is_not_in_the_feed_is_refused() {
    let server = Server::start();
    let client = server.client();
    story(&server);
    let other = server.other_workspace("other");
    other.customer("Elsewhere");
    let (theirs, _) = forward(&other, START, "");
    let (ours, _) = forward(&client, START, "");
    let sql = "SELECT id FROM events WHERE type = 'api_key.created'";
    let of_key = server.sql().query(sql, [], |row| row.get::<String>(0)).swap_remove(0);
    let never = format!("evt_{}", "0".repeat(25));
    let unknown = [theirs[0]["id"].as_str().unwrap(), &of_key, &never];
    for after in unknown {
        let path = format!("/events?after={after}");
        client.get(&path).refused(400, "invalid_string", "after");
    }
    for after in ["", "evt_", "null", "1767268800", "2026-02-30", "%202026-01-01", "EVT_1"] {
        let path = format!("/events?after={after}");
        client.get(&path).refused(400, "invalid_string", "after");
    }
    let both = format!("/events?after={}&cursor=2026-01-01", ours[0]["id"].as_str().unwrap());
    client.get(&both).refused(400, "conflicting_fields", "after");
    client.get("/events?after=2026-01-01&after=2026-01-01").refused(400, "invalid_type", "after");

    // An event that was purged is no longer a position, and the walk goes on without it.
    let purged = ours[3]["id"].as_str().unwrap();
    server.sql().permit_deletion_of_events();
    assert_eq!(server.sql().execute("DELETE FROM events WHERE id = ?1", [purged]), Ok(1));
    client.get(&format!("/events?after={purged}")).refused(400, "invalid_string", "after");
    let before = ours[2]["id"].as_str().unwrap();
    let (rest, _) = forward(&client, before, "limit=1");
    assert_eq!(rest, ours[4..]);
}

#[test]
fn no_workspace_sees_the_events_of_another() {
    let server = Server::start();
    let ours = server.client();
    let theirs = server.other_workspace("other");
    for round in 0..3 {
        ours.customer(&format!("Ours {round}"));
        theirs.customer(&format!("Theirs {round}"));
    }
    for (client, name) in [(ours, "Ours"), (theirs, "Theirs")] {
        let org = client.get("/me").expect(200)["organization"]["id"].clone();
        for limit in [1, 100] {
            let (events, _) = forward(&client, START, &format!("limit={limit}"));
            let mut walked = client.walk(&format!("/events?limit={limit}"));
            walked.reverse();
            assert_eq!(events, walked);
            assert_eq!(events.len(), 3);
            for event in &events {
                assert_eq!(event["org_id"], org);
                assert!(event["data"]["object"]["name"].as_str().unwrap().starts_with(name));
            }
        }
    }
}

#[test]
fn a_key_sees_the_events_of_the_resources_that_it_may_read() {
    let server = Server::start();
    story(&server);
    let (all, newest) = forward(&server.client(), START, "");
    let resources = ["customer", "contact", "onboarding"];
    for scopes in 0..1 << resources.len() {
        let reads = |resource: &str| {
            resources.iter().position(|one| *one == resource).is_some_and(|n| scopes & 1 << n != 0)
        };
        let mut options = vec!["--tier".to_owned(), "unlimited".to_owned()];
        for resource in resources {
            options.extend(["--scope".to_owned(), format!("write:{resource}s")]);
            if reads(resource) {
                options.extend(["--scope".to_owned(), format!("read:{resource}s")]);
            }
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let client = server.client_with(&server.create_key(&options));
        if scopes == 0 {
            // Refused for the key, whatever else is wrong.
            client.get("/events?after=x").refused(403, "insufficient_scope", None);
            continue;
        }
        let mut visible = all.clone();
        visible.retain(|event| reads(event["data"]["object"]["object"].as_str().unwrap()));
        for limit in [1, 2, 100] {
            let (events, next) = forward(&client, START, &format!("limit={limit}"));
            assert_eq!((&events, &next), (&visible, &newest), "{options:?}");
            let mut events = client.walk(&format!("/events?limit={limit}"));
            events.reverse();
            assert_eq!(events, visible, "{options:?}");
        }
        // A page that holds everything says so: what is hidden is not announced.
        let exact = client.get(&format!("/events?limit={}", visible.len())).expect(200);
        assert_eq!((&exact["has_more"], &exact["next_cursor"]), (&json!(false), &Value::Null));
        let (contacts, next) = forward(&client, START, "type=contact.*");
        assert_eq!((contacts.is_empty(), &next), (!reads("contact"), &newest));
        assert_eq!(json!(visible).to_string().contains("maya@aurora.example"), reads("contact"));
    }
}

/// A consumer that follows the feed while writers write, in both filters that it may have.
#[test]
fn a_consumer_that_follows_gets_each_event_exactly_once_and_in_order() {
    const WRITERS: usize = 6;
    const EACH: usize = 40;
    let server = Server::start();
    let client = server.client();
    let running = AtomicUsize::new(WRITERS);
    let follow = |filter: &str| {
        let (mut events, mut after) = (Vec::new(), START.to_owned());
        loop {
            // Whoever has finished before the page is read has all of its events in it or before it.
            let finished = running.load(Ordering::SeqCst) == 0;
            let path = format!("/events?{filter}&after={after}");
            let page = client.get(&path).expect(200);
            events.extend(page["data"].as_array().unwrap().iter().cloned());
            after = page["next_cursor"].as_str().unwrap().to_owned();
            if finished && page["has_more"] == false {
                return events;
            }
        }
    };
    let (all, customers) = thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (server, running) = (&server, &running);
            scope.spawn(move || {
                let client = server.client();
                for round in 0..EACH {
                    let name = format!("Customer {writer} {round}");
                    let customer = client.customer(&name);
                    let body = json!({"customer_id": customer["id"], "state": "at_risk"});
                    client.post("/onboardings", body).expect(201);
                }
                running.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let all = scope.spawn(|| follow("limit=7"));
        let customers = scope.spawn(|| follow("limit=3&type=customer.created"));
        (all.join().unwrap(), customers.join().unwrap())
    });
    let kept = client.walk("/events?limit=100");
    let expected: Vec<Value> = kept.into_iter().rev().collect();
    assert_eq!(ids(&all), ids(&expected));
    assert_eq!(all, expected);
    let unique: HashSet<&str> = ids(&all).into_iter().collect();
    assert_eq!((unique.len(), customers.len()), (all.len(), WRITERS * EACH));
    let numbers: Vec<i64> = customers
        .iter()
        .map(|event| event["data"]["object"]["display_id"].as_i64().unwrap())
        .collect();
    let in_order: Vec<i64> = (1..=i64::try_from(WRITERS * EACH).unwrap()).collect();
    assert_eq!(numbers, in_order);
}

/// A page looks at 10,000 events, however few of them match.
#[test]
fn a_rare_event_is_found_in_bounded_steps() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);
    let more = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 25000)
        INSERT INTO events
            SELECT 'evt_000000' || (1000000000000000000 + n), workspace_no,
                (SELECT max(created_at) FROM events) + n, 'customer.updated', livemode,
                actor_type, actor_id, actor_name, 'customer', resource_id, customer_id, NULL, NULL,
                '{}', object
            FROM events, n WHERE type = 'customer.created'";
    assert_eq!(server.sql().execute(more, []), Ok(25_000));
    let newest = "UPDATE sequences SET created_at = (SELECT max(created_at) FROM events)
                  WHERE resource = 'event'";
    assert_eq!(server.sql().execute(newest, []), Ok(1));
    client.patch("/contacts/1", json!({"title": "COO"})).expect(200);

    let steps = |parameter: &str, start: &str| {
        let (mut found, mut pages, mut position) = (Vec::new(), Vec::new(), start.to_owned());
        loop {
            let path = format!("/events?type=contact.*&{position}");
            let page = client.get(&path).expect(200);
            let data = page["data"].as_array().unwrap();
            found.extend(data.iter().cloned());
            pages.push(data.len());
            if page["has_more"] == false {
                return (types(&found).join(" "), pages, page["next_cursor"].clone());
            }
            position = format!("{parameter}={}", page["next_cursor"].as_str().unwrap());
        }
    };
    let newest = client.list("/events?limit=1")[0]["id"].clone();
    let (found, pages, next) = steps("after", "after=2000-01-01");
    assert_eq!(found, "contact.created contact.updated");
    assert_eq!((pages.len(), next), (3, newest));
    let (found, pages, next) = steps("cursor", "");
    assert_eq!(found, "contact.updated contact.created");
    assert_eq!((pages.len(), next), (3, Value::Null));
    // Without a filter, a page holds what it can.
    let page = client.get("/events?limit=100").expect(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 100);
}
