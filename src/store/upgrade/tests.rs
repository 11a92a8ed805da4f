//! Tests how rows are converted. `tests/black_box/ops/files` tests everything else.

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

/// Creates a database of version 5 and upgrades it.
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

/// Compares each document with what the model writes, except for fields that shape 1 does not have.
fn assert_documents_match_the_model<R: Serialize + DeserializeOwned>(
    conn: &Connection,
    table: &str,
) {
    let mut statement = conn.prepare(&format!("SELECT doc, shape FROM {table}")).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let rows: Vec<(String, i64)> = rows.map(Result::unwrap).collect();
    assert!(rows.len() > 3, "{table}");
    for (text, shape) in rows {
        assert_eq!(shape, documents::SHAPE);
        let resource: R = serde_json::from_str(&text).unwrap();
        let known: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let mut now = serde_json::to_string(&resource).unwrap();
        for (field, value) in serde_json::to_value(&resource).unwrap().as_object().unwrap() {
            if !known.contains_key(field) {
                now = now.replacen(&format!(",\"{field}\":{value}"), "", 1);
            }
        }
        assert_eq!(now, text);
    }
}

#[test]
fn documents_are_exactly_what_the_model_writes() {
    let (_dir, path) = upgraded();
    let conn = Connection::open(&path).unwrap();
    assert_documents_match_the_model::<Customer>(&conn, "customers");
    assert_documents_match_the_model::<Contact>(&conn, "contacts");
    assert_documents_match_the_model::<Onboarding>(&conn, "onboardings");
}

#[test]
fn an_upgraded_database_is_left_alone() {
    let (dir, path) = upgraded();
    let before = std::fs::read(&path).unwrap();
    run(&path, &(Arc::new(()) as _)).unwrap();
    // Only the journal mode in the header differs.
    assert!(std::fs::read(&path).unwrap()[100..] == before[100..]);
    assert!(!dir.path().join("pivotal.db.schema-6.backup").exists());
}
