//! A query that takes too long is ended, and has no side effects: the database doesn't count as
//! damaged, connections stay usable, and other requests are not delayed.

use crate::support::{Server, wait_until};

/// Enough customers for a search through all of them to take more than ten milliseconds.
const MANY: u32 = 40_000;

fn create_many_customers(server: &Server) {
    server.client().customer("Aurora");
    let sql = format!(
        "WITH RECURSIVE numbers (n) AS
                   (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})
               INSERT INTO customers (id, workspace_no, display_id, slug, status, search, created_at,
                   updated_at, shape, doc)
               SELECT 'c00000' || (1000000000000000000 + n), workspace_no, n, 'customer-' || n,
                   'active', '{:300}', created_at - n, created_at, shape, doc
               FROM numbers, customers WHERE display_id = 1",
        "x"
    );
    assert_eq!(server.sql().execute(&sql, []), Ok(u64::from(MANY) - 1));
    server.sql().analyze();
}

#[test]
fn a_slow_query_ends_with_503_and_others_continue() {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
        ("PIVOTAL_QUERY_TIMEOUT", "10ms"),
    ]);
    create_many_customers(&server);
    let client = server.client();
    for _ in 0..5 {
        let slow = client.get("/customers?q=found-nowhere");
        slow.refused(503, "unavailable", None);
        assert_eq!(slow.header("retry-after"), Some("1"));
        client.get("/customers/1").expect(200);
    }
    // These use the same connections. Ten milliseconds may be too short for anything on this
    // machine.
    let short = "/customers?slug=customer-2&status=active";
    wait_until("a short list is read", || client.get(short).status == 200);
    client.patch("/customers/1", serde_json::json!({"name": "Borealis"})).expect(200);
    let health = client.deep_health(200);
    assert_eq!(health["checks"]["file"], "ok");
    wait_until("it is logged", || server.log().contains("longer than query_timeout"));
    let log = server.log();
    assert!(!log.contains("damaged") && !log.contains("mistake"), "{log}");
}

#[test]
fn a_slow_page_says_that_it_is_not_available() {
    let server = Server::start_with(&[("PIVOTAL_QUERY_TIMEOUT", "10ms")]);
    create_many_customers(&server);
    assert!(server.set_password(crate::support::PASSWORD).status.success());
    let visitor = server.visitor();
    // The pages before it need the database, too, and may time out.
    wait_until("sign-in succeeds", || {
        let password = [("password", crate::support::PASSWORD)];
        visitor.get("/admin/sign-in").status == 200
            && visitor.post("/admin/sign-in", &password).status == 303
    });
    let search = "/customers?q=found-nowhere";
    let shown = visitor.get(search);
    shown.expect(503);
    assert_eq!(shown.header("retry-after"), Some("1"));
    shown.shows("do this right now. Nothing was changed.");
}

/// More concurrent slow searches than can wait: all get a response, and neither the first use of a
/// key nor a page waits in their queue.
#[test]
fn slow_lists_hold_up_neither_keys_nor_pages() {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
        ("PIVOTAL_QUERY_TIMEOUT", "1h"),
    ]);
    create_many_customers(&server);
    let key = server.create_key(&[]);
    let searches: Vec<_> = (0..120)
        .map(|_| {
            let client = server.client();
            std::thread::spawn(move || client.get("/customers?q=found-nowhere").status)
        })
        .collect();
    server.client_with(&key).get("/me").expect(200);
    server.visitor().get("/admin/setup").expect(200);
    let mut statuses: Vec<u16> = searches.into_iter().map(|s| s.join().unwrap()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&200));
}
