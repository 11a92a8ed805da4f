//! The statements of a POST through plain rusqlite, on the database that the server has just used.

use pivotal_server::model::clock::{Clock, SystemClock};
use pivotal_server::model::customer::{Customer, NewCustomer};
use pivotal_server::model::event::new_event_id;
use pivotal_server::model::values::domain::Domain;
use pivotal_server::model::values::external_id::ExternalId;
use pivotal_server::model::values::id::{DisplayId, Id};
use pivotal_server::model::values::normalize::search_key;
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::time::Timestamp;
use pivotal_server::store::DataDir;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::connection;
use super::log_size::LogSize;
use super::timing::{Measurement, repeat};
use crate::Outcome;
use crate::database::bodies::{self, Rng};
use crate::database::seed;

/// Returns whether the statements fit the database's schema.
pub fn are_possible(dir: &DataDir) -> Outcome<bool> {
    let mut conn = connection::open_writer(dir)?;
    let workspace = connection::workspace(&conn)?;
    // Rolled back when it is dropped.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    Ok(create(&tx, workspace, seed::parse(&bodies::new_customer(0, "possible 2"))?).is_ok())
}

/// Inserts customers with their events, with `rows_per_commit` customers in each transaction. Their
/// names contain `names`, which must be new.
pub fn measure(
    dir: &DataDir,
    rows_per_commit: u64,
    seconds: u64,
    names: &str,
) -> Outcome<Measurement> {
    let mut conn = connection::open_writer(dir)?;
    let workspace = connection::workspace(&conn)?;
    let log = LogSize::watch(&mut conn)?;
    // The same bodies as in the POSTs, so that the same pages change.
    let (mut n, mut rng) = (0, Rng::new(rows_per_commit));
    let measured = repeat(seconds, rows_per_commit, || {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for _ in 0..rows_per_commit {
            n += 1;
            let mark = format!("{names} {n}");
            create(
                &tx,
                workspace,
                seed::parse(&bodies::new_customer(rng.below(bodies::NEW), &mark))?,
            )?;
        }
        Ok(tx.commit()?)
    })?;
    Ok(Measurement { log_bytes: Some(log.bytes()), ..measured })
}

/// Runs the statements of a POST: check that the slug is free, get a display ID, insert the row, record
/// the number in the slug, and insert the event.
fn create(conn: &Connection, workspace: i64, new: NewCustomer) -> Outcome<()> {
    let slug = Slug::from_name(new.name.as_str());
    let sql = "SELECT 1 FROM customers
               WHERE workspace_no = ?1 AND slug = ?2 AND deleted_at IS NULL";
    let mut taken = conn.prepare_cached(sql)?;
    if taken.query_row(params![workspace, slug.as_str()], |_| Ok(())).optional()?.is_some() {
        return Err(format!("the slug {slug} is taken").into());
    }
    let (display_id, created_at) = next_in_sequence(conn, workspace, "customer")?;
    let created_at = Timestamp::from_micros(created_at);
    let customer = new.create(Id::generate(), DisplayId(display_id), slug, created_at);
    let doc = serde_json::to_string(&customer)?;
    insert_customer(conn, workspace, &customer, &doc)?;
    claim_slug_number(conn, workspace, &customer.slug)?;
    let (_, at) = next_in_sequence(conn, workspace, "event")?;
    let sql = "INSERT INTO events (id, workspace_no, created_at, type, livemode, actor_type,
                   actor_id, actor_name, resource, resource_id, customer_id, object)
               VALUES (?1, ?2, ?3, 'customer.created', TRUE, 'admin', 'cli', 'command line',
                   'customer', ?4, ?4, ?5)";
    let id = customer.id.as_str();
    conn.prepare_cached(sql)?.execute(params![new_event_id(), workspace, at, id, doc])?;
    Ok(())
}

fn insert_customer(
    conn: &Connection,
    workspace: i64,
    customer: &Customer,
    doc: &str,
) -> Outcome<()> {
    let (name, domain) = (customer.name.as_str(), customer.domain.as_ref().map(Domain::as_str));
    let search = [&search_key(name), customer.slug.as_str(), &search_key(domain.unwrap_or(""))];
    let sql = "INSERT INTO customers (id, workspace_no, display_id, slug, domain_key, status,
                   hubspot_company_id, stripe_customer_id, search, created_at, updated_at, shape,
                   doc)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)";
    conn.prepare_cached(sql)?.execute(params![
        customer.id.as_str(),
        workspace,
        customer.display_id.0,
        customer.slug.as_str(),
        customer.domain.as_ref().map(Domain::key),
        <&str>::from(customer.status),
        customer.hubspot_company_id.as_ref().map(ExternalId::as_str),
        customer.stripe_customer_id.as_ref().map(ExternalId::as_str),
        search.join("\u{1f}"),
        customer.created_at.as_micros(),
        customer.updated_at.as_micros(),
        doc,
    ])?;
    Ok(())
}

/// Same as in `src/store/rows/slug_runs.rs`.
fn claim_slug_number(conn: &Connection, workspace: i64, slug: &Slug) -> Outcome<()> {
    let Some((stem, number)) = slug.split_number() else { return Ok(()) };
    let containing = |number: u32| -> rusqlite::Result<Option<(u32, u32)>> {
        let sql = "SELECT low, high FROM slug_runs
                   WHERE workspace_no = ?1 AND stem = ?2 AND low <= ?3
                   ORDER BY low DESC LIMIT 1";
        let mut below = conn.prepare_cached(sql)?;
        let found = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let run = below.query_row(params![workspace, stem, number], found).optional()?;
        Ok(run.filter(|(_, high)| number <= *high))
    };
    let (left, right) = (containing(number - 1)?, containing(number + 1)?);
    if let Some((low, _)) = right {
        let sql = "DELETE FROM slug_runs WHERE workspace_no = ?1 AND stem = ?2 AND low = ?3";
        conn.prepare_cached(sql)?.execute(params![workspace, stem, low])?;
    }
    let low = left.map_or(number, |(low, _)| low);
    let high = right.map_or(number, |(_, high)| high);
    let sql = "INSERT INTO slug_runs (workspace_no, stem, low, high) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (workspace_no, stem, low) DO UPDATE SET high = excluded.high";
    conn.prepare_cached(sql)?.execute(params![workspace, stem, low, high])?;
    Ok(())
}

/// Same as in `src/store/rows/sequences.rs`.
fn next_in_sequence(
    conn: &Connection,
    workspace: i64,
    resource: &str,
) -> rusqlite::Result<(i64, i64)> {
    let sql = "INSERT INTO sequences (workspace_no, resource, display_id, created_at)
               VALUES (?1, ?2, 1, ?3)
               ON CONFLICT (workspace_no, resource) DO UPDATE SET
                   display_id = display_id + 1,
                   created_at = max(excluded.created_at, created_at + 1)
               RETURNING display_id, created_at";
    let now = SystemClock.now().as_micros();
    let found = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    conn.prepare_cached(sql)?.query_row(params![workspace, resource, now], found)
}
