//! Tests that no read of the API or of the admin pages scans or sorts a table. Every list and
//! lookup runs with every combination of its filters, and SQLite is asked for the query plan of
//! each statement.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::model::audit::AuditFilter;
use crate::model::board::BoardFilter;
use crate::model::caller::Caller;
use crate::model::customer::{Customer, CustomerFilter, CustomerStatus};
use crate::model::event::{Actor, EventFilter, EventType, ReadableTypes};
use crate::model::event_feed::EventFeedQuery;
use crate::model::idempotency::IdempotentRequest;
use crate::model::key::secret::Prefix;
use crate::model::key::{Mode, Scope, Scopes};
use crate::model::onboarding::{Onboarding, OnboardingFilter, OwnerFilter, Phase, State};
use crate::model::parse::page::{PageRequest, PageText};
use crate::model::parse::params::Params;
use crate::model::resource::ResourceType;
use crate::model::values::currency::Currency;
use crate::model::values::domain::Domain;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{Workspace, WorkspaceNo};
use crate::store::engine::sqlite::schema;
use crate::store::reader::{Reader, WorkspaceReader};
use crate::store::rows::resource::Resource;
use crate::store::tx::{Recording, WorkspaceTx};

const WORKSPACE: WorkspaceNo = WorkspaceNo(1);

/// A database with one customer and one onboarding, so that reads that first look up a parent find
/// it.
pub(in crate::store) fn database() -> Connection {
    let mut conn = Connection::open_in_memory().unwrap();
    schema::create(&mut conn).unwrap();
    let (id, customer) = (Id::from_stored("c3".to_owned()), Id::from_stored("c2".to_owned()));
    let onboarding =
        Onboarding::with_defaults(id, DisplayId(1), customer, Timestamp::from_micros(0));
    let onboarding = serde_json::to_string(&onboarding).unwrap();
    let shapes = (Customer::SHAPE, Onboarding::SHAPE);
    conn.execute_batch(&format!(
        "INSERT INTO workspaces VALUES (1, 'c1', 'w', 'W', 0, 'USD');
         INSERT INTO customers VALUES ('c2', 1, 1, 'a', NULL, 'active', NULL, NULL, 'a', 0, 0, NULL,
             {}, '{{\"name\": \"A\"}}');
         INSERT INTO onboardings VALUES ('c3', 1, 'c2', 1, 'review', 'active', NULL, 0, 0, NULL,
             NULL, {}, '{onboarding}');",
        shapes.0, shapes.1,
    ))
    .unwrap();
    conn
}

/// Runs reads and returns the statements that SQLite executed.
pub(in crate::store) fn statements(
    conn: &mut Connection,
    reads: impl FnOnce(&WorkspaceReader<'_>),
) -> BTreeSet<String> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let recorded = Arc::clone(&seen);
    let record = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(_, sql) = event {
            recorded.lock().unwrap().insert(sql.to_owned());
        }
    };
    conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(record)).unwrap();
    reads(&WorkspaceReader { conn: (&*conn).into(), workspace: WORKSPACE });
    conn.trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>).unwrap();
    std::mem::take(&mut seen.lock().unwrap())
}

/// Returns SQLite's query plan for a statement, step by step.
pub(in crate::store) fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values = vec![rusqlite::types::Null; statement.parameter_count()];
    let rows =
        statement.query_map(rusqlite::params_from_iter(values), |row| row.get("detail")).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Returns whether a statement reads table rows in addition to the indexes it walks. The query plan
/// does not show this: it calls a partial index "covering" only if the statement doesn't test the
/// index's condition.
fn reads_rows(conn: &Connection, sql: &str) -> bool {
    let mut statement = conn.prepare(&format!("EXPLAIN {sql}")).unwrap();
    let values = vec![rusqlite::types::Null; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
        Ok((row.get("opcode")?, row.get("p1")?, row.get("p3")?))
    });
    let steps: Vec<(String, i64, i64)> = rows.unwrap().map(Result::unwrap).collect();
    // A table cursor only moves when a column is read from it.
    let mut tables = steps.iter().filter(|(code, ..)| code == "DeferredSeek").map(|step| step.2);
    tables.any(|table| steps.iter().any(|(code, cursor, _)| code == "Column" && *cursor == table))
}

#[track_caller]
fn assert_only_searches(conn: &Connection, statements: &BTreeSet<String>) {
    for sql in statements {
        let plan = plan(conn, sql);
        assert!(!plan.is_empty());
        for step in &plan {
            let searches = step.starts_with("SEARCH") || step.starts_with("CORRELATED");
            assert!(searches, "{sql}\n{plan:#?}");
        }
    }
}

/// All combinations of setting and not setting `N` filters.
fn combinations<const N: usize>() -> impl Iterator<Item = [bool; N]> {
    (0..1 << N).map(|bits: u32| std::array::from_fn(|n| bits & (1 << n) != 0))
}

fn pages() -> [PageRequest; 2] {
    let first = PageRequest::default();
    [first, PageRequest { before: Some(Timestamp::from_micros(1)), ..first }]
}

#[test]
fn every_list_of_customers_walks_an_index() {
    let mut conn = database();
    let seen = statements(&mut conn, |reader| {
        for [status, slug, domain, hubspot, stripe, q] in combinations() {
            let text = |given: bool| given.then(|| "x".to_owned());
            let filter = CustomerFilter {
                status: status.then_some(CustomerStatus::Active),
                slug: text(slug),
                domain: text(domain),
                hubspot_company_id: text(hubspot),
                stripe_customer_id: text(stripe),
                q: text(q),
            };
            for page in pages() {
                reader.customers::<PageText>(&filter, &page).unwrap();
            }
        }
    });
    assert_eq!(seen.len(), 128);
    assert_only_searches(&conn, &seen);
}

#[test]
fn a_shared_domain_is_found_by_its_index_alone() {
    let mut conn = database();
    let seen = statements(&mut conn, |reader| {
        assert!(!reader.is_domain_shared(&Domain::parse("a.example").unwrap()).unwrap());
    });
    assert_eq!(seen.len(), 1);
    assert_only_searches(&conn, &seen);
    for sql in &seen {
        let plan = plan(&conn, sql);
        assert!(plan[0].contains("customers_by_domain"), "{plan:#?}");
        assert!(!reads_rows(&conn, sql) && sql.contains("LIMIT 2"), "{sql}");
    }
}

#[test]
fn every_list_of_onboardings_and_contacts_walks_an_index() {
    let mut conn = database();
    let customer = Ref::DisplayId(DisplayId(1));
    let seen = statements(&mut conn, |reader| {
        for page in pages() {
            for [phase, state] in combinations() {
                let phase = phase.then_some(Phase::Review);
                let filter = OnboardingFilter { phase, state: state.then_some(State::Active) };
                reader.onboardings::<PageText>(&OwnerFilter::Any, &filter, &page).unwrap();
                reader.onboardings_of::<PageText>(&customer, &filter, &page).unwrap();
            }
            reader.contacts_of::<PageText>(&customer, &page).unwrap();
        }
    });
    assert_eq!(seen.len(), 19);
    assert_only_searches(&conn, &seen);
}

#[test]
fn every_list_of_events_walks_an_index() {
    let mut conn = database();
    use Scope::{ReadContacts, ReadCustomers, ReadOnboardings};
    let scopes = combinations().map(|[contacts, onboardings]| {
        let more = [(contacts, ReadContacts), (onboardings, ReadOnboardings)];
        let more = more.into_iter().filter(|(has, _)| *has).map(|(_, scope)| scope);
        Scopes::new_or_all(&more.chain([ReadCustomers]).collect::<Vec<_>>())
    });
    let scopes: Vec<Scopes> = scopes.collect();
    let seen = statements(&mut conn, |reader| {
        for page in pages() {
            for kind in [None, Some(EventType::CustomerCreated)] {
                let (filter, id) = (EventFilter { kind }, DisplayId(1));
                for scopes in &scopes {
                    let (customer, readable) =
                        (Ref::DisplayId(id), ReadableTypes::from_scopes(scopes));
                    reader.customer_activity(&customer, readable, &filter, &page).unwrap();
                }
                reader.onboarding_activity(&Ref::DisplayId(id), &filter, &page).unwrap();
            }
        }
    });
    // Each page with and without an event type: of an onboarding, and of a customer with one, two
    // or three readable resource types. Plus the two lookups of the parent.
    assert_eq!(seen.len(), 4 + 4 * 3 + 2);
    assert_only_searches(&conn, &seen);
    for sql in seen.iter().filter(|sql| sql.contains("resource IN")) {
        let plan = plan(&conn, sql);
        assert!(plan[0].contains("events_by_customer (customer_id=?"), "{sql}\n{plan:#?}");
    }
}

#[test]
fn every_page_of_the_event_feed_walks_an_index() {
    let mut conn = database();
    conn.execute_batch(
        "INSERT INTO events VALUES ('evt_0000000000000000000000001', 1, 5, 'customer.created', 1,
             'admin', 'cli', 'command line', 'customer', 'c2', 'c2', NULL, NULL, NULL, '{}');",
    )
    .unwrap();
    let seen = statements(&mut conn, |reader| {
        for (parameter, value) in [
            ("limit", "1"),
            ("cursor", "2026-01-01"),
            ("after", "1960-01-01"),
            ("after", "evt_0000000000000000000000001"),
        ] {
            for kind in ["customer.*", "contact.created"] {
                let pairs = [("type", kind), (parameter, value)];
                let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
                let query: EventFeedQuery = Params::parse(pairs.to_vec()).unwrap();
                reader.event_feed(&query, ReadableTypes::ALL).unwrap();
            }
        }
    });
    // A filter is in no statement: what is read is the same with and without it. One statement
    // for each direction, one to find a position by its ID, and one to read an event.
    assert_eq!(seen.len(), 4);
    assert_only_searches(&conn, &seen);
    for sql in &seen {
        let plan = plan(&conn, sql);
        let index = if sql.contains("ORDER BY") {
            assert!(sql.contains("LIMIT"), "{sql}");
            "events_by_time (workspace_no=? AND created_at"
        } else {
            "events_by_id (id=?)"
        };
        assert!(plan[0].contains(index), "{sql}\n{plan:#?}");
    }
}

#[test]
fn the_onboardings_to_pause_are_found_by_an_index() {
    let mut conn = database();
    let workspace = Workspace {
        no: WORKSPACE,
        id: Id::from_stored("c1".to_owned()),
        slug: Slug::parse("w").unwrap(),
        name: Name::parse("W").unwrap(),
        created_at: Timestamp::from_micros(0),
        currency: Currency::DEFAULT,
    };
    let caller = Caller { workspace, actor: Actor::command_line(), livemode: true };
    let seen = statements(&mut conn, |reader| {
        let now = Timestamp::from_micros(9);
        let recording = Recording::EventsAndDeliveries;
        let tx = WorkspaceTx { conn: reader.conn, now, caller: &caller, recording };
        tx.pause_onboardings(&Id::from_stored("c2".to_owned())).unwrap();
    });
    let reads =
        seen.into_iter().filter(|sql| sql.starts_with("SELECT") && sql.contains("onboardings"));
    let reads = BTreeSet::from_iter(reads);
    assert_eq!(reads.len(), 1);
    assert_only_searches(&conn, &reads);
}

#[test]
fn every_page_of_the_audit_log_walks_an_index() {
    let mut conn = database();
    let seen = statements(&mut conn, |reader| {
        for [kind, actor, resource, id, from, to] in combinations() {
            let filter = AuditFilter {
                // Not part of the statement.
                text: None,
                kind: kind.then_some(EventType::CustomerCreated),
                actor: actor.then(|| "cli".to_owned()),
                resource: resource.then_some(ResourceType::Customer),
                resource_id: id.then(Id::generate),
                from: from.then(|| Timestamp::from_micros(1)),
                to: to.then(|| Timestamp::from_micros(9)),
            };
            for page in pages() {
                reader.audit(&filter, &page).unwrap();
            }
        }
        reader.actors().unwrap();
    });
    // Every combination of the six filters, except `to`, which is a cursor. Plus the queries for
    // the end of the scan: by resource or by time, with or without a start time. Plus the actors.
    assert_eq!(seen.len(), 64 + 4 + 1);
    assert_only_searches(&conn, &seen);
    for sql in seen.iter().filter(|sql| sql.contains("FROM events")) {
        let plan = plan(&conn, sql);
        let index = if sql.contains("resource_id = ?2") {
            "events_by_resource (resource_id=?"
        } else {
            "(workspace_no=?"
        };
        assert!(plan[0].contains(index), "{sql}\n{plan:#?}");
        // The walk ends at the given time.
        if sql.contains("created_at >=") && sql.contains("created_at <") {
            assert!(plan[0].contains("created_at>? AND created_at<?"), "{sql}\n{plan:#?}");
        }
    }
}

#[test]
fn every_column_of_the_board_walks_an_index() {
    let mut conn = database();
    let customers = [OwnerFilter::Any, OwnerFilter::One(Ref::DisplayId(DisplayId(1)))];
    let seen = statements(&mut conn, |reader| {
        for customer in customers {
            for state in [None, Some(State::Active)] {
                let filter = BoardFilter { state, customer: customer.clone() };
                let columns = reader.board(&filter, 10).unwrap();
                assert_eq!(columns.iter().map(|column| column.cards.len()).sum::<usize>(), 1);
            }
        }
    });
    assert_eq!(seen.len(), 9);
    assert_only_searches(&conn, &seen);
    for sql in seen.iter().filter(|sql| sql.contains("CROSS JOIN")) {
        let plan = plan(&conn, sql);
        assert_eq!(plan.len(), 2, "{plan:#?}");
        assert!(plan[1].contains("SEARCH customers USING INDEX"), "{plan:#?}");
        assert!(plan[1].contains("(id=?)"), "{plan:#?}");
    }
}

#[test]
fn the_overview_is_counted_by_index() {
    let mut conn = database();
    let seen = statements(&mut conn, |reader| {
        reader.overview(Timestamp::from_micros(9)).unwrap();
    });
    assert_eq!(seen.len(), 5);
    // The index entries of the workspace are counted one by one, but not those of other workspaces.
    assert_only_searches(&conn, &seen);
    let reading_rows: Vec<_> = seen.iter().filter(|sql| reads_rows(&conn, sql)).collect();
    // Rows are read only from customers, by whose IDs contacts are counted, and from onboardings
    // that are not completed.
    assert_eq!(reading_rows.len(), 2, "{reading_rows:#?}");
    assert!(reading_rows.iter().any(|sql| sql.contains("contacts")));
    assert!(reading_rows.iter().any(|sql| sql.contains("target_launch_date")));
}

#[test]
fn the_primary_contact_has_its_own_index() {
    let mut conn = database();
    let seen = statements(&mut conn, |reader| {
        reader.primary_contact(&Ref::DisplayId(DisplayId(1))).unwrap();
    });
    assert_only_searches(&conn, &seen);
    let sql = seen.iter().find(|sql| sql.contains("is_primary = 1")).unwrap();
    assert!(plan(&conn, sql)[0].contains("USING INDEX contacts_primary"), "{sql}");
}

#[test]
fn every_lookup_uses_an_index() {
    let mut conn = database();
    let seen = statements(&mut conn, |reader| {
        // The results don't matter, only how the rows are looked up.
        let _ = reader.customer(&Ref::DisplayId(DisplayId(9)));
        let _ = reader.customer(&Ref::Id(Id::generate()));
        let _ = reader.contact(&Ref::DisplayId(DisplayId(9)));
        let _ = reader.contact(&Ref::Id(Id::generate()));
        let _ = reader.onboarding(&Ref::DisplayId(DisplayId(9)));
        let _ = reader.onboarding(&Ref::Id(Id::generate()));
        let _ = Reader { conn: reader.conn }.credentials(&Prefix::new(Mode::Live, "AAAAAAAA"));
        let retry = IdempotentRequest::new("POST /".to_owned(), b"key", b"{}").unwrap();
        let _ = reader.find_replay(&retry, Timestamp::from_micros(0));
    });
    assert_eq!(seen.len(), 8);
    assert_only_searches(&conn, &seen);
}

#[test]
fn the_index_of_the_most_selective_filter_is_used() {
    let mut conn = database();
    let text = Some("x".to_owned());
    let filter = CustomerFilter {
        status: Some(CustomerStatus::Active),
        domain: text.clone(),
        hubspot_company_id: text,
        ..CustomerFilter::default()
    };
    let seen = statements(&mut conn, |reader| {
        reader.customers::<PageText>(&filter, &PageRequest::default()).unwrap();
    });
    let plan = plan(&conn, seen.first().unwrap());
    assert!(plan[0].contains("USING INDEX customers_by_hubspot_company"), "{plan:?}");
}
