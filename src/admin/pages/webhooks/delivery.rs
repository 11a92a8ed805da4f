//! `/admin/webhooks/{id}/deliveries/{delivery}`: a delivery with its request and every attempt.

use askama::Template;
use serde_json::Value;

use super::load;
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::views::webhook;
use crate::admin::visit::SignedInVisit;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{Attempt, Delivery, DeliveryStatus, KEPT_RESPONSE};
use crate::model::webhook::endpoint::Endpoint;

#[derive(Template)]
#[template(path = "admin/webhooks/delivery.html")]
struct Show {
    page: Page,
    endpoint: Endpoint,
    delivery: Delivery,
    /// The path of the endpoint's page.
    back: String,
    /// The URL of the last attempt, or the one that the first attempt will use.
    url: String,
    headers: [(&'static str, String); 4],
    body: Option<String>,
    /// Newest first.
    attempts: Vec<Attempt>,
    can_replay: bool,
    now: Timestamp,
}

impl Show {
    fn is_due(&self, at: &Timestamp) -> bool {
        *at <= self.now
    }
}

/// GET `/admin/webhooks/{id}/deliveries/{delivery}`
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let found = load::delivery(&visit).await?;
    let (endpoint, delivery, mut attempts) = (found.endpoint, found.delivery, found.attempts);
    attempts.reverse();
    let url = attempts.first().map_or_else(|| endpoint.url.to_string(), |last| last.url.clone());
    let id = delivery.id.to_string();
    let is_pending = delivery.status == DeliveryStatus::Pending && !delivery.held;
    page::html(&Show {
        page: visit.page("Webhook delivery", Section::Webhooks),
        back: load::path(&endpoint),
        url,
        headers: [
            ("Content-Type", "application/json".to_owned()),
            ("User-Agent", concat!("pivotal-server/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("svix-id", id.clone()),
            ("webhook-id", id),
        ],
        body: found.body.as_deref().map(pretty),
        can_replay: endpoint.is_enabled() && !is_pending,
        attempts,
        endpoint,
        delivery,
        now: visit.visitor().admin().store().clock().now(),
    })
}

/// POST `/admin/webhooks/{id}/deliveries/{delivery}/replay`
pub(in crate::admin) async fn replay(visit: SignedInVisit) -> PageResult {
    let found = load::delivery(&visit).await?;
    let path = format!("{}/deliveries/{}", load::path(&found.endpoint), found.delivery.id);
    let id = found.delivery.id;
    if !visit.write_current(move |tx| tx.replay_delivery(&id)).await? {
        return Err(AdminError::NoDelivery);
    }
    visit.set_flash("Delivery queued.");
    Ok(see_other(&path))
}

/// Pretty-prints the JSON of a request.
fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<Value>(json);
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| json.to_owned())
}
