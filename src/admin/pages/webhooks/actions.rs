//! The buttons of an endpoint: rotating its secret, enabling, disabling, deleting, and pinging it.

use askama::Template;

use super::{load, secret};
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::submit_once::{self, submit_once};
use crate::model::event::Actor;
use crate::model::values::time::Timestamp;
use crate::model::webhook::endpoint::{DisabledReason, Endpoint};
use crate::store::Tx;

const ALREADY_ROTATED: &str = "The secret was rotated, but the new one can't be shown again. If \
     you didn't copy it, rotate it again.";
const ALREADY_PINGED: &str = "The ping is in the list of deliveries.";

#[derive(Template)]
#[template(path = "admin/webhooks/rotate.html")]
struct Rotate {
    page: Page,
    endpoint: Endpoint,
    action: String,
    back: String,
    once: String,
    /// When the secret before the last rotation stops working, if it still works.
    overlap_ends: Option<Timestamp>,
}

#[derive(Template)]
#[template(path = "admin/webhooks/delete.html")]
struct Delete {
    page: Page,
    endpoint: Endpoint,
    action: String,
    back: String,
}

/// GET `/admin/webhooks/{id}/rotate`
pub(in crate::admin) async fn confirm_rotate(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let back = load::path(&endpoint);
    let now = visit.visitor().admin().store().clock().now();
    page::html(&Rotate {
        page: visit.page("Rotate signing secret", Section::Webhooks),
        overlap_ends: endpoint.old_secret_expires_at.filter(|until| *until > now),
        endpoint,
        action: format!("{back}/rotate"),
        back,
        once: submit_once::new_token()?,
    })
}

/// POST `/admin/webhooks/{id}/rotate`
pub(in crate::admin) async fn rotate(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let (signing, stored) = secret::issue(&visit, &endpoint.id)?;
    let action = format!("rotate {}", endpoint.id);
    let rotate =
        move |tx: &Tx<'_>| tx.rotate_endpoint_secret(Actor::admin_page(), &endpoint.id, stored);
    let rotated = submit_once(&visit, &action, ALREADY_ROTATED, rotate).await?;
    secret::page(&visit, rotated.ok_or_else(load::missing)?, signing, true)
}

/// POST `/admin/webhooks/{id}/enable`
pub(in crate::admin) async fn enable(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let path = load::path(&endpoint);
    let enable = move |tx: &Tx<'_>| tx.enable_endpoint(Actor::admin_page(), &endpoint.id);
    visit.write_current(enable).await?.ok_or_else(load::missing)?;
    visit.set_flash("Endpoint enabled. To send the events that were skipped, replay them.");
    Ok(see_other(&path))
}

/// POST `/admin/webhooks/{id}/disable`
pub(in crate::admin) async fn disable(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let path = load::path(&endpoint);
    let disable = move |tx: &Tx<'_>| {
        tx.disable_endpoint(Actor::admin_page(), &endpoint.id, DisabledReason::Admin)
    };
    visit.write_current(disable).await?.ok_or_else(load::missing)?;
    visit.set_flash("Endpoint disabled. Its events are skipped until you enable it.");
    Ok(see_other(&path))
}

/// GET `/admin/webhooks/{id}/delete`
pub(in crate::admin) async fn confirm_delete(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let back = load::path(&endpoint);
    let page = visit.page("Delete webhook endpoint", Section::Webhooks);
    page::html(&Delete { page, endpoint, action: format!("{back}/delete"), back })
}

/// POST `/admin/webhooks/{id}/delete`
pub(in crate::admin) async fn delete(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let delete = move |tx: &Tx<'_>| tx.delete_endpoint(Actor::admin_page(), &endpoint.id);
    if !visit.write_current(delete).await? {
        return Err(load::missing());
    }
    visit.set_flash("Endpoint deleted.");
    Ok(see_other("/admin/webhooks"))
}

/// POST `/admin/webhooks/{id}/ping`
pub(in crate::admin) async fn ping(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let (path, action) = (load::path(&endpoint), format!("ping {}", endpoint.id));
    let ping = move |tx: &Tx<'_>| tx.ping_endpoint(&endpoint.id);
    if !submit_once(&visit, &action, ALREADY_PINGED, ping).await? {
        return Err(load::missing());
    }
    visit.set_flash("Ping queued.");
    Ok(see_other(&path))
}
