//! A query that takes too long ends, and takes nothing with it: neither the file's good name nor a
//! connection, nor the time of those who ask for something else.

use crate::support::{Server, wait_until};

/// So many customers that a search through all of them takes more than ten milliseconds.
const MANY: u32 = 40_000;

fn crowd(server: &Server) {
    server.client().customer("Aurora");
    let sql = "WITH RECURSIVE numbers (n) AS
                   (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
               INSERT INTO customers (id, workspace_no, display_id, slug, status, search, created_at,
                   updated_at, shape, doc)
               SELECT 'c' || printf('%024d', n), workspace_no, n, 'customer-' || n, 'active',
                   printf('%.300c', 'x'), created_at - n, created_at, shape, doc
               FROM numbers, customers WHERE display_id = 1";
    assert_eq!(server.sql().execute(sql, [MANY]).unwrap(), MANY as usize - 1);
}

#[test]
fn a_query_that_takes_too_long_ends_with_503_and_the_others_go_on() {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
        ("PIVOTAL_QUERY_TIMEOUT", "10ms"),
    ]);
    crowd(&server);
    let client = server.client();
    for _ in 0..5 {
        let slow = client.get("/customers?q=found-nowhere");
        slow.refused(503, "unavailable", None);
        assert_eq!(slow.header("retry-after"), Some("1"));
        client.get("/customers/1").expect(200);
    }
    // On the same connections. Ten milliseconds may be short for anything here.
    wait_until("a short list is read", || client.get("/customers?limit=1").status == 200);
    client.patch("/customers/1", serde_json::json!({"name": "Borealis"})).expect(200);
    let health = client.get("/api/health/deep").expect(200);
    assert_eq!(health["checks"]["file"], "ok");
    wait_until("it is logged", || server.log().contains("longer than query_timeout"));
    let log = server.log();
    assert!(!log.contains("damaged") && !log.contains("mistake"), "{log}");
}

#[test]
fn a_page_that_takes_too_long_says_that_it_is_not_available() {
    let server = Server::start_with(&[("PIVOTAL_QUERY_TIMEOUT", "10ms")]);
    crowd(&server);
    assert!(server.set_password(crate::support::PASSWORD).status.success());
    let visitor = server.visitor();
    // The pages before it need the database too.
    wait_until("somebody is signed in", || {
        let password = [("password", crate::support::PASSWORD)];
        visitor.get("/admin/sign-in").status == 200
            && visitor.post("/admin/sign-in", &password).status == 303
    });
    let search = "/customers?q=found-nowhere";
    let shown = visitor.get(search);
    shown.expect(503);
    assert_eq!(shown.header("retry-after"), Some("1"));
    shown.shows("The server cannot do this at the moment.");
}

/// More slow searches at the same time than can wait: all are answered, and neither the first use
/// of a key nor a page stands in their queue.
#[test]
fn many_slow_lists_hold_up_neither_keys_nor_pages() {
    let server = Server::start_with(&[
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
        ("PIVOTAL_QUERY_TIMEOUT", "1h"),
    ]);
    crowd(&server);
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
