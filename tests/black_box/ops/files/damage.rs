//! Damage that a running server meets: a page that is misread once, and one that stays damaged.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use crate::support::{Client, Server, wait_until};

const PAGE: u64 = 4096;

/// A byte of a customer's record without which the record cannot be read, and a customer in the
/// same page that stays readable.
struct FragileRecord {
    at: u64,
    good: u8,
    customer: i64,
    neighbour: i64,
}

impl FragileRecord {
    /// Finds the last byte of a record's length in the first leaf page of the table (SQLite manual,
    /// "Database File Format", 1.6).
    fn find(file: &Path) -> Self {
        let conn = Connection::open(file).unwrap();
        let leaf: i64 = conn
            .query_row(
                "SELECT min(pageno) FROM dbstat WHERE name = 'customers' AND pagetype = 'leaf'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        let start = (u64::try_from(leaf).unwrap() - 1) * PAGE;
        let mut page = [0; PAGE as usize];
        let mut bytes = File::open(file).unwrap();
        bytes.seek(SeekFrom::Start(start)).unwrap();
        bytes.read_exact(&mut page).unwrap();
        let cell = |n: usize| {
            let mut at = usize::from(u16::from_be_bytes([page[8 + 2 * n], page[9 + 2 * n]]));
            while page[at] >= 0x80 {
                at += 1;
            }
            let length = at;
            let mut row_id = 0;
            loop {
                at += 1;
                row_id = row_id << 7 | i64::from(page[at] & 0x7f);
                if page[at] < 0x80 {
                    let sql = "SELECT display_id FROM customers WHERE rowid = ?1";
                    let customer: i64 = conn.query_row(sql, [row_id], |row| row.get(0)).unwrap();
                    return (length, customer);
                }
            }
        };
        let ((at, customer), (_, neighbour)) = (cell(1), cell(2));
        Self { at: start + at as u64, good: page[at], customer, neighbour }
    }

    /// Makes the server read the page while it is damaged, and check it when it is intact again.
    fn misread(&self, server: &Server, client: &Client) {
        let put = |byte| {
            let mut file = OpenOptions::new().write(true).open(server.database()).unwrap();
            file.seek(SeekFrom::Start(self.at)).unwrap();
            file.write_all(&[byte]).unwrap();
        };
        wait_until("the damage is noticed", || {
            // Commits a change, after which pages are read again.
            server.anonymous().deep_health(200);
            put(5);
            let neighbour = client.get(&format!("/customers/{}", self.neighbour)).status;
            put(self.good);
            assert_eq!(neighbour, 200);
            client.get(&format!("/customers/{}", self.customer)).status == 503
        });
    }
}

/// A server on a database of several pages of customers, with an empty WAL.
fn start() -> Server {
    start_with(&[])
}

/// The same, with these variables too.
fn start_with(variables: &[(&str, &str)]) -> Server {
    let unlimited = [("PIVOTAL_RATE_LIMITS_ENABLED", "false")];
    let mut server = Server::start_with(&[&unlimited, variables].concat());
    let client = server.client();
    for n in 0..100 {
        client.customer(&format!("Customer {n}"));
    }
    assert_eq!(server.stop(), Some(0));
    server
}

#[test]
fn a_page_misread_once_stops_writes_until_the_file_is_found_intact() {
    let server = start();
    let record = FragileRecord::find(&server.database());
    let server = server.restart();
    let client = server.client();
    let file = || {
        let deep = server.anonymous().get("/api/health/deep").json();
        deep["checks"]["file"].as_str().unwrap().to_owned()
    };

    record.misread(&server, &client);
    wait_until("the file is found intact", || file() == "ok");
    client.get(&format!("/customers/{}", record.customer)).expect(200);
    client.customer("After the check");
    wait_until("both are logged", || {
        let log = server.log();
        log.contains("the database file may be damaged")
            && log.contains("was checked and is intact")
    });
    assert!(!server.log().contains("the database file is damaged"), "{}", server.log());

    // A second time within an hour: something is wrong that a check cannot find.
    record.misread(&server, &client);
    wait_until("it counts as damage", || file().contains("is damaged"));
    assert!(file().contains("again after a check that found nothing"), "{}", file());
    client.post("/customers", json!({"name": "Late"})).refused(503, "unavailable", None);
}

#[test]
fn a_page_that_stays_damaged_is_named() {
    let server = start();
    let record = FragileRecord::find(&server.database());
    let server = server.restart();
    let client = server.client();
    let mut file = OpenOptions::new().write(true).open(server.database()).unwrap();
    file.seek(SeekFrom::Start(record.at / PAGE * PAGE)).unwrap();
    file.write_all(&[0xA5; PAGE as usize]).unwrap();
    wait_until("the damage is noticed", || {
        client.get(&format!("/customers/{}", record.customer)).status == 503
    });
    let deep = || server.anonymous().deep_health(503);
    wait_until("the check has ended", || {
        deep()["checks"]["file"].as_str().unwrap().contains("is damaged")
    });
    let said = deep()["checks"]["file"].as_str().unwrap().to_owned();
    let page = format!("page {}", record.at / PAGE + 1);
    assert!(said.contains(&page) && said.contains("(table customers)"), "{said}");
    wait_until("it is logged", || server.log().contains("the database file is damaged: Tree"));
}

#[test]
fn damage_found_only_by_a_scheduled_backup_stops_writes() {
    let server = start_with(&[("PIVOTAL_BACKUP_EVERY", "1s")]);
    let record = FragileRecord::find(&server.database());
    let server = server.restart();
    let mut file = OpenOptions::new().write(true).open(server.database()).unwrap();
    file.seek(SeekFrom::Start(record.at / PAGE * PAGE)).unwrap();
    file.write_all(&[0xA5; PAGE as usize]).unwrap();
    let deep = || server.anonymous().get("/api/health/deep").json();
    wait_until("the file counts as damaged", || {
        deep()["checks"]["file"].as_str().unwrap().contains("is damaged")
    });
    server.client().post("/customers", json!({"name": "Late"})).refused(503, "unavailable", None);
}
