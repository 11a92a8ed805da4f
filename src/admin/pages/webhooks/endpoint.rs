//! GET `/admin/webhooks/{id}`: an endpoint and its deliveries.

use actix_web::http::StatusCode;
use askama::Template;

use super::{deleted, load};
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::links::path_with_query;
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::views::webhook;
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::submit_once;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{Delivery, DeliveryStatus};
use crate::model::webhook::endpoint::Endpoint;
use crate::store::webhooks::deliveries::DeliveryFilter;

/// The deliveries on a page.
const LIMIT: u32 = 25;
/// How far back a replay goes unless a different time is entered, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

#[derive(Template)]
#[template(path = "admin/webhooks/show.html")]
struct Show {
    page: Page,
    endpoint: Endpoint,
    /// The path of this page and of the actions below it.
    path: String,
    /// The filter of the deliveries.
    filter: Form,
    /// The form of the replay.
    replay: Form,
    deliveries: Vec<Delivery>,
    newest: Option<String>,
    older: Option<String>,
    once: String,
    /// Failed deliveries in a row after which the endpoint is disabled.
    disable_after: u32,
    now: Timestamp,
}

impl Show {
    /// Whether the secret before the last rotation is still valid.
    fn overlap_ends(&self) -> Option<Timestamp> {
        self.endpoint.old_secret_expires_at.filter(|until| *until > self.now)
    }

    fn is_due(&self, at: &Timestamp) -> bool {
        *at <= self.now
    }

    /// Whether a delivery can be replayed.
    fn can_replay(&self, delivery: &Delivery) -> bool {
        self.endpoint.is_enabled() && (delivery.status != DeliveryStatus::Pending || delivery.held)
    }

    fn can_replay_any(&self) -> bool {
        self.deliveries.iter().any(|delivery| self.can_replay(delivery))
    }
}

pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let endpoint = match load::endpoint(&visit).await {
        Ok(endpoint) => endpoint,
        Err(AdminError::NotFound(_)) => return deleted::page_of(&visit).await,
        Err(error) => return Err(error),
    };
    let now = visit.visitor().admin().store().clock().now();
    let since = now.plus_millis(-DAY).to_string();
    // The precision of `datetime-local` inputs: minutes.
    let since = since.chars().take("2026-05-26T17:21".len()).collect();
    let replay = Form::from_values([("since", since)]);
    page_of(&visit, endpoint, replay, StatusCode::OK).await
}

/// Returns the page with a form for the replay.
pub(super) async fn page_of(
    visit: &SignedInVisit,
    endpoint: Endpoint,
    replay: Form,
    status: StatusCode,
) -> PageResult {
    let filter = visit.visitor().query_form();
    let before = parse_cursor(filter.value("cursor"));
    let unsuccessful = filter.value("status") == "failed";
    let (id, wanted) =
        (endpoint.id.clone(), DeliveryFilter { unsuccessful, since: None, before, limit: LIMIT });
    let found = visit.read_all(move |reader| reader.deliveries(&id, &wanted)).await?;
    let found = found.ok_or_else(load::missing)?;
    let path = load::path(&endpoint);
    let page_path = |cursor: &str| {
        let query = [("status", filter.value("status")), ("cursor", cursor)];
        format!("{}#deliveries", path_with_query(&path, &query))
    };
    let cursor = |(time, row): (Timestamp, i64)| format!("{}_{row}", time.as_micros());
    let template = Show {
        page: visit.page("Webhook endpoint", Section::Webhooks),
        newest: before.map(|_| page_path("")),
        older: found.next.map(|next| page_path(&cursor(next))),
        deliveries: found.deliveries,
        endpoint,
        path,
        filter,
        replay,
        once: submit_once::new_token()?,
        disable_after: visit.visitor().admin().service.settings.webhooks.disable_after,
        now: visit.visitor().admin().store().clock().now(),
    };
    page::html_as(status, &template)
}

/// Parses a cursor of this page. Anything else leads to the newest deliveries.
fn parse_cursor(text: &str) -> Option<(Timestamp, i64)> {
    let (time, row) = text.split_once('_')?;
    Some((Timestamp::from_micros(time.parse().ok()?), row.parse().ok()?))
}
