//! What an upgrade makes of rows, from the inside; `tests/black_box/ops/files` has the rest.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::*;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::onboarding::Onboarding;

const SCHEMA: &str = include_str!("../../../tests/black_box/fixtures/schema-5.sql");
const ROWS: &str = include_str!("../../../tests/black_box/fixtures/rows-5.sql");

/// A database of version 5 after its upgrade.
fn upgraded() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pivotal.db");
    let conn = Connection::open(&path).unwrap();
    conn.execute_batch(SCHEMA).unwrap();
    conn.execute_batch(ROWS).unwrap();
    conn.close().unwrap();
    run(&path, &(Arc::new(()) as _)).unwrap();
    (dir, path)
}

/// The properties that shape 1 did not have yet are left out.
fn assert_as_the_model_writes_it<R: Serialize + DeserializeOwned>(conn: &Connection, table: &str) {
    let mut statement = conn.prepare(&format!("SELECT doc, shape FROM {table}")).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(String, i64)> = rows.map(Result::unwrap).collect();
    assert!(rows.len() > 3, "{table}");
    for (text, shape) in rows {
        assert_eq!(shape, documents::SHAPE);
        let resource: R = serde_json::from_str(&text).unwrap();
        let known: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let mut now = serde_json::to_string(&resource).unwrap();
        for (property, value) in serde_json::to_value(&resource).unwrap().as_object().unwrap() {
            if !known.contains_key(property) {
                now = now.replacen(&format!(",\"{property}\":{value}"), "", 1);
            }
        }
        assert_eq!(now, text);
    }
}

#[test]
fn documents_are_the_text_that_the_model_writes() {
    let (_dir, path) = upgraded();
    let conn = Connection::open(&path).unwrap();
    assert_as_the_model_writes_it::<Customer>(&conn, "customers");
    assert_as_the_model_writes_it::<Contact>(&conn, "contacts");
    assert_as_the_model_writes_it::<Onboarding>(&conn, "onboardings");
}

#[test]
fn an_upgraded_database_is_left_alone() {
    let (dir, path) = upgraded();
    let before = std::fs::read(&path).unwrap();
    run(&path, &(Arc::new(()) as _)).unwrap();
    // Only the mode of the log is another one, in the header.
    assert!(std::fs::read(&path).unwrap()[100..] == before[100..]);
    assert!(!dir.path().join("pivotal.db.schema-6.backup").exists());
}
