//! Pages of lists: complete walks without gaps or duplicates, limits, and cursors.

use std::collections::HashSet;

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::{Client, InProcess, Server};

/// A server with a stopped clock, so that rows are created in the same millisecond.
fn start_with_stopped_clock() -> (InProcess, Client) {
    let server = InProcess::start(Settings::default());
    let client = server.client(Mode::Live, Tier::Unlimited);
    (server, client)
}

/// Sends `count` POSTs from several threads; `body` builds the body from the number of the request.
fn post_concurrently(
    client: &Client,
    path: &str,
    count: usize,
    body: impl Fn(usize) -> Value + Sync,
) {
    const THREADS: usize = 8;
    std::thread::scope(|scope| {
        for first in 0..THREADS {
            let (client, body) = (client.clone(), &body);
            scope.spawn(move || {
                for i in (first..count).step_by(THREADS) {
                    client.post(path, body(i)).expect(201);
                }
            });
        }
    });
}

/// The display IDs of items, in their order.
pub fn display_ids(items: &[Value]) -> Vec<i64> {
    items.iter().map(|item| item["display_id"].as_i64().unwrap()).collect()
}

/// The numbers from `count` down to 1.
fn down_from(count: i64) -> Vec<i64> {
    (1..=count).rev().collect()
}

#[test]
fn paging_over_rows_of_one_millisecond_returns_each_once() {
    let (_server, client) = start_with_stopped_clock();
    post_concurrently(&client, "/customers", 1200, |i| json!({"name": format!("C{i}")}));
    for limit in [7, 25, 99, 100] {
        let all = client.walk(&format!("/customers?limit={limit}"));
        assert_eq!(display_ids(&all), down_from(1200), "{limit}");
        let names: HashSet<&str> = all.iter().map(|item| item["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), 1200);
        // 1200 rows, one microsecond apart, span two milliseconds.
        let times: HashSet<&Value> = all.iter().map(|item| &item["created_at"]).collect();
        assert_eq!(times.len(), 2, "{times:?}");
    }
}

#[test]
fn paging_over_rows_created_in_real_time_returns_each_once() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    post_concurrently(
        &client,
        "/customers/1/contacts",
        1000,
        |i| json!({"name": "N", "email": format!("c{i}@x.example")}),
    );
    for limit in [3, 100] {
        let all = client.walk(&format!("/customers/1/contacts?limit={limit}"));
        assert_eq!(display_ids(&all), down_from(1000));
        assert!(all.is_sorted_by(|a, b| a["created_at"].as_str() >= b["created_at"].as_str()));
    }
    let events = client.walk("/customers/1/activity?limit=37");
    let ids: HashSet<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!((events.len(), ids.len()), (1001, 1001));
}

#[test]
fn a_cursor_is_a_time_with_six_digits_that_no_other_row_has() {
    let (_server, client) = start_with_stopped_clock();
    post_concurrently(&client, "/customers", 30, |_| json!({"name": "Aurora"}));
    let mut cursors = HashSet::new();
    let mut query = "limit=1".to_owned();
    loop {
        let page = client.get(&format!("/customers?{query}")).expect(200);
        assert_eq!(page["object"], "list");
        assert_eq!(page["data"].as_array().unwrap().len(), 1);
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert_eq!(page["has_more"], false);
            assert_eq!(page["data"][0]["display_id"], 1);
            break;
        };
        assert_eq!(page["has_more"], true);
        let shape: String =
            cursor.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
        // The cursor is the last row's creation time, which the body shows in milliseconds.
        assert_eq!(cursor[..23], page["data"][0]["created_at"].as_str().unwrap()[..23]);
        assert!(cursors.insert(cursor.to_owned()), "{cursor}");
        query = format!("limit=1&cursor={cursor}");
    }
    assert_eq!(cursors.len(), 29);
}

#[test]
fn a_full_last_page_says_that_it_is_the_last() {
    let (_server, client) = start_with_stopped_clock();
    post_concurrently(&client, "/customers", 50, |_| json!({"name": "Aurora"}));
    let first = client.get("/customers").expect(200);
    assert_eq!(first["data"].as_array().unwrap().len(), 25);
    assert_eq!(first["has_more"], true);
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = client.get(&format!("/customers?cursor={cursor}")).expect(200);
    assert_eq!(display_ids(last["data"].as_array().unwrap()), down_from(25));
    assert_eq!((&last["has_more"], &last["next_cursor"]), (&json!(false), &Value::Null));
    let exact = client.get("/customers?limit=50").expect(200);
    assert_eq!(display_ids(exact["data"].as_array().unwrap()), down_from(50));
    assert_eq!((&exact["has_more"], &exact["next_cursor"]), (&json!(false), &Value::Null));
}

#[test]
fn a_page_has_25_rows_by_default_and_1_to_100_on_request() {
    let (_server, client) = start_with_stopped_clock();
    post_concurrently(&client, "/customers", 101, |_| json!({"name": "Aurora"}));
    let with_email = |i: usize| json!({"name": "N", "email": format!("c{i}@x.example")});
    post_concurrently(&client, "/customers/1/contacts", 101, with_email);
    post_concurrently(&client, "/onboardings", 101, |_| json!({"customer_id": 1}));
    post_concurrently(
        &client,
        "/onboardings",
        101,
        |_| json!({"customer_id": 1, "phase": "review"}),
    );
    for _ in 0..100 {
        client.patch("/onboardings/1", json!({"notes": "x"})).expect(200);
    }
    for list in [
        "/customers",
        "/customers/1/contacts",
        "/onboardings",
        "/customers/1/onboardings",
        "/customers/1/activity",
        "/onboardings/1/activity",
        "/events",
    ] {
        for (query, length) in [("", 25), ("?limit=1", 1), ("?limit=99", 99), ("?limit=100", 100)] {
            let page = client.get(&format!("{list}{query}")).expect(200);
            assert_eq!(page["data"].as_array().unwrap().len(), length, "{list}{query}");
            assert_eq!(page["has_more"], true);
        }
        for (limit, code) in [
            ("0", "too_small"),
            ("-1", "too_small"),
            ("-99999999999999999999", "too_small"),
            ("101", "too_big"),
            ("99999999999999999999", "too_big"),
            ("1.5", "invalid_type"),
            ("-", "invalid_type"),
            ("1&limit=2", "invalid_type"),
            ("ten", "invalid_type"),
            ("", "invalid_type"),
            ("0x10", "invalid_type"),
            ("+5", "invalid_type"),
            ("%2B5", "invalid_type"),
            ("%205", "invalid_type"),
            ("1e1", "invalid_type"),
            ("%EF%BC%95", "invalid_type"),
        ] {
            client.get(&format!("{list}?limit={limit}")).refused(400, code, "limit");
        }
    }
}

#[test]
fn a_cursor_must_be_a_time() {
    let (_server, client) = start_with_stopped_clock();
    let id = client.customer("Aurora")["id"].as_str().unwrap().to_owned();
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    for list in [
        "/customers",
        "/customers/1/contacts",
        "/onboardings",
        "/customers/1/onboardings",
        "/customers/1/activity",
        "/onboardings/1/activity",
        "/events",
    ] {
        for cursor in [
            "",
            "next",
            "1",
            "1767268800",
            "2026-13-01",
            "2026-02-30T00:00:00Z",
            "2026-01-01T12:00:00",
            "0000-01-01",
            "10000-01-01",
            "+2026-01-01",
            "%2B2026-01-01",
            "-2026-01-01",
            "%2B2026-01-01T12:00:00Z",
            "+2026-01-01T12:00:00Z",
            "null",
            &id,
        ] {
            let error = client.get(&format!("{list}?cursor={cursor}"));
            let error = error.refused(400, "invalid_string", "cursor");
            assert_eq!(error["message"], "Invalid datetime");
        }
        let both = client.get(&format!("{list}?cursor=x&limit=0")).expect(400);
        let mut fields: Vec<&str> = both["error"]["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap())
            .collect();
        fields.sort_unstable();
        assert_eq!(fields, ["cursor", "limit"]);
    }
}

#[test]
fn a_cursor_can_be_any_time_and_means_strictly_before_it() {
    let (server, client) = start_with_stopped_clock();
    for name in ["A", "B", "C"] {
        client.customer(name);
        server.clock.advance_millis(1000);
    }
    for (cursor, found) in [
        ("2026-01-01T12:00:02.000001Z", &[3, 2, 1][..]),
        ("2026-01-01T12:00:02.001Z", &[3, 2, 1]),
        ("2026-01-01T12:00:02Z", &[2, 1]),
        ("2026-01-01T12:00:02.000Z", &[2, 1]),
        ("2026-01-01T12:00:02.000000Z", &[2, 1]),
        ("2026-01-01T13:00:02%2B01:00", &[2, 1]),
        ("2026-01-01T07:30:02-04:30", &[2, 1]),
        ("2026-01-01T12:00:01.999999Z", &[2, 1]),
        ("2026-01-01T12:00:00Z", &[]),
        ("2026-01-01", &[]),
        ("2026-01-02", &[3, 2, 1]),
        ("0001-01-01", &[]),
        ("9999-12-31T23:59:59.999999Z", &[3, 2, 1]),
    ] {
        let page = client.get(&format!("/customers?cursor={cursor}")).expect(200);
        assert_eq!(display_ids(page["data"].as_array().unwrap()), found, "{cursor}");
        assert_eq!(page["has_more"], false);
    }
}
