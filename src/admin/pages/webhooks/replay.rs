//! POST `/admin/webhooks/{id}/replay`: queues deliveries again, the selected ones or all that failed
//! or were skipped since a time.

use actix_web::http::StatusCode;

use super::{endpoint, load};
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::page::{PageResult, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::parse::problem::{Fault, Rule};
use crate::model::values::time::Timestamp;
use crate::model::webhook::endpoint::Endpoint;
use crate::model::webhook::id::DeliveryId;
use crate::store::webhooks::replay::{ReplayPosition, ReplayScope};
use crate::store::{Reader, Tx};

/// The most deliveries that can be selected: more than a page has.
const MAX_SELECTED: usize = 100;

pub(in crate::admin) async fn replay(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let path = load::path(&endpoint);
    let queued = if visit.form().has_field("selected") {
        replay_selected(&visit, endpoint).await?
    } else {
        let Some(since) = Timestamp::parse_lenient(visit.form().value("since")) else {
            let fault = Fault::new(Rule::InvalidString, "must be a date and time");
            let form = visit.form().clone().with_problems(vec![fault.into_problem("since")]);
            return endpoint::page_of(&visit, endpoint, form, StatusCode::BAD_REQUEST).await;
        };
        replay_since(&visit, endpoint, since).await?
    };
    visit.set_flash(match queued {
        0 => "There was nothing to replay.".to_owned(),
        1 => "Queued 1 delivery.".to_owned(),
        queued => format!(
            "Queued {} deliveries.",
            display::number(i64::try_from(queued).unwrap_or(i64::MAX))
        ),
    });
    Ok(see_other(&path))
}

async fn replay_selected(visit: &SignedInVisit, endpoint: Endpoint) -> Result<usize, AdminError> {
    let selected = visit.form().fields_with_prefix("delivery");
    let ids = selected.into_iter().filter_map(|(_, id)| DeliveryId::parse(id)).take(MAX_SELECTED);
    let ids: Vec<DeliveryId> = ids.collect();
    let read = move |reader: &Reader<'_>| {
        let mut of_endpoint = Vec::new();
        for id in ids {
            let found = reader.delivery(&id)?;
            if found.is_some_and(|found| found.endpoint.id == endpoint.id) {
                of_endpoint.push(id);
            }
        }
        Ok(of_endpoint)
    };
    let ids = visit.read_all(read).await?;
    let replay = move |tx: &Tx<'_>| {
        let mut queued = 0;
        for id in &ids {
            queued += usize::from(tx.replay_delivery(id)?);
        }
        Ok(queued)
    };
    visit.write_current(replay).await
}

/// Replays in several transactions, so that other writes can come in between.
async fn replay_since(
    visit: &SignedInVisit,
    endpoint: Endpoint,
    since: Timestamp,
) -> Result<usize, AdminError> {
    let (mut queued, mut position): (usize, Option<ReplayPosition>) = (0, None);
    loop {
        let (id, scope) = (endpoint.id.clone(), ReplayScope::FailedAndSkipped);
        let replay = move |tx: &Tx<'_>| tx.replay_endpoint(&id, scope, since, position);
        let (count, next) = visit.write_current(replay).await?;
        queued += count;
        match next {
            Some(next) => position = Some(next),
            None => return Ok(queued),
        }
    }
}
