//! `/health`: whether the server runs, and `/api/health/deep`: whether it can do its work.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use strum::VariantNames;
use utoipa::openapi::schema::Object;

use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::state::Api;
use crate::model::parse::schema::{Component, choices, object};
use crate::model::values::time::Timestamp;
use crate::service::backups::Condition;
use crate::service::row_dates::Ahead;
use crate::store::StoreError;

object! {
    /// Tells that the server answers.
    pub(super) struct Health {
        /// How the server is.
        status: Status,
        /// The server's clock.
        timestamp: Timestamp,
        /// Addition: the hosted API does not have this property. The version of the server.
        version: String,
    }
}

#[derive(Clone, Copy, Debug, Serialize, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub(super) enum Status {
    Ok,
}

impl Component for Status {
    const NAME: &'static str = "HealthStatus";

    fn component() -> Object {
        choices::<Self>("How the server is.")
    }
}

impl Health {
    /// What is said at this moment.
    pub fn at(timestamp: Timestamp) -> Self {
        Self { status: Status::Ok, timestamp, version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// GET `/health`: no key, no database.
pub(super) async fn show(api: Data<Api>, _: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().json(Health::at(api.store().clock().now()))
}

pub(super) fn describe_show() -> Description {
    Description::new(
        Group::Server,
        "Check the server's health",
        &[
            "Tells that the server answers. It needs no key, counts towards no rate limit and does not \
           touch the database.",
        ],
        Success::ok("The server answers.", &Health::at(examples::at(0))),
    )
}

#[derive(Serialize)]
struct DeepHealth {
    status: &'static str,
    checks: Checks,
}

/// Each is `ok` or what is wrong.
#[derive(Serialize)]
struct Checks {
    file: String,
    read: String,
    write: String,
    /// The write-ahead log: within its bound, or who keeps it from being reset.
    log: String,
    /// `off` too, and `none yet`.
    backup: String,
    /// `unknown` too, without a read.
    clock: String,
}

/// GET `/api/health/deep`: no key; reads from the database and writes to it. A backup that failed
/// or is overdue, a log that grows and rows dated ahead make the status `degraded` and not the code
/// 503: the server does its work, and what watches over it must not take it away for that.
pub(super) async fn deep(api: Data<Api>) -> HttpResponse {
    let file = api.store().ensure_intact();
    let clock = api.store().clock();
    let ahead = api.store().read(|reader| {
        reader.workspaces()?;
        api.service.row_dates.ahead(reader, clock.now())
    });
    let read = ahead.clone().map(drop);
    let write = api.store().write(|tx| tx.probe()).await;
    let well = file.is_ok() && read.is_ok() && write.is_ok();
    let backup = api.service.backups.as_ref().map(|backups| backups.condition(clock));
    let log = api.store().wal_warning();
    let is_degraded = backup.as_ref().is_some_and(|backup| !backup.is_good())
        || log.is_some()
        || matches!(ahead, Ok(Some(_)));
    let checks = Checks {
        file: describe_result(file),
        read: describe_result(read),
        write: describe_result(write),
        log: log.unwrap_or_else(|| "ok".to_owned()),
        backup: describe_backup(backup),
        clock: describe_clock(ahead),
    };
    if well {
        let status = if is_degraded { "degraded" } else { "ok" };
        HttpResponse::Ok().json(DeepHealth { status, checks })
    } else {
        HttpResponse::ServiceUnavailable().json(DeepHealth { status: "unavailable", checks })
    }
}

fn describe_result(result: Result<(), StoreError>) -> String {
    result.err().map_or_else(|| "ok".to_owned(), |error| error.to_string())
}

fn describe_backup(backup: Option<Condition>) -> String {
    match backup {
        None => "off".to_owned(),
        Some(Condition::First) => "none yet".to_owned(),
        Some(Condition::Good { .. }) => "ok".to_owned(),
        Some(Condition::Failed { at, .. }) => format!("failed at {at}; the log tells why"),
        Some(Condition::Overdue { made }) => {
            format!("overdue: the last good one, of {made}, is older than twice backup.every")
        }
        Some(Condition::Missing) => "overdue: none was made, although one is due".to_owned(),
    }
}

fn describe_clock(ahead: Result<Option<Ahead>, StoreError>) -> String {
    match ahead {
        Ok(None) => "ok".to_owned(),
        Ok(Some(ahead)) => format!(
            "new rows are dated {ahead} ahead of the clock, because earlier ones are; the log says \
             until when"
        ),
        Err(_) => "unknown".to_owned(),
    }
}
