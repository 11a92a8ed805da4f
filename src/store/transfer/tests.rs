//! Exports a workspace with a random history, imports it into another database, and exports it
//! again.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Checker, Importer, Planned};
use crate::model::contact::ContactId;
use crate::model::customer::CustomerId;
use crate::model::onboarding::OnboardingId;
use crate::model::transfer::{
    Entry, ExportOptions, Header, LineParser, OnConflict, Outcome, Place,
};
use crate::model::values::id::{DisplayId, Ref};
use crate::store::error::StoreError;
use crate::store::rows::fixture::{Db, body, time_at};
use crate::store::tx::{Recording, WorkspaceTx};

const ALL: ExportOptions = ExportOptions { include_deleted: true, events: true };

fn export(db: &Db, options: ExportOptions) -> Vec<String> {
    let mut lines = Vec::new();
    let mut write = |line: &str, _| {
        lines.push(line.to_owned());
        Ok::<_, StoreError>(())
    };
    let workspace = &db.caller().workspace;
    db.global().export(workspace, options, time_at(0), &mut write).unwrap();
    lines
}

/// Imports an export. Returns the outcome of each line after the header, or its first fault.
fn import(db: &Db, seconds: i64, lines: &[String], on_conflict: OnConflict) -> Vec<String> {
    let header = Header::parse(&lines[0]).unwrap();
    let parser = LineParser::default();
    let entries = || {
        (2..).zip(&lines[1..]).map(|(number, line)| {
            let place = Place::Line(number);
            let entry = parser.parse(&place, line).unwrap_or_else(|faults| panic!("{faults:?}"));
            (place, entry)
        })
    };
    let mut checker = Checker::new(on_conflict, time_at(seconds)).unwrap();
    let mut outcomes = Vec::new();
    for (place, entry) in entries() {
        outcomes.push(db.reader().check_row(&mut checker, &place, entry).unwrap());
    }
    let recording = if header.events { Recording::Nothing } else { Recording::Events };
    let base = db.tx(seconds);
    let tx = WorkspaceTx { conn: base.conn, now: base.now, caller: base.caller, recording };
    let is_faulty = outcomes.iter().any(|checked| checked.outcome == Outcome::Rejected);
    if !is_faulty {
        tx.raise_sequences(&header.last).unwrap();
        let mut importer = Importer::new(checker);
        for ((place, entry), checked) in entries().zip(&outcomes) {
            let (outcome, customer) = (checked.outcome, checked.customer.clone());
            let planned = Planned { place, entry, outcome, customer };
            let written = tx.import_row(&mut importer, planned).unwrap();
            assert_eq!(written, Ok(outcome), "the second pass must agree with the first");
        }
    }
    let text = |checked: &super::Checked| match checked.faults.first() {
        Some(fault) => fault.to_string(),
        None => format!("{:?}", checked.outcome),
    };
    outcomes.iter().map(text).collect()
}

#[derive(Clone, Debug)]
enum Step {
    CreateCustomer(&'static str),
    UpdateCustomer(usize, Value),
    DeleteCustomer(usize),
    CreateContact(usize, Value),
    UpdateContact(usize, Value),
    DeleteContact(usize),
    CreateOnboarding(usize, Value),
    UpdateOnboarding(usize, Value),
    DeleteOnboarding(usize),
}

fn step() -> impl Strategy<Value = Step> {
    use prop::sample::select;
    let number = || 0usize..6;
    let name = select(vec!["Aurora", "Aurora", "Borealis", "Ünïcode \"GmbH\""]);
    let customer = select(vec![
        json!({"status": "churned"}),
        json!({"status": "active", "metadata": {"z": 1.50, "a": null}}),
        json!({"name": "Other", "slug": "aurora-2", "domain": "bücher.example"}),
        json!({"slug": "aurora"}),
        json!({"tags": ["b", "a"], "mrr": 5}),
    ]);
    let contact = || {
        select(vec![
            json!({"name": "Ada", "email": "ada@aurora.example", "is_primary": true}),
            json!({"name": "Bob", "email": "bob@aurora.example", "is_primary": true}),
            json!({"name": "Cy", "email": "cy@bücher.example", "labels": ["x"]}),
        ])
    };
    let onboarding = || {
        select(vec![
            json!({}),
            json!({"name": "Rollout", "phase": "review"}),
            json!({"phase": "completed", "completed_at": null}),
            json!({"phase": "before_getting_started", "state": "at_risk"}),
            json!({"waiting_on_customer": true, "target_launch_date": "2026-06-15"}),
            json!({"phase": "launch", "started_at": null}),
        ])
    };
    prop_oneof![
        3 => name.prop_map(Step::CreateCustomer),
        2 => (number(), customer).prop_map(|(n, json)| Step::UpdateCustomer(n, json)),
        1 => number().prop_map(Step::DeleteCustomer),
        3 => (number(), contact()).prop_map(|(n, json)| Step::CreateContact(n, json)),
        2 => (number(), contact()).prop_map(|(n, json)| Step::UpdateContact(n, json)),
        1 => number().prop_map(Step::DeleteContact),
        3 => (number(), onboarding()).prop_map(|(n, json)| Step::CreateOnboarding(n, json)),
        3 => (number(), onboarding()).prop_map(|(n, json)| Step::UpdateOnboarding(n, json)),
        1 => number().prop_map(Step::DeleteOnboarding),
    ]
}

/// Makes changes through the store. Those that the API refuses change nothing.
fn run(db: &Db, steps: &[(i64, Step)]) {
    fn number<R>(at: usize) -> Ref<R> {
        Ref::DisplayId(DisplayId(i64::try_from(at).unwrap() + 1))
    }
    for (second, step) in steps {
        let tx = db.tx(*second);
        let customer: Ref<_> = match step {
            Step::UpdateCustomer(at, _)
            | Step::DeleteCustomer(at)
            | Step::CreateContact(at, _)
            | Step::CreateOnboarding(at, _) => number(*at),
            _ => number(0),
        };
        match step {
            Step::CreateCustomer(name) => drop(tx.create_customer(body(&json!({"name": name})))),
            Step::UpdateCustomer(_, json) => {
                // The fixture has no savepoints, so a change must not fail half-way.
                let is_free = json["slug"].as_str().is_none_or(|slug| {
                    let sql = "SELECT NOT EXISTS (SELECT 1 FROM customers
                               WHERE slug = ?1 AND deleted_at IS NULL)";
                    tx.conn.query_row(sql, [slug], |row| row.get(0)).unwrap()
                });
                if is_free {
                    drop(tx.update_customer(&customer, body(json)));
                }
            }
            Step::DeleteCustomer(_) => drop(tx.delete_customer(&customer)),
            Step::CreateContact(_, json) => drop(tx.create_contact(&customer, body(json))),
            Step::UpdateContact(at, json) => {
                let email = json!({"name": json["name"], "labels": ["new"]});
                drop(tx.update_contact(&number(*at), body(&email)));
            }
            Step::DeleteContact(at) => drop(tx.delete_contact(&number(*at))),
            Step::CreateOnboarding(at, json) => {
                let mut json = json.clone();
                json["customer_id"] = (at + 1).into();
                drop(tx.create_onboarding(body(&json)));
            }
            Step::UpdateOnboarding(at, json) => {
                drop(tx.update_onboarding(&number(*at), body(json)));
            }
            Step::DeleteOnboarding(at) => drop(tx.delete_onboarding(&number(*at))),
        }
    }
}

/// All columns of all rows, except for the number of the workspace and the exact times. For an
/// onboarding that was deleted itself, nothing depends on when its customer was.
fn rows(db: &Db) -> Vec<String> {
    let mut found = Vec::new();
    let tables = [
        "SELECT json_array(id, display_id, slug, domain_key, status, search, deleted_at / 1000, shape,
                doc) FROM customers",
        "SELECT json_array(id, customer_id, display_id, email_key, email_repeat, is_primary,
                deleted_at / 1000, doc) FROM contacts",
        "SELECT json_array(id, customer_id, display_id, phase, state, deleted_at / 1000,
                iif(deleted_at IS NULL, customer_deleted_at IS NOT NULL, NULL), doc) FROM onboardings",
        "SELECT json_array(id, created_at / 1000, type, livemode, actor_type, actor_id, actor_name,
                resource, resource_id, customer_id, from_phase, to_phase, previous, object)
         FROM events",
        "SELECT json_array(stem, low, high) FROM slug_runs",
        "SELECT json_array(resource, iif(resource = 'event', 1, display_id), created_at)
         FROM sequences",
    ];
    for sql in tables {
        let mut statement = db.conn().prepare(&format!("{sql} ORDER BY 1")).unwrap();
        let texts = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        found.extend(texts.map(Result::unwrap));
    }
    found
}

fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
    // Several steps can happen at the same time, so that only the microseconds differ.
    let step = (prop::sample::select(vec![0i64, 0, 1, 60]), step());
    prop::collection::vec(step, 1..60).prop_map(|steps| {
        let mut second = 1;
        let at = |(pause, step)| {
            second += pause;
            (second, step)
        };
        steps.into_iter().map(at).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_imported_export_has_the_same_rows_and_gives_the_same_export(
        steps in steps(),
        broken_off in any::<prop::sample::Index>(),
    ) {
        let (source, target) = (Db::new(), Db::new());
        run(&source, &steps);
        let lines = export(&source, ALL);
        // First a part, as if the import had been broken off.
        let part = broken_off.index(lines.len()) + 1;
        let done = import(&target, 10_000, &lines[..part], OnConflict::Fail);
        prop_assert!(done.iter().all(|outcome| outcome == "Created"), "{:?}", done);
        let all = import(&target, 10_001, &lines, OnConflict::Fail);
        let again = all.iter().filter(|outcome| *outcome == "Unchanged").count();
        let new = all.iter().filter(|outcome| *outcome == "Created").count();
        prop_assert_eq!((again, new), (part - 1, lines.len() - part), "{:?}", all);
        prop_assert_eq!(&export(&target, ALL)[1..], &lines[1..]);
        prop_assert_eq!(rows(&target), rows(&source));
    }

    #[test]
    fn an_update_turns_an_older_state_into_that_of_the_export(
        earlier in steps(),
        later in steps(),
    ) {
        let (source, target) = (Db::new(), Db::new());
        run(&source, &earlier);
        import(&target, 10_000, &export(&source, ALL), OnConflict::Fail);
        let later: Vec<_> =
            later.into_iter().map(|(second, step)| (second + 5000, step)).collect();
        run(&source, &later);
        let lines = export(&source, ALL);
        let outcomes = import(&target, 20_000, &lines, OnConflict::Update);
        // What one row gives up and a later one takes needs the order of the changes.
        prop_assume!(outcomes.iter().all(|outcome| !outcome.contains("already in use")));
        let odd = outcomes.iter().find(|outcome| outcome.starts_with("line"));
        prop_assert_eq!(odd, None);
        prop_assert_eq!(&export(&target, ALL)[1..], &lines[1..]);
        prop_assert_eq!(rows(&target), rows(&source));
    }
}

fn small() -> (Db, CustomerId, ContactId, OnboardingId) {
    let db = Db::new();
    let aurora = db.customer(1, &json!({"name": "Aurora"}));
    let ada = json!({"name": "Ada", "email": "ada@aurora.example", "is_primary": true});
    let ada = db.contact(2, &aurora, &ada);
    let rollout = db.onboarding(3, &aurora, json!({"name": "Rollout"}));
    (db, aurora.id, ada.id, rollout.id)
}

const LIVE: ExportOptions = ExportOptions { include_deleted: false, events: false };

#[test]
fn an_id_of_another_workspace_is_refused_whatever_the_conflict_policy() {
    let (db, aurora, ..) = small();
    let lines = export(&db, LIVE);
    let other = db.in_another_workspace();
    for policy in [OnConflict::Fail, OnConflict::Skip, OnConflict::Update] {
        let found = import(&other, 10, &lines, policy);
        let fault = format!("line 2: id {aurora} belongs to another workspace of this server");
        assert_eq!(found[0], fault, "{policy:?}");
        assert!(found.iter().all(|outcome| outcome.starts_with("line")), "{found:?}");
    }
}

#[test]
fn a_skipped_customer_takes_along_what_belongs_to_it() {
    let (db, aurora, ..) = small();
    let lines = export(&db, ALL);
    let patch = json!({"name": "Aurora Ltd"});
    db.tx(20).update_customer(&Ref::Id(aurora), body(&patch)).unwrap();
    let fault = import(&db, 30, &lines, OnConflict::Fail).remove(0);
    assert!(fault.ends_with("already exists, with another name"), "{fault}");
    let skipped = import(&db, 30, &lines, OnConflict::Skip);
    // The events are already there, too.
    assert_eq!(skipped[..3], ["Skipped"; 3]);
    assert_eq!(skipped[3..], ["Unchanged"; 3]);
}

#[test]
fn a_taken_slug_email_or_number_is_a_conflict() {
    let (db, ..) = small();
    let lines = export(&db, LIVE);
    let other = Db::new();
    let taken = other.customer(1, &json!({"name": "Aurora"}));
    let found = import(&other, 10, &lines, OnConflict::Fail);
    let number = format!("line 2: display_id 1 belongs to customer {}", taken.id);
    assert_eq!(found[0], number);
    assert_eq!(found[1], "line 3: the customer is faulty");
    assert_eq!(import(&other, 10, &lines, OnConflict::Skip), ["Skipped"; 3]);
    assert!(import(&other, 10, &lines, OnConflict::Update)[0].starts_with("line 2: display_id"));
}

#[test]
fn an_import_without_events_records_its_own() {
    let (db, ..) = small();
    let other = Db::new();
    import(&other, 10, &export(&db, LIVE), OnConflict::Fail);
    let sql = "SELECT group_concat(type || ' ' || actor_id, ', ') FROM events";
    let events: String = other.conn().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(events, "customer.created cli, contact.created cli, onboarding.created cli");
}

#[test]
fn what_is_created_later_gets_higher_numbers_than_what_was_ever_created_in_the_source() {
    let (db, ..) = small();
    let gone = db.customer(5, &json!({"name": "Gone"}));
    db.tx(6).delete_customer(&Ref::Id(gone.id)).unwrap();
    let other = Db::new();
    import(&other, 10, &export(&db, LIVE), OnConflict::Fail);
    let next = other.customer(2, &json!({"name": "Next"}));
    assert_eq!(next.display_id, DisplayId(3));
    assert!(next.created_at > time_at(5));
}

/// Checks rows of customers at 10 seconds. Returns their outcomes.
fn check(db: &Db, on_conflict: OnConflict, rows: &[Value]) -> (Vec<Outcome>, Checker) {
    let mut checker = Checker::new(on_conflict, time_at(10)).unwrap();
    let outcomes = (1..).zip(rows).map(|(number, row)| {
        let entry = Entry::Customer(body(row));
        db.reader().check_row(&mut checker, &Place::Line(number), entry).unwrap().outcome
    });
    (outcomes.collect(), checker)
}

/// Imports rows of new customers. Returns a column of each customer, in the order of the slugs.
fn create(db: &Db, on_conflict: OnConflict, rows: &[Value], column: &str) -> String {
    let (outcomes, checker) = check(db, on_conflict, rows);
    assert_eq!(outcomes, vec![Outcome::Created; rows.len()]);
    let tx = db.tx(11);
    tx.raise_sequences(checker.lasts()).unwrap();
    let mut importer = Importer::new(checker);
    for (place, row) in (1..).map(Place::Line).zip(rows) {
        let (entry, outcome) = (Entry::Customer(body(row)), Outcome::Created);
        let planned = Planned { place, entry, outcome, customer: None };
        assert_eq!(tx.import_row(&mut importer, planned).unwrap(), Ok(Outcome::Created));
    }
    let sql = format!("SELECT group_concat({column}, ' ' ORDER BY slug) FROM customers");
    db.conn().query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn only_a_row_that_will_be_created_raises_the_sequences() {
    let db = Db::new();
    // Clocks can differ a little.
    let new = json!({"name": "New", "display_id": 7, "created_at": time_at(10 + 5 * 60)});
    let future = json!({"name": "Future", "display_id": 900, "created_at": time_at(11 + 5 * 60)});
    let repeated = json!({"name": "Repeated", "display_id": 7, "created_at": time_at(20)});
    let (outcomes, checker) = check(&db, OnConflict::Fail, &[future.clone(), new, repeated]);
    assert_eq!(outcomes, [Outcome::Rejected, Outcome::Created, Outcome::Rejected]);
    let last = checker.lasts().customer.unwrap();
    assert_eq!((last.display_id, last.created_at), (DisplayId(7), time_at(10 + 5 * 60)));
    assert!(check(&db, OnConflict::Fail, &[future]).1.lasts().customer.is_none());
}

#[test]
fn rows_without_a_number_are_numbered_above_all_numbers_of_the_source() {
    let rows = [json!({"name": "Aurora"}), json!({"name": "Borealis", "display_id": 1})];
    assert_eq!(create(&Db::new(), OnConflict::Fail, &rows, "display_id"), "2 1");
}

#[test]
fn a_slug_from_a_name_is_none_that_another_row_has() {
    let rows = [
        json!({"name": "Aurora", "tags": ["b"]}),
        json!({"name": "Aurora", "tags": ["c"]}),
        json!({"name": "Borealis", "slug": "aurora-2"}),
        json!({"name": "Corona", "slug": "aurora-4"}),
    ];
    for policy in [OnConflict::Fail, OnConflict::Skip, OnConflict::Update] {
        let db = Db::new();
        db.customer(1, &json!({"name": "Aurora"}));
        let slugs = create(&db, policy, &rows, "slug");
        assert_eq!(slugs, "aurora aurora-2 aurora-3 aurora-4 aurora-5");
    }
}
