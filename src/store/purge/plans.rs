//! Tests that purging does not scan large tables, which would make the writes of requests wait.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::SavedResponses;
use crate::model::caller::Caller;
use crate::model::contact::ContactRef;
use crate::model::customer::CustomerRef;
use crate::model::event::Actor;
use crate::model::onboarding::OnboardingRef;
use crate::model::values::currency::Currency;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{Workspace, WorkspaceNo};
use crate::store::engine::unchecked::Unchecked;
use crate::store::reader::Reader;
use crate::store::rows::plans::{database, plan, statements};
use crate::store::tx::Tx;

/// A database with a deleted customer that has a contact, an onboarding, an event, and a saved
/// response.
fn database_with_deleted() -> Connection {
    let conn = database();
    conn.execute_batch(
        "UPDATE customers SET deleted_at = 0;
         UPDATE onboardings SET customer_deleted_at = 0;
         INSERT INTO contacts VALUES ('c4', 1, 'c2', 1, 'a@a.example', 0, 0, 0, 0, 0, 1, '{}');
         INSERT INTO events VALUES ('evt_1', 1, 5, 'customer.created', 1, 'admin', 'cli',
             'command line', 'customer', 'c2', 'c2', NULL, NULL, NULL, '{}');
         INSERT INTO idempotency_keys VALUES (1, 'POST', x'01', zeroblob(32), 201, '/customers/c2',
             x'7b7d', 0);",
    )
    .unwrap();
    conn
}

fn caller() -> Caller {
    let workspace = Workspace {
        no: WorkspaceNo(1),
        id: Id::from_stored("c1".to_owned()),
        slug: Slug::parse("w").unwrap(),
        name: Name::parse("W").unwrap(),
        created_at: Timestamp::from_micros(0),
        currency: Currency::DEFAULT,
    };
    Caller { workspace, actor: Actor::command_line(), livemode: true }
}

/// Returns the steps of the plans of these statements that walk a table or an index from its
/// beginning to its end.
///
/// Leaves out what foreign keys need: rows of large tables are deleted without them.
fn scans(conn: &Connection, statements: &BTreeSet<String>) -> BTreeSet<String> {
    let _unchecked = Unchecked::references(conn.into()).unwrap();
    // A line for each trigger is not a statement.
    let statements = statements.iter().filter(|sql| !sql.starts_with("--"));
    let steps = statements.flat_map(|sql| plan(conn, sql));
    let small = ["SCAN CONSTANT ROW", "SCAN sqlite_temp_schema"];
    steps.filter(|step| step.starts_with("SCAN") && !small.contains(&step.as_str())).collect()
}

fn purge(conn: &mut Connection, what: impl FnOnce(&Tx<'_>)) -> BTreeSet<String> {
    conn.execute_batch("BEGIN").unwrap();
    let seen = statements(conn, |reader| {
        what(&Tx { conn: reader.conn, now: Timestamp::from_micros(9) });
    });
    conn.execute_batch("ROLLBACK").unwrap();
    assert!(seen.iter().any(|sql| sql.starts_with("DELETE FROM")), "{seen:#?}");
    scans(conn, &seen)
}

#[test]
fn purging_a_record_scans_nothing() {
    let mut conn = database_with_deleted();
    let ids = ["c2", "c3", "c4"].map(str::to_owned);
    let responses = SavedResponses::search((&conn).into(), ids).unwrap();
    let scans = purge(&mut conn, |tx| {
        let caller = caller();
        let tx = tx.for_caller(&caller);
        let (customer, onboarding, contact) = ("c2".to_owned(), "c3".to_owned(), "c4".to_owned());
        tx.purge_contact(&ContactRef::Id(Id::from_stored(contact)), &responses).unwrap();
        let id = OnboardingRef::Id(Id::from_stored(onboarding));
        tx.purge_onboarding(&id, &responses).unwrap();
        let id = CustomerRef::Id(Id::from_stored(customer));
        let purged = tx.purge_customer(&id, &responses).unwrap();
        assert_eq!((purged.counts.events, purged.counts.saved_responses), (1, 1));
    });
    assert_eq!(scans, BTreeSet::new());
}

#[test]
fn a_preview_scans_only_the_saved_responses() {
    let mut conn = database_with_deleted();
    let seen = statements(&mut conn, |reader| {
        let id = CustomerRef::Id(Id::from_stored("c2".to_owned()));
        reader.purge_preview(&id).unwrap();
    });
    assert_eq!(Vec::from_iter(scans(&conn, &seen)), ["SCAN idempotency_keys"]);
}

#[test]
fn deleted_records_are_found_among_the_deleted_ones() {
    let mut conn = database_with_deleted();
    let seen = statements(&mut conn, |reader| {
        let reader = Reader { conn: reader.conn };
        // The first time, it ends with the customer.
        reader.due_records(Timestamp::from_micros(9)).unwrap();
        reader.due_records(Timestamp::from_micros(0)).unwrap();
    });
    assert_eq!(
        Vec::from_iter(scans(&conn, &seen)),
        [
            "SCAN idempotency_keys",
            "SCAN r USING INDEX contacts_deleted",
            "SCAN r USING INDEX onboardings_deleted",
        ]
    );
}

#[test]
fn purging_events_and_workspaces_scans_only_small_tables() {
    let mut conn = database_with_deleted();
    let events = purge(&mut conn, |tx| {
        tx.purge_events(WorkspaceNo(1), Timestamp::from_micros(9)).unwrap();
    });
    let workspace = purge(&mut conn, |tx| {
        let new = crate::model::workspace::NewWorkspace {
            slug: Slug::parse("x").unwrap(),
            name: Name::parse("X").unwrap(),
        };
        tx.create_workspace(new).unwrap().unwrap();
        let id = Id::from_stored("c1".to_owned());
        let deleting = tx.delete_workspace(&Actor::command_line(), &id).unwrap().unwrap();
        while tx.delete_workspace_rows(deleting).unwrap() {}
    });
    for step in events.iter().chain(&workspace) {
        let table = step.split(' ').nth(1).unwrap();
        assert!(["w", "workspaces", "purges", "webhook_endpoints"].contains(&table), "{step}");
    }
}
