//! Connections and pools, on a real server.

use std::time::Duration;

use r2d2::ManageConnection;

use super::connector::Connector;
use super::pool;
use super::session::Session;
use super::version::check_version;
use crate::model::database_url::DatabaseUrl;
use crate::store::engine::postgres::durability::{Copies, Durability};
use crate::store::engine::postgres::failure::{Failure, classify};
use crate::store::engine::postgres::test_database::TestDatabase;

const WAIT: Duration = Duration::from_secs(60);

fn refused(url: &str) -> String {
    let url: DatabaseUrl = url.parse().unwrap();
    let connector = Connector::new(&url).unwrap();
    connector.connect(Session::unlimited()).unwrap_err().to_string()
}

#[test]
fn the_first_host_that_answers_is_used() {
    let Some(database) = TestDatabase::create() else { return };
    let url = database.url().to_string().replacen('@', "@127.0.0.1:1,", 1);
    let connector = Connector::new(&url.parse().unwrap()).unwrap();
    let connection = connector.connect(Session::unlimited()).unwrap();
    assert!(!connection.is_read_only(Duration::from_secs(60)).unwrap());
    check_version(&connection).unwrap();
}

#[test]
fn a_server_that_does_not_accept_writes_is_refused() {
    let Some(database) = TestDatabase::create() else { return };
    let manager = pool::PgManager::new(database.connector(), Session::unlimited());
    let mut pooled = manager.connect().unwrap();
    let sql = "SET default_transaction_read_only = on";
    pooled.connection.batch_execute(sql).unwrap();
    // Once another connection breaks, the pool asks the server, however recently this one was used.
    let mut lost = manager.connect().unwrap();
    lost.connection.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())").unwrap_err();
    assert!(manager.has_broken(&mut lost));
    let refused_in_pool = manager.is_valid(&mut pooled).unwrap_err();
    assert!(matches!(refused_in_pool, pool::PoolError::ReadOnly), "{refused_in_pool}");
    let name = database.url().name().to_owned();
    let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    database.connect().batch_execute(&sql).unwrap();
    let why = refused(database.url().secret_text());
    assert!(why.contains("it is a standby, or it is read-only"), "{why}");
}

#[test]
fn a_pool_replaces_connections_that_are_lost() {
    let Some(database) = TestDatabase::create() else { return };
    let pool = pool::open(database.connector(), Session::unlimited(), 2, WAIT);
    let process = |pooled: &pool::PooledPg| -> i32 {
        let sql = "SELECT pg_backend_pid()";
        pooled.connection.rows(sql, &[]).unwrap()[0].get(0)
    };
    let (one, other) = (pool.get().unwrap(), pool.get().unwrap());
    let mut admin = database.connect();
    for pooled in [&one, &other] {
        admin.query_one("SELECT pg_terminate_backend($1, 60000)", &[&process(pooled)]).unwrap();
    }
    let lost = one.connection.batch_execute("SELECT 1").unwrap_err();
    assert!(matches!(classify(&lost), Failure::Unavailable(_)), "{lost:?}");
    // The other one doesn't know yet, but the pool asks.
    drop((other, one));
    for _ in 0..4 {
        pool.get().unwrap().connection.batch_execute("SELECT 1").unwrap();
    }
    let open = pool.get().unwrap();
    open.connection.begin("BEGIN").unwrap();
    let before = process(&open);
    drop(open);
    let held = [pool.get().unwrap(), pool.get().unwrap()];
    assert!(held.iter().all(|pooled| process(pooled) != before), "its transaction was open");
}

#[test]
fn errors_name_the_host_and_what_to_do_but_no_secret() {
    let Some(database) = TestDatabase::create() else { return };
    let url = database.url();
    let at = url.hosts()[0].to_string();
    let why = refused(&format!("postgres://postgres:SECRET@{at}/not%22there?sslmode=disable"));
    assert!(why.contains(&at) && why.contains("CREATE DATABASE \"not\"\"there\""), "{why}");
    let why = refused(&format!("postgres://nobody:SECRET@{at}/{}", url.name()));
    assert!(why.contains("check the user and the password"), "{why}");
    let why = refused("postgres://u:SECRET@127.0.0.1:1,127.0.0.1:2/x");
    assert!(why.contains("at 127.0.0.1:1: ") && why.contains("at 127.0.0.1:2: "), "{why}");
    assert!(why.contains("refused") && !why.contains("SECRET"), "{why}");
}

#[test]
fn limits_end_statements() {
    let Some(database) = TestDatabase::create() else { return };
    let slow = database.connect_as_server(Session::reader(Duration::from_millis(20)));
    let error = slow.batch_execute("SELECT pg_sleep(600)").unwrap_err();
    assert_eq!(classify(&error), Failure::Interrupted);
    let first = database.connect_as_server(Session::unlimited());
    first.begin("BEGIN; LOCK TABLE pg_description").unwrap();
    let second = database.connect_as_server(Session::writer(Duration::from_millis(20)));
    let error = second.begin("BEGIN; LOCK TABLE pg_description").unwrap_err();
    assert!(matches!(classify(&error), Failure::Unavailable(_)), "{error:?}");
    assert!(!second.is_closed());
}

#[test]
fn values_of_rows_stay_out_of_error_messages() {
    let Some(database) = TestDatabase::create() else { return };
    let connection = database.connect_as_server(Session::unlimited());
    connection
        .batch_execute(
            "CREATE TABLE customers (slug TEXT NOT NULL, no BIGINT CHECK (no > 0));
             CREATE UNIQUE INDEX customers_by_slug ON customers (slug);
             INSERT INTO customers VALUES ('SECRET', 1)",
        )
        .unwrap();
    for (sql, expected) in [
        ("INSERT INTO customers VALUES ('SECRET', 1)", None),
        ("INSERT INTO customers VALUES ('SECRET2', -1)", Some("23514")),
        ("INSERT INTO customers VALUES ('SECRET2', 'SECRET')", Some("22P02")),
    ] {
        let failure = classify(&connection.batch_execute(sql).unwrap_err());
        match (expected, &failure) {
            (None, Failure::Taken(index)) => assert_eq!(index, "customers_by_slug"),
            (Some(code), Failure::Internal(why)) => assert!(why.contains(code), "{why}"),
            other => panic!("{other:?}"),
        }
        assert!(!format!("{failure:?}").contains("SECRET"), "{failure:?}");
    }
}

#[test]
fn a_server_that_can_lose_changes_is_refused_with_the_settings_to_change() {
    let Some(database) = TestDatabase::create() else { return };
    let connection = database.connect_as_server(Session::unlimited());
    connection.batch_execute("SET synchronous_commit = local").unwrap();
    let durability = Durability::read(&connection).unwrap();
    let why = durability.check(Copies::Two).unwrap_err().to_string();
    assert!(why.contains("synchronous_commit is local"), "{why}");
    connection.batch_execute("SET synchronous_commit = remote_apply").unwrap();
    let durability = Durability::read(&connection).unwrap();
    let why = durability.check(Copies::Two).err().map(|why| why.to_string()).unwrap_or_default();
    assert!(!why.contains("synchronous_commit"), "{why}");
}
