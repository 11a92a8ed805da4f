//! Tests the sessions of the admin pages, and the forms that they submit.

use std::sync::Arc;

use rusqlite::Connection;

use super::copies;
use super::sessions::{AdminSession, NewAdminSession};
use crate::model::clock::{FixedClock, Monotonic};
use crate::model::values::id::Id;
use crate::model::values::time::Timestamp;
use crate::store::{DataDir, Store, StoreError, Tx, WriteScope};

const DAY: i64 = 24 * 60 * 60;

/// Opens the database of a directory at a time.
fn store_at(dir: &tempfile::TempDir, seconds: i64) -> Store {
    let micros = seconds * 1_000_000;
    let clock = FixedClock(Timestamp::from_micros(micros), Monotonic::from_micros(micros));
    Store::open_or_create(&DataDir::new(dir.path()), Arc::new(clock)).unwrap()
}

fn write<T: Send + 'static>(
    store: &Store,
    change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> T {
    store.write_blocking(WriteScope::Database, change).unwrap()
}

fn token(no: u16) -> [u8; 32] {
    let mut token = [0; 32];
    token[..2].copy_from_slice(&no.to_be_bytes());
    token
}

fn new_session(no: u16) -> NewAdminSession {
    NewAdminSession {
        token: token(no),
        id: format!("session {no}"),
        password_set_at: Timestamp::from_micros(7),
        address: "192.0.2.1".to_owned(),
        device: "Firefox on Linux".to_owned(),
        workspace: None,
    }
}

fn open(store: &Store, no: u16) {
    write(store, move |tx| tx.open_session(&new_session(no), None));
}

fn find(store: &Store, no: u16) -> Option<AdminSession> {
    store.read(|reader| reader.admin_session(&token(no))).unwrap()
}

fn count(store: &Store) -> usize {
    store.read(|reader| reader.admin_sessions()).unwrap().len()
}

#[test]
fn a_session_is_kept_with_its_last_request_and_workspace_until_it_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_at(&dir, 10);
    let workspace = Id::generate();
    open(&store, 1);
    let chosen = workspace.clone();
    write(&store, move |tx| tx.set_session_workspace(&token(1), &chosen));
    drop(store);
    let store = store_at(&dir, 70);
    write(&store, |tx| tx.see_session(&token(1), "192.0.2.9", "curl"));
    let expected = AdminSession {
        token: token(1),
        id: "session 1".to_owned(),
        password_set_at: Timestamp::from_micros(7),
        signed_in_at: Timestamp::from_micros(10_000_000),
        last_seen_at: Timestamp::from_micros(70_000_000),
        address: "192.0.2.9".to_owned(),
        device: "curl".to_owned(),
        workspace: Some(workspace),
    };
    assert_eq!(find(&store, 1), Some(expected));
    write(&store, |tx| tx.close_session(&token(1)));
    write(&store, |tx| tx.see_session(&token(1), "192.0.2.9", "curl"));
    assert_eq!(find(&store, 1), None, "a late request opens nothing");
}

#[test]
fn sessions_are_ended_by_their_id_by_a_new_sign_in_and_all_others_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_at(&dir, 10);
    (1..=5).for_each(|no| open(&store, no));
    assert!(write(&store, |tx| tx.end_session("session 1")));
    assert!(!write(&store, |tx| tx.end_session("session 1")));
    write(&store, |tx| tx.open_session(&new_session(6), Some(&token(2))));
    assert_eq!((find(&store, 1), find(&store, 2)), (None, None));
    assert_eq!(count(&store), 4);
    write(&store, |tx| tx.end_other_sessions(&token(6)));
    assert_eq!(count(&store), 1);
    assert!(find(&store, 6).is_some());
}

#[test]
fn the_longest_idle_session_makes_room_for_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_at(&dir, 10);
    write(&store, |tx| (1..=1_000).try_for_each(|no| tx.open_session(&new_session(no), None)));
    assert_eq!(count(&store), 1_000);
    drop(store);
    let store = store_at(&dir, 20);
    write(&store, |tx| {
        (2..=1_000).try_for_each(|no| tx.see_session(&token(no), "192.0.2.1", "curl"))
    });
    open(&store, 1_001);
    assert_eq!((find(&store, 1), count(&store)), (None, 1_000));
}

#[test]
fn a_form_is_submitted_once_by_a_session_unless_what_it_does_fails() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_at(&dir, 10);
    let submit = |session: u16, succeeds: bool| {
        let result = store.write_blocking(WriteScope::Database, move |tx| {
            let is_first = tx.record_form(&token(session), &[1; 32])?;
            if succeeds { Ok(is_first) } else { Err(StoreError::Internal("on purpose".to_owned())) }
        });
        result.ok()
    };
    let is_submitted = |session: u16| {
        store.read(|reader| reader.is_form_submitted(&token(session), &[1; 32])).unwrap()
    };
    assert_eq!(submit(1, false), None);
    assert!(!is_submitted(1));
    assert_eq!(submit(1, true), Some(true));
    assert_eq!(submit(1, true), Some(false));
    assert!(is_submitted(1) && !is_submitted(2));
    assert_eq!(submit(2, true), Some(true), "another session");
}

#[test]
fn old_sessions_and_forms_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_at(&dir, 0);
    open(&store, 1);
    write(&store, |tx| tx.record_form(&token(1), &[1; 32]));
    drop(store);
    let has_ended = |store: &Store| {
        let now = store.clock().now();
        store.read(|reader| reader.has_ended_sessions(now)).unwrap()
    };
    let store = store_at(&dir, DAY - 1);
    open(&store, 2);
    write(&store, |tx| tx.record_form(&token(2), &[1; 32]));
    assert!(!has_ended(&store));
    drop(store);
    let store = store_at(&dir, DAY);
    assert!(has_ended(&store));
    write(&store, |tx| tx.remove_ended_sessions());
    assert!(!has_ended(&store));
    assert!(find(&store, 1).is_none() && find(&store, 2).is_some());
    let is_submitted =
        |no| store.read(|reader| reader.is_form_submitted(&token(no), &[1; 32])).unwrap();
    assert!(!is_submitted(1) && is_submitted(2));
}

#[test]
fn a_copy_of_a_database_has_no_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_at(&dir, 10);
    open(&store, 1);
    write(&store, |tx| tx.record_form(&token(1), &[1; 32]));
    drop(store);
    let conn = Connection::open(dir.path().join("pivotal.db")).unwrap();
    let rows = |table: &str| {
        conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
    };
    assert_eq!((rows("admin_sessions"), rows("admin_submissions")), (Ok(1), Ok(1)));
    copies::end_sessions(&conn).unwrap();
    assert_eq!((rows("admin_sessions"), rows("admin_submissions")), (Ok(0), Ok(0)));
    let old = Connection::open_in_memory().unwrap();
    copies::end_sessions(&old).unwrap();
}
