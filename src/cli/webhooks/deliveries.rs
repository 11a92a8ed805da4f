//! `webhooks ping`, `deliveries` and `replay`

use serde::Serialize;

use super::super::context::Context;
use super::super::output::failure::Failure;
use super::super::output::table;
use super::failures::{no_such_endpoint, scope_of, with_advice};
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::Delivery;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::store::webhooks::deliveries::DeliveryFilter;
use crate::store::webhooks::replay::{ReplayPosition, ReplayScope};
use crate::store::{Tx, WriteScope};

#[derive(Serialize)]
struct Queued {
    queued: usize,
}

pub fn ping(context: &Context, id: &EndpointId) -> Result<(), Failure> {
    let store = context.store()?;
    let (scope, to_ping) = (scope_of(&store, id)?, id.clone());
    let queued = store.write_blocking(scope, move |tx| tx.ping_endpoint(&to_ping));
    if !queued.map_err(|error| with_advice(id, error))? {
        return Err(no_such_endpoint(id));
    }
    print_queued(context, 1)
}

pub fn list(
    context: &Context,
    id: &EndpointId,
    unsuccessful: bool,
    since: Option<Timestamp>,
    limit: u32,
) -> Result<(), Failure> {
    let store = context.store_to_read()?;
    let filter = DeliveryFilter { unsuccessful, since, before: None, limit };
    let page = store.read(|reader| reader.deliveries(id, &filter))?;
    let deliveries = page.ok_or_else(|| no_such_endpoint(id))?.deliveries;
    context.output.print(&deliveries, || {
        let heading =
            ["ID", "CREATED", "TYPE", "STATUS", "ATTEMPTS", "LAST RESULT", "NEXT ATTEMPT"];
        table(heading, &deliveries.iter().map(row).collect::<Vec<_>>())
    })
}

fn row(delivery: &Delivery) -> [String; 7] {
    let last = delivery.last_attempt.as_ref();
    let result = last.map(|attempt| match (attempt.status, &attempt.error) {
        (Some(status), None) => format!("{status} in {} ms", attempt.duration.as_millis()),
        (_, Some(error)) => error.clone(),
        (None, None) => String::new(),
    });
    let next = match delivery.next_attempt_at {
        Some(_) if delivery.held => "on hold".to_owned(),
        Some(at) => at.to_string(),
        None => String::new(),
    };
    [
        delivery.id.to_string(),
        delivery.created_at.to_string(),
        delivery.kind.clone(),
        <&str>::from(delivery.status).to_owned(),
        delivery.attempts.to_string(),
        result.unwrap_or_default(),
        next,
    ]
}

pub fn replay(
    context: &Context,
    delivery: Option<DeliveryId>,
    endpoint: Option<EndpointId>,
    since: Option<Timestamp>,
    failed: bool,
    all: bool,
) -> Result<(), Failure> {
    let store = context.store()?;
    if let Some(id) = delivery {
        let workspace = store.read(|reader| reader.workspace_of_delivery(&id))?;
        let to_replay = id.clone();
        let replay = move |tx: &Tx<'_>| tx.replay_delivery(&to_replay);
        let is_queued = match workspace.map(WriteScope::Workspace) {
            Some(scope) => store.write_blocking(scope, replay)?,
            None => false,
        };
        if !is_queued {
            return Err(Failure::Other(format!(
                "delivery {id} not found; run `pivotal-server webhooks deliveries ENDPOINT` to see \
                 an endpoint's deliveries"
            )));
        }
        return print_queued(context, 1);
    }
    let (Some(id), Some(since)) = (endpoint, since) else {
        return Err(Failure::Other("pass a delivery ID, or --endpoint and --since".to_owned()));
    };
    let scope = match (failed, all) {
        (true, _) => ReplayScope::Failed,
        (_, true) => ReplayScope::All,
        _ => ReplayScope::FailedAndSkipped,
    };
    let write_scope = scope_of(&store, &id)?;
    let (mut queued, mut position): (usize, Option<ReplayPosition>) = (0, None);
    loop {
        let to_replay = id.clone();
        let replay = move |tx: &Tx<'_>| tx.replay_endpoint(&to_replay, scope, since, position);
        let batch = store.write_blocking(write_scope, replay);
        let (count, next) = batch.map_err(|error| with_advice(&id, error))?;
        queued += count;
        position = next;
        if position.is_none() {
            return print_queued(context, queued);
        }
    }
}

pub fn print_queued(context: &Context, queued: usize) -> Result<(), Failure> {
    let (plural, them) =
        if queued == 1 { ("delivery", "the delivery") } else { ("deliveries", "them") };
    context.output.print_after_change(
        &Queued { queued },
        || format!("Queued {queued} {plural}. If the server is running, it sends {them} now."),
        || format!("{queued} {plural} were queued"),
    )
}
