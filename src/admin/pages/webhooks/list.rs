//! GET `/admin/webhooks`: live and test endpoints, in separate lists.

use askama::Template;

use crate::admin::display;
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::views::webhook;
use crate::admin::visit::SignedInVisit;
use crate::model::key::Mode;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::Delivery;
use crate::model::webhook::endpoint::Endpoint;
use crate::store::webhooks::deliveries::DeliveryFilter;
use crate::store::{Reader, StoreError};

#[derive(Template)]
#[template(path = "admin/webhooks/list.html")]
struct List {
    page: Page,
    groups: Vec<Group>,
    is_empty: bool,
    now: Timestamp,
}

/// The endpoints of a mode.
struct Group {
    name: &'static str,
    id: &'static str,
    hint: &'static str,
    rows: Vec<Row>,
}

struct Row {
    endpoint: Endpoint,
    /// The newest delivery.
    last: Option<Delivery>,
}

pub(in crate::admin) async fn list(visit: SignedInVisit) -> PageResult {
    let rows = match visit.workspace() {
        Ok(workspace) => {
            let workspace = workspace.no;
            let read = move |reader: &Reader<'_>| {
                let endpoints = reader.for_workspace(workspace).endpoints()?;
                endpoints.into_iter().map(|endpoint| row(reader, endpoint)).collect()
            };
            visit.read_all::<Vec<Row>>(read).await?
        }
        Err(_) => Vec::new(),
    };
    let is_empty = rows.is_empty();
    let (live, test) = rows.into_iter().partition(|row| row.endpoint.mode == Mode::Live);
    let groups = vec![
        Group {
            name: "Live endpoints",
            id: "live",
            hint: "Receive events for changes made with live API keys or on these pages.",
            rows: live,
        },
        Group {
            name: "Test endpoints",
            id: "test",
            hint: "Receive events for changes made with test API keys.",
            rows: test,
        },
    ];
    let now = visit.visitor().admin().store().clock().now();
    page::html(&List { page: visit.page("Webhooks", Section::Webhooks), groups, is_empty, now })
}

fn row(reader: &Reader<'_>, endpoint: Endpoint) -> Result<Row, StoreError> {
    let newest = DeliveryFilter { limit: 1, ..DeliveryFilter::default() };
    let found = reader.deliveries(&endpoint.id, &newest)?;
    let last = found.and_then(|page| page.deliveries.into_iter().next());
    Ok(Row { endpoint, last })
}
