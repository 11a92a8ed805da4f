//! Tests of the schema and of what it has in place of SQLite's functions.

use postgres::Client;
use postgres::error::SqlState;

use super::connect::session::Session;
use super::schema::{self, SchemaError};
use super::test_database::TestDatabase;
use crate::store::engine::Conn;
use crate::store::engine::dialect::{by_creation_for_postgres, for_postgres};

fn text(client: &mut Client, sql: &str) -> Option<String> {
    client.query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn servers_that_start_at_the_same_time_create_the_schema_once() {
    let Some(database) = TestDatabase::create() else { return };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| database.create_schema());
        }
    });
    let mut client = database.connect();
    database.create_schema();
    let identity = "SELECT string_agg(id, ' ') FROM database WHERE length(key_check_secret) = 32";
    assert_eq!(text(&mut client, identity).unwrap().len(), 32);
}

#[test]
fn a_database_of_another_version_is_refused() {
    let Some(database) = TestDatabase::create() else { return };
    database.create_schema();
    let conn = database.connect_as_server(Session::unlimited());
    conn.batch_execute("UPDATE pivotal_schema SET version = 999").unwrap();
    let refused = schema::ensure(&conn).unwrap_err();
    assert!(matches!(refused, SchemaError::Newer { found: 999, .. }), "{refused}");
    conn.batch_execute("UPDATE pivotal_schema SET version = 7").unwrap();
    let refused = schema::ensure(&conn).unwrap_err();
    assert!(matches!(refused, SchemaError::Older { found: 7, .. }), "{refused}");
}

#[test]
fn a_schema_with_tables_of_another_program_is_refused_and_left_unchanged() {
    let Some(database) = TestDatabase::create() else { return };
    let conn = database.connect_as_server(Session::unlimited());
    conn.batch_execute("CREATE TABLE invoices (no BIGINT)").unwrap();
    let refused = schema::ensure(&conn).unwrap_err();
    assert!(matches!(&refused, SchemaError::Foreign(name) if name == "public"), "{refused}");
    let functions = "SELECT CAST(count(*) AS text) FROM pg_proc WHERE proname = 'json_field'";
    assert_eq!(text(&mut database.connect(), functions).unwrap(), "0");
    conn.batch_execute("CREATE SCHEMA \"Pivotal\"; SET search_path = \"Pivotal\", public").unwrap();
    schema::ensure(&conn).unwrap();
    let tables = "SELECT CAST(count(*) AS text) FROM pg_tables WHERE schemaname = 'Pivotal'";
    assert!(text(&mut database.connect(), tables).unwrap().parse::<u32>().unwrap() > 10);
    conn.batch_execute("SET search_path = missing").unwrap();
    let refused = schema::ensure(&conn).unwrap_err();
    assert!(matches!(&refused, SchemaError::NoSchema(path) if path == "missing"), "{refused}");
}

#[test]
fn a_role_that_cannot_create_tables_is_told_what_it_needs() {
    let Some(database) = TestDatabase::create() else { return };
    let conn = database.connect_as_server(Session::unlimited());
    conn.batch_execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").unwrap();
    conn.batch_execute("SET ROLE pg_monitor").unwrap();
    let refused = schema::ensure(&conn).unwrap_err().to_string();
    assert!(refused.contains("GRANT CREATE ON SCHEMA public TO pg_monitor"), "{refused}");
}

#[test]
fn functions_of_sqlite_give_the_same_results() {
    let Some(database) = TestDatabase::create() else { return };
    let mut client = database.connect();
    database.create_schema();
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    for expression in [
        "max(1, 2)",
        "max(2, 1)",
        "max(3, 3)",
        "max(NULL, 1)",
        "min(1, 2)",
        "min(2, 1)",
        "min(1, NULL)",
        "instr('a b', 'b')",
        "instr('a', 'A')",
        "instr('äöü', 'ü')",
        "instr('a', '')",
        "json_type('{}')",
        "json_type('[1]')",
        r#"'{"name": "A"}' ->> 'name'"#,
        r#"'{"name": null}' ->> 'name'"#,
        "'{}' ->> 'name'",
        "CAST(NULL AS text) ->> 'name'",
        r#"'{"name": "\u00e4\"\\ \n"}' ->> 'name'"#,
        r#"'{"name": "\\u0000", "n": "\u0000"}' ->> 'name'"#,
        r#"'{"name": "\\\\u0000", "n": "\\\u0000\u0000"}' ->> 'name'"#,
        "+CAST('a' AS text)",
    ] {
        let sql = format!("SELECT CAST({expression} AS text)");
        let expected: Option<String> = sqlite.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(text(&mut client, &sql), expected, "{expression}");
    }
    let hex = |literal: &str| format!("SELECT hex({literal})");
    let expected: String = sqlite.query_row(&hex("x'0afF'"), [], |row| row.get(0)).unwrap();
    assert_eq!(text(&mut client, &hex(r"CAST('\x0afF' AS bytea)")).unwrap(), expected);
    let null = r#"SELECT '{"name": "a\u0000\\\u0000"}' ->> 'name'"#;
    assert_eq!(text(&mut client, null).unwrap(), "a\u{fffd}\\\u{fffd}");
}

/// A workspace with a customer and two events, one of them of the customer.
const ROWS: &str = "
    INSERT INTO workspaces VALUES (1, 'c1', 'w', 'W', 0, 'USD');
    INSERT INTO customers VALUES ('c2', 1, 1, 'a', NULL, 'active', NULL, NULL, 'a', 0, 0, NULL, 1, '{}');
    INSERT INTO events VALUES ('evt_1', 1, 5, 'customer.created', 1, 'admin', 'cli', 'cli',
        'customer', 'c2', 'c2', NULL, NULL, NULL, '{}');
    INSERT INTO events VALUES ('evt_2', 1, 6, 'api_key.created', 1, 'admin', 'cli', 'cli',
        'api_key', 'c9', NULL, NULL, NULL, NULL, '{}');";

#[test]
fn events_are_append_only_except_for_what_an_open_purge_names() {
    let Some(database) = TestDatabase::create() else { return };
    let mut client = database.connect();
    database.create_schema();
    client.batch_execute(ROWS).unwrap();
    let permit = |resource: &str, id: &str, before: &str| {
        format!(
            "INSERT INTO purges (workspace_no, resource, resource_id, events_before, purged_at,
                 actor_type, actor_id, open)
             VALUES (1, '{resource}', {id}, {before}, 0, 'admin', 'cli', 0);"
        )
    };
    let customer = permit("customer", "'c2'", "NULL");
    for refused in [
        "UPDATE events SET livemode = 0".to_owned(),
        "DELETE FROM events".to_owned(),
        "TRUNCATE events CASCADE".to_owned(),
        format!("{customer} DELETE FROM events"),
        format!("{} DELETE FROM events", permit("events", "NULL", "6")),
    ] {
        let error = client.batch_execute(&refused).unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::RESTRICT_VIOLATION), "{refused}: {error:?}");
        assert_eq!(error.as_db_error().unwrap().message(), "events are append-only");
    }
    // A transaction can't commit while a purge still gives its permission.
    let error = client.batch_execute(&format!("{customer} DELETE FROM events WHERE id = 'evt_1'"));
    assert_eq!(error.unwrap_err().code(), Some(&SqlState::FOREIGN_KEY_VIOLATION));
    client
        .batch_execute(&format!(
            "{customer} DELETE FROM events WHERE id = 'evt_1'; UPDATE purges SET open = NULL"
        ))
        .unwrap();
    let left = "SELECT string_agg(id, ' ') FROM events";
    assert_eq!(text(&mut client, left).unwrap(), "evt_2");
}

#[test]
fn rows_come_in_the_order_of_their_creation() {
    let Some(database) = TestDatabase::create() else { return };
    let mut client = database.connect();
    database.create_schema();
    client.batch_execute(ROWS).unwrap();
    let more = "INSERT INTO customers
        SELECT 'c' || n, 1, n, 's' || n, NULL, 'active', NULL, NULL, '', 100 - n, 200, NULL, 1, '{}'
        FROM generate_series(3, 9) AS n";
    client.batch_execute(more).unwrap();
    let rows = "customers AS r CROSS JOIN workspaces AS w
        WHERE r.workspace_no = ?1 AND w.no = r.workspace_no";
    let sql = by_creation_for_postgres("doc, id", rows);
    let rows = client.query(&*for_postgres(&sql), &[&1_i64]).unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row.get(1)).collect();
    assert_eq!(ids, ["c2", "c9", "c8", "c7", "c6", "c5", "c4", "c3"]);
}

#[test]
fn the_size_of_the_database_is_that_of_its_files() {
    let Some(database) = TestDatabase::create() else { return };
    database.create_schema();
    let conn = database.connect_as_server(Session::unlimited());
    let size = Conn::from(&conn).database_size().unwrap();
    assert!(size.bytes > 1 << 20, "{size:?}");
    assert_eq!(size.free_bytes, 0);
}
