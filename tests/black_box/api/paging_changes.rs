//! Paging through lists that are filtered, contain deleted rows, or change in between.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::api::paging::display_ids;
use crate::support::{Client, InProcess, Server};

/// Sets the flag when dropped, so that threads that check it end even if the test fails.
struct SetOnDrop<'f>(&'f AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn page(client: &Client, path: &str) -> (Vec<i64>, Option<String>) {
    let page = client.get(path).expect(200);
    let cursor = page["next_cursor"].as_str().map(str::to_owned);
    assert_eq!(page["has_more"], cursor.is_some());
    (display_ids(page["data"].as_array().unwrap()), cursor)
}

#[test]
fn filters_apply_before_paging() {
    let server = Server::start();
    let client = server.client();
    for i in 1..=90 {
        let status = ["onboarding", "active", "churned"][i % 3];
        let tenth = if i % 10 == 0 { json!("tenth.example") } else { Value::Null };
        let body = json!({"name": format!("C{i}"), "status": status, "domain": tenth});
        client.post("/customers", body).expect(201);
    }
    let expected = |holds: &dyn Fn(i64) -> bool| -> Vec<i64> {
        (1..=90).rev().filter(|i| holds(*i)).collect()
    };
    for limit in [1, 4, 10, 29, 30, 31] {
        let walk =
            |query: &str| display_ids(&client.walk(&format!("/customers?{query}&limit={limit}")));
        assert_eq!(walk("status=active"), expected(&|i| i % 3 == 1), "{limit}");
        assert_eq!(walk("domain=tenth.example"), expected(&|i| i % 10 == 0), "{limit}");
        assert_eq!(
            walk("domain=tenth.example&status=active"),
            expected(&|i| i % 10 == 0 && i % 3 == 1)
        );
        assert_eq!(walk("q=c1"), expected(&|i| i.to_string().starts_with('1')), "{limit}");
        assert_eq!(walk("status=archived"), [0; 0]);
    }
    // Every page is full while there is more, and the last one says that it is the last.
    let (first, cursor) = page(&client, "/customers?status=churned&limit=15");
    assert_eq!(first.len(), 15);
    let path = format!("/customers?status=churned&limit=15&cursor={}", cursor.unwrap());
    let (second, cursor) = page(&client, &path);
    assert_eq!((second.len(), cursor), (15, None));
}

#[test]
fn deleted_and_hidden_rows_leave_no_gaps_in_pages() {
    let server = Server::start();
    let client = server.client();
    for name in ["A", "B", "C"] {
        client.customer(name);
    }
    for i in 0..120 {
        let phase = if i % 2 == 0 { "review" } else { "launch" };
        let body = json!({"customer_id": i % 3 + 1, "phase": phase});
        client.post("/onboardings", body).expect(201);
    }
    for i in (1..=120).step_by(5) {
        client.delete(&format!("/onboardings/{i}")).expect(200);
    }
    client.delete("/customers/2").expect(200);
    let left = |holds: &dyn Fn(i64) -> bool| -> Vec<i64> {
        (1..=120).rev().filter(|i| i % 5 != 1 && (i - 1) % 3 != 1 && holds(*i)).collect()
    };
    let all = left(&|_| true);
    for limit in [1, 9, 20, 100] {
        let walk = |path: &str| display_ids(&client.walk(&format!("{path}limit={limit}")));
        assert_eq!(walk("/onboardings?"), all, "{limit}");
        assert_eq!(walk("/onboardings?phase=review&"), left(&|i| i % 2 == 1), "{limit}");
        assert_eq!(walk("/onboardings?state=active&phase=launch&"), left(&|i| i % 2 == 0));
        assert_eq!(walk("/onboardings?customer_id=3&"), left(&|i| i % 3 == 0), "{limit}");
        assert_eq!(walk("/customers/3/onboardings?"), left(&|i| i % 3 == 0), "{limit}");
        assert_eq!(walk("/onboardings?customer_id=2&"), [0; 0]);
    }
    // Deleted rows don't count towards a page.
    let (first, _) = page(&client, "/onboardings?limit=30");
    assert_eq!(first, all[..30]);
    let (whole, cursor) = page(&client, &format!("/onboardings?limit={}", all.len()));
    assert_eq!((whole, cursor), (all, None));
}

#[test]
fn rows_created_between_two_pages_do_not_affect_the_pages_that_follow() {
    let server = Server::start();
    let client = server.client();
    for i in 0..40 {
        client.customer(&format!("C{i}"));
    }
    let mut met = Vec::new();
    let (mut items, mut cursor) = page(&client, "/customers?limit=7");
    met.append(&mut items);
    while let Some(before) = cursor {
        client.customer("New");
        (items, cursor) = page(&client, &format!("/customers?limit=7&cursor={before}"));
        met.append(&mut items);
    }
    assert_eq!(met, (1..=40).rev().collect::<Vec<_>>());
}

#[test]
fn a_cursor_stays_valid_after_its_row_is_deleted() {
    let server = Server::start();
    let client = server.client();
    for i in 0..10 {
        client.customer(&format!("C{i}"));
    }
    let (first, cursor) = page(&client, "/customers?limit=3");
    assert_eq!(first, [10, 9, 8]);
    for deleted in [8, 6] {
        client.delete(&format!("/customers/{deleted}")).expect(200);
    }
    client.patch("/customers/5", json!({"name": "Changed"})).expect(200);
    let path = format!("/customers?limit=3&cursor={}", cursor.unwrap());
    let (second, cursor) = page(&client, &path);
    assert_eq!(second, [7, 5, 4]);
    let path = format!("/customers?limit=3&cursor={}", cursor.unwrap());
    assert_eq!(page(&client, &path), (vec![3, 2, 1], None));
}

#[test]
fn paging_during_writes_returns_every_earlier_row_once() {
    let server = Server::start();
    let client = server.client();
    for i in 0..150 {
        client.customer(&format!("C{i}"));
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let client = server.client();
                while !done.load(Ordering::SeqCst) {
                    client.customer("New");
                }
            });
        }
        let stop = SetOnDrop(&done);
        let walks: Vec<Vec<i64>> =
            (0..5).map(|_| display_ids(&client.walk("/customers?limit=11"))).collect();
        drop(stop);
        for walk in walks {
            let unique: HashSet<i64> = walk.iter().copied().collect();
            assert_eq!(unique.len(), walk.len());
            assert!(walk.is_sorted_by(|a, b| a > b));
            assert_eq!(walk[walk.len() - 150..], (1..=150).rev().collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_clock_set_back_does_not_change_the_order_of_a_list() {
    let server = InProcess::start(Settings::default());
    let client = server.client(Mode::Live, Tier::Unlimited);
    for (name, millis) in [("A", -60_000), ("B", 1000), ("C", -3_600_000), ("D", 0)] {
        client.customer(name);
        server.clock.jump_millis(millis);
    }
    let all = client.walk("/customers?limit=1");
    assert_eq!(display_ids(&all), [4, 3, 2, 1]);
    let events = client.walk("/customers/1/activity");
    assert_eq!(events.len(), 1);
    server.clock.advance_millis(24 * 3_600_000);
    assert_eq!(client.customer("E")["created_at"], "2026-01-02T10:59:01.000Z");
    assert_eq!(display_ids(&client.walk("/customers?limit=2")), [5, 4, 3, 2, 1]);
}
