//! The database file: created, kept, upgraded, and refused if it cannot be trusted.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use pivotal_server::model::values::time::Timestamp;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};

use crate::support::{Server, command, wait_until};

/// The error of a server that doesn't start. Checks that the file is unchanged.
fn refusal(dir: &Path) -> String {
    let file = dir.join("pivotal.db");
    let before = fs::read(&file).unwrap();
    let output = command(dir).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert_eq!(fs::read(&file).unwrap(), before, "the file was changed");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// A directory with a database that a server has used and closed.
fn used_dir() -> (tempfile::TempDir, std::path::PathBuf) {
    let mut server = Server::start_new();
    for n in 0..50 {
        server.client().customer(&format!("Customer {n}"));
    }
    assert_eq!(server.stop(), Some(0));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pivotal.db");
    fs::copy(server.database(), &file).unwrap();
    (dir, file)
}

/// The statements of a database's schema.
fn schema(conn: &Connection) -> Vec<(String, String)> {
    let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A database as an old version left it, with the most unusual rows that it allowed.
pub(super) fn old_dir(version: i64) -> Arc<tempfile::TempDir> {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let conn = Connection::open(dir.path().join("pivotal.db")).unwrap();
    let (first, second) =
        (include_str!("../../fixtures/rows-1.sql"), include_str!("../../fixtures/rows-2.sql"));
    let (third, fourth) =
        (include_str!("../../fixtures/rows-3.sql"), include_str!("../../fixtures/rows-4.sql"));
    let fifth = include_str!("../../fixtures/rows-5.sql");
    let sixth = include_str!("../../fixtures/rows-6.sql");
    let seventh = include_str!("../../fixtures/rows-7.sql");
    let eighth = include_str!("../../fixtures/rows-8.sql");
    let scripts: &[&str] = match version {
        1 => &[include_str!("../../fixtures/schema-1.sql"), first],
        2 => &[include_str!("../../fixtures/schema-2.sql"), first, second],
        3 => &[include_str!("../../fixtures/schema-3.sql"), first, second, third],
        4 => &[include_str!("../../fixtures/schema-4.sql"), first, second, third, fourth],
        5 => &[include_str!("../../fixtures/schema-5.sql"), fifth],
        6 => &[include_str!("../../fixtures/schema-6.sql"), sixth],
        7 => &[include_str!("../../fixtures/schema-7.sql"), sixth, seventh],
        8 => &[include_str!("../../fixtures/schema-8.sql"), sixth, seventh, eighth],
        other => panic!("there is no fixture of version {other}"),
    };
    for sql in scripts {
        conn.execute_batch(sql).unwrap();
    }
    dir
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let mut server = Server::start_new();
    let output = server.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .contains("is already in use by pivotal-server serve")
    );
    server.client().get("/me").expect(200);
    server.kill();
    let server = server.restart();
    server.client().get("/me").expect(200);
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_unchanged() {
    let (dir, file) = used_dir();
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(refusal(dir.path()).contains("newer version (schema 99"));
}

#[test]
fn a_database_of_another_program_is_refused_and_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pivotal.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    assert!(refusal(dir.path()).contains("is not a pivotal-server database"));
    fs::write(&file, "not even a database, but longer than a header ".repeat(100)).unwrap();
    assert!(refusal(dir.path()).contains("is not a pivotal-server database"));
}

#[test]
fn a_damaged_database_is_refused_and_unchanged() {
    let (dir, file) = used_dir();
    let whole = fs::read(&file).unwrap();
    let mut damaged = fs::OpenOptions::new().write(true).open(&file).unwrap();
    damaged.seek(SeekFrom::Start(whole.len() as u64 / 2 / 4096 * 4096)).unwrap();
    damaged.write_all(&[0xA5; 8192]).unwrap();
    assert!(refusal(dir.path()).contains("is damaged"));
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(refusal(dir.path()).contains("is damaged"));
    fs::write(&file, "").unwrap();
    assert!(refusal(dir.path()).contains("is damaged"));
}

#[test]
fn damage_found_at_runtime_stops_writes_and_is_reported() {
    let mut server = Server::start_new();
    let client = server.client();
    for n in 0..200 {
        client.customer(&format!("Customer {n}"));
    }
    assert_eq!(server.stop(), Some(0));
    let server = server.restart();
    let mut file = fs::OpenOptions::new().write(true).open(server.database()).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in 2..pages {
        file.seek(SeekFrom::Start(page * 4096)).unwrap();
        file.write_all(&[0xA5; 4096]).unwrap();
    }
    // Cached pages can still be returned, so the damage may only be met after some reads.
    let client = server.client();
    wait_until("the damage is noticed", || {
        (1..=200).any(|id| client.get(&format!("/customers/{id}")).status == 503)
            || client.get("/customers?limit=100").status == 503
    });
    client.post("/customers", json!({"name": "Late"})).refused(503, "unavailable", None);
    let deep = server.anonymous().get("/api/health/deep");
    assert_eq!(deep.expect(503)["status"], "unavailable");
    assert_eq!(server.anonymous().get("/health").expect(200)["status"], "ok");
    wait_until("it is logged", || server.log().contains("the database file is damaged"));
}

#[test]
fn an_upgraded_database_has_the_schema_of_a_new_one_and_all_of_its_rows() {
    for version in 1..=8 {
        check_upgrade(version);
    }
}

fn check_upgrade(from: i64) {
    let dir = old_dir(from);
    let server = Server::start_in(Arc::clone(&dir), &[]);
    let new = Server::start_new();
    assert_eq!(schema(&server.sqlite()), schema(&new.sqlite()));
    let version = |conn: &Connection| -> i64 {
        conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&server.sqlite()), version(&new.sqlite()));

    let copy = dir.path().join(format!("pivotal.db.schema-{from}.backup"));
    let copy = Connection::open(copy).unwrap();
    assert_eq!(version(&copy), from);
    let first = ["workspaces", "api_keys", "customers", "contacts", "onboardings", "events"];
    let later = ["idempotency_keys", "admin", "database", "slug_runs"];
    let webhooks =
        ["webhook_endpoints", "webhook_deliveries", "webhook_attempts", "webhook_settings"];
    let webhooks = if from < 7 { &[] } else { &webhooks[..] };
    let later = &later[..later.len().min(from as usize - 1)];
    let purges = if from < 8 { &[][..] } else { &["purges"] };
    for table in first.iter().chain(later).chain(webhooks).chain(purges) {
        let count = |conn: &Connection| -> i64 {
            conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(count(&server.sqlite()), count(&copy), "{table}");
        assert!(count(&copy) > 0, "{table}");
    }
    for table in ["customers", "contacts", "onboardings"] {
        let documents = documents(&server.sqlite(), table);
        assert_eq!(documents, expected_documents(&copy, table), "{table} of version {from}");
    }
    // The upgraded rows can be read through the API, and display IDs continue after them.
    let client = server.client_with(&server.create_key(&["--workspace", "old"]));
    let (customers, next) = if from < 4 { (2, 8) } else { (9, 18) };
    assert_eq!(client.walk("/customers").len(), customers);
    assert_eq!(client.customer("New")["display_id"], next);
    let output = server.run(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The documents of a table, in the order of its rows.
fn documents(conn: &Connection, table: &str) -> Vec<Value> {
    let mut statement = conn.prepare(&format!("SELECT doc FROM {table} ORDER BY rowid")).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|text| serde_json::from_str(&text.unwrap()).unwrap()).collect()
}

/// What the API of an old version returned for each row of a table.
fn expected_documents(conn: &Connection, table: &str) -> Vec<Value> {
    if conn.column_exists(None, table, "doc").unwrap() {
        return documents(conn, table);
    }
    // Internal columns that the API doesn't return.
    let hidden = [
        "workspace_no",
        "domain_key",
        "search",
        "email_key",
        "email_repeat",
        "deleted_at",
        "customer_deleted_at",
    ];
    let times = ["created_at", "updated_at", "started_at", "completed_at", "target_launch_date"];
    let flags = ["is_primary", "waiting_on_customer", "reminders_enabled"];
    let json = ["tags", "labels", "metadata"];
    let mut statement = conn.prepare(&format!("SELECT * FROM {table} ORDER BY rowid")).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let mut object = Map::new();
        object.insert("object".to_owned(), table.trim_end_matches('s').into());
        for (at, name) in names.iter().enumerate() {
            let name = name.as_str();
            let value = match row.get_ref(at)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) if times.contains(&name) => {
                    Timestamp::from_micros(number).to_string().into()
                }
                ValueRef::Integer(number) if flags.contains(&name) => (number == 1).into(),
                ValueRef::Integer(number) => number.into(),
                text if json.contains(&name) => serde_json::from_str(text.as_str()?).unwrap(),
                text => text.as_str()?.into(),
            };
            if !hidden.contains(&name) {
                object.insert(name.to_owned(), value);
            }
        }
        Ok(Value::Object(object))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn an_upgraded_database_returns_the_same_text_as_before() {
    let dir = old_dir(5);
    let server = Server::start_in(Arc::clone(&dir), &[]);
    let key = server.create_key(&["--workspace", "odd"]);
    let get = |path: &str| {
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
        );
        let response = server.raw(request.as_bytes());
        response.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert_eq!(
        get("/customers/1"),
        "{\"object\":\"customer\",\"id\":\"c00000000000000000000000o1\",\"display_id\":1,\"name\":\" \",\
         \"slug\":\"-\",\"domain\":\"A.\",\"status\":\"active\",\"plan\":\"a\\u0000b\",\"mrr\":0,\
         \"monthly_orders\":0,\"hubspot_company_id\":\" \",\"hubspot_deal_id\":\"\\t\\\"\\\\\u{7f}\",\
         \"stripe_customer_id\":\" \",\"intercom_company_id\":\"\u{2028}\",\"slack_channel_id\":\"\u{10ffff}\",\
         \"tags\":[\"b\",\"b\",\"é/\"],\"metadata\":{ \"b\" : 1e400 , \"a\" : [ 1.50 , \
         123456789012345678901234567890 ],  \"b\" : \"x\" },\"created_at\":\"2023-11-14T22:13:20.000Z\",\
         \"updated_at\":\"9999-12-31T23:59:59.999Z\"}"
    );
    assert_eq!(
        get("/contacts/1"),
        "{\"object\":\"contact\",\"id\":\"c00000000000000000000000p1\",\"display_id\":1,\
         \"customer_id\":\"c00000000000000000000000o1\",\"name\":\" \",\"email\":\"no address\",\
         \"title\":\" \",\"is_primary\":true,\"labels\":[\"\"],\
         \"created_at\":\"2023-11-14T22:13:20.000Z\",\"updated_at\":\"2023-11-14T22:13:20.000Z\"}"
    );
    assert_eq!(
        get("/onboardings/1"),
        "{\"object\":\"onboarding\",\"id\":\"c00000000000000000000000q1\",\"display_id\":1,\
         \"customer_id\":\"c00000000000000000000000o1\",\"name\":\" \",\"template_id\":\"\",\
         \"phase\":\"completed\",\"state\":\"active\",\"waiting_on_customer\":false,\
         \"started_at\":\"0001-01-01T00:00:00.000Z\",\"completed_at\":\"1969-12-31T23:59:59.999Z\",\
         \"target_launch_date\":\"9999-12-31T23:59:59.999Z\",\"csm_id\":\" \",\"se_id\":\"\",\
         \"designer_id\":\"a\\u0000b\",\"product_ops_id\":\"\\n\",\"notes\":\"a\\r\\n\\\"b\\\"\\\\\",\
         \"reminders_enabled\":true,\"reminder_frequency_days\":1,\
         \"created_at\":\"2023-11-14T22:13:20.000Z\",\"updated_at\":\"2023-11-14T22:13:20.000Z\"}"
    );
    // An onboarding of a deleted customer can still be retrieved; a deleted onboarding cannot.
    assert!(get("/onboardings/3").contains("\"c00000000000000000000000q3\""));
    assert!(get("/onboardings/2").contains("not_found"));
    assert!(get("/customers/2").contains(&format!("{{\"k\":\"{}\"}}", "ä".repeat(12_000))));
}

#[test]
fn an_upgrade_from_version_4_adds_the_normalized_forms_of_values() {
    let server = Server::start_in(old_dir(4), &[]);
    let client = server.client_with(&server.create_key(&["--workspace", "old"]));
    let found = |query: &str| {
        let list = client.get(&format!("/customers?{query}")).expect(200);
        let items = list["data"].as_array().unwrap().iter();
        items.map(|item| item["display_id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(found("domain=xn--mnchen-3ya.example"), [11, 10]);
    assert_eq!(found("q=STRASSE"), [10]);
    assert_eq!(found("q=%D0%96%D0%98%D0%92"), [2]);
    // Gaps in the numbers of a slug are filled, and slugs that only look numbered don't count.
    client.patch("/customers/16", json!({"slug": "sixteen"})).expect(200);
    let slugs: Vec<_> = (0..4).map(|_| client.customer("Numbered")["slug"].clone()).collect();
    assert_eq!(slugs, ["numbered-4", "numbered-6", "numbered-7", "numbered-8"]);
}

#[test]
fn emails_that_now_compare_equal_survive_an_upgrade_but_no_third_one_is_accepted() {
    let server = Server::start_in(old_dir(4), &[]);
    let client = server.client_with(&server.create_key(&["--workspace", "old"]));
    wait_until("the upgrade is logged", || {
        server.log().contains("workspace `old`, customer 10: the email of contact 12")
    });
    assert!(!server.log().contains("of contact 13"), "{}", server.log());
    let (path, forms) = (
        "/customers/10/contacts",
        ["jörg@münchen.example", "jo\u{308}rg@münchen.example", "jörg@xn--mnchen-3ya.example"],
    );
    assert_eq!(client.walk(path).len(), 2);
    let refuse_all = || {
        for form in forms {
            let body = json!({"name": "N", "email": form});
            client.post(path, body).refused(409, "email_taken", "email");
        }
    };
    refuse_all();
    // Both contacts can be updated, including with their own email.
    for (id, email) in [(11, forms[2]), (12, forms[0])] {
        let patch = json!({"name": "Q", "email": email});
        let contact = client.patch(&format!("/contacts/{id}"), patch).expect(200);
        assert_eq!((&contact["name"], &contact["email"]), (&json!("Q"), &json!(email)));
        let other = json!({"email": forms[1]});
        client.patch(&format!("/contacts/{id}"), other).refused(409, "email_taken", "email");
    }
    // Once one of the two is gone, the other one holds the email alone.
    client.delete("/contacts/11").expect(200);
    refuse_all();
    client.patch("/contacts/12", json!({"email": forms[1]})).expect(200);
    refuse_all();
    client.patch("/contacts/12", json!({"email": "other@münchen.example"})).expect(200);
    client.post(path, json!({"name": "N", "email": forms[0]})).expect(201);
    refuse_all();
}

#[test]
fn a_second_upgrade_from_the_same_version_keeps_the_copy_of_the_first() {
    let dir = old_dir(3);
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.stop(), Some(0));
    let first = fs::read(dir.path().join("pivotal.db.schema-3.backup")).unwrap();
    let again = old_dir(3);
    Connection::open(again.path().join("pivotal.db"))
        .unwrap()
        .execute_batch("DELETE FROM health")
        .unwrap();
    fs::rename(again.path().join("pivotal.db"), dir.path().join("pivotal.db")).unwrap();
    let mut server = Server::start_in(Arc::clone(&dir), &[]);
    assert_eq!(server.stop(), Some(0));
    assert!(fs::read(dir.path().join("pivotal.db.schema-3.backup")).unwrap() == first);
    assert!(dir.path().join("pivotal.db.schema-3.backup-2").exists());
}

#[test]
fn a_failed_upgrade_leaves_the_file_unchanged_and_makes_no_copy() {
    let dir = old_dir(3);
    let file = dir.path().join("pivotal.db");
    // A table that the upgrade is about to create exists already.
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE database (a)").unwrap();
    for _ in 0..2 {
        let output =
            command(dir.path()).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("failed and was undone"), "{said}");
        let copies = fs::read_dir(dir.path()).unwrap();
        let names = copies.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(names.into_iter().all(|name| !name.contains("schema")), "{said}");
    }
    let conn = Connection::open(&file).unwrap();
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 3);
}

#[test]
fn an_upgrade_is_refused_while_a_server_runs() {
    let mut server = Server::start_new();
    server.sqlite().pragma_update(None, "user_version", 1).unwrap();
    let create = ["keys", "create", "--workspace", "default", "--name", "New"];
    let output = server.run(&create);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("stop that server first"), "{said}");
    assert!(server.is_running());
}

#[test]
fn an_interrupted_first_start_does_not_block_the_next() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    fs::write(dir.path().join("pivotal.db.new"), "half a database").unwrap();
    let server = Server::start_in(dir, &[]);
    server.client().get("/me").expect(200);
}
