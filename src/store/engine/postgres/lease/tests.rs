//! Who has a lease, and what extends it.

use super::*;
use crate::model::clock::{Clock, SystemClock};
use crate::store::engine::postgres::connect::session::Session;
use crate::store::engine::postgres::connection::Origin;
use crate::store::engine::postgres::test_database::TestDatabase;
use crate::store::engine::postgres::writer::Writer;
use crate::store::engine::write_stats::WriteStats;
use crate::store::webhooks::signal::OutboxSignal;
use crate::store::write_scope::WriteScope;

const ONE: Primary = Primary(1);
const OTHER: Primary = Primary(2);

fn is_refused(result: Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError::Unavailable(_)))
}

#[test]
fn nobody_is_trusted_without_a_confirmed_change_that_is_recent() {
    let lease = Lease::required();
    assert!(is_refused(lease.check()) && is_refused(lease.check_for(ONE)));
    lease.confirm(ONE, Instant::now());
    lease.check().unwrap();
    lease.check_for(ONE).unwrap();
    assert!(!lease.is_of_another(ONE));
    lease.confirm(ONE, Instant::now() - VALID_FOR);
    assert!(is_refused(lease.check()) && is_refused(lease.check_for(ONE)));
    assert!(!lease.wait(Duration::ZERO));
}

#[test]
fn a_primary_loses_the_lease_when_another_one_gets_it() {
    let lease = Lease::required();
    lease.confirm(ONE, Instant::now());
    let shared = lease.clone();
    lease.confirm(OTHER, Instant::now());
    assert!(is_refused(shared.check_for(ONE)) && shared.is_of_another(ONE));
    shared.check_for(OTHER).unwrap();
    assert!(shared.wait(Duration::ZERO));
}

#[test]
fn everybody_is_trusted_if_no_lease_is_required() {
    let lease = Lease::default();
    lease.check().unwrap();
    lease.check_for(ONE).unwrap();
    assert!(!lease.is_of_another(ONE));
}

#[test]
fn changes_are_written_only_to_the_primary_that_has_the_lease() {
    let Some(database) = TestDatabase::create() else { return };
    database.create_schema();
    let lease = Lease::required();
    let connector = database.connector().with_lease(lease.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (outbox, stats) = (OutboxSignal::default(), Arc::new(WriteStats::default()));
    let writer = Writer::start(1, &connector, &clock, &outbox, stats).unwrap();
    let write = || {
        let probe = writer.send(WriteScope::SingleRow, |tx| tx.probe());
        probe.unwrap().blocking_recv().unwrap()
    };
    assert!(is_refused(write()), "nobody has it");
    let Origin { primary, .. } = database.connect_as_server(Session::unlimited()).origin();
    lease.confirm(Primary(primary.0 + 1), Instant::now());
    assert!(is_refused(write()), "another server has it");
    // The writer tries to connect again after a pause.
    let begin = Instant::now();
    loop {
        lease.confirm(primary, Instant::now());
        match write() {
            Ok(()) => break,
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(60), "{error}"),
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_response_is_not_waited_for_once_another_primary_has_the_lease() {
    let Some(database) = TestDatabase::create() else { return };
    let lease = Lease::required();
    let connector = database.connector().with_lease(lease.clone());
    let connection = connector.connect(Session::unlimited()).unwrap();
    lease.confirm(Primary(connection.origin().primary.0 + 1), Instant::now());
    connection.batch_execute("SELECT pg_sleep(600)").unwrap_err();
    assert!(connection.is_closed());
}
