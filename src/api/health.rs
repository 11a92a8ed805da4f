//! `/health`: whether the server responds, and `/api/health/deep`: whether it can do its work.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use strum::VariantNames;
use utoipa::openapi::schema::Object;

use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::state::Api;
use crate::model::parse::schema::{Component, ObjectSchema, string_enum};
use crate::model::values::time::Timestamp;
use crate::service::backups::schedule::BackupStatus;
use crate::service::clock_skew::ClockSkew;
use crate::store::StoreError;

#[derive(Clone, Debug, Serialize)]
pub(super) struct Health {
    status: Status,
    timestamp: Timestamp,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_control: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    demo: Option<bool>,
}

impl Component for Health {
    const NAME: &'static str = "Health";

    fn component() -> Object {
        let status = "Always `ok`: a server that can't respond doesn't return this object.";
        let version = "Addition: the hosted API doesn't have this field. The server's version.";
        let test_control = "Addition: the hosted API doesn't have this field. True if the server \
                            was started with test control, which lets tests set its clock and \
                            inject faults; otherwise absent.";
        let demo = "Addition: the hosted API doesn't have this field. True if the server is a demo, \
                    which resets its data every hour and sends no webhooks; otherwise absent.";
        ObjectSchema::new(&["The health of the server."])
            .property::<Status>("status", &[status])
            .property::<Timestamp>("timestamp", &["The current time on the server."])
            .property::<String>("version", &[version])
            .optional_property::<bool>("test_control", &[test_control])
            .optional_property::<bool>("demo", &[demo])
            .build()
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
        string_enum::<Self>(&[], "The health status of the server.")
    }
}

impl Health {
    pub fn new(timestamp: Timestamp) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self { status: Status::Ok, timestamp, version, test_control: None, demo: None }
    }
}

/// GET `/health`: no key, no database.
pub(super) async fn get(api: Data<Api>, _: HttpRequest) -> HttpResponse {
    let test_control = api.service.test_control.as_ref().map(|_| true);
    let demo = api.service.demo().map(|_| true);
    HttpResponse::Ok().json(Health { test_control, demo, ..Health::new(api.store().clock().now()) })
}

pub(super) fn describe_get() -> Description {
    Description::new(
        Group::Server,
        "Check the server's health",
        &[
            "Checks that the server responds. It requires no API key, doesn't count toward any rate \
             limit, and doesn't access the database.",
        ],
        Success::ok("The server is up.", &Health::new(examples::time(0))),
    )
}

#[derive(Serialize)]
struct DeepHealth {
    status: &'static str,
    checks: Checks,
}

/// The results of the checks: `ok`, or a description of the problem.
#[derive(Serialize)]
struct Checks {
    file: String,
    read: String,
    write: String,
    /// The write-ahead log. A problem names the process that keeps it from being reset.
    log: String,
    /// Can also be `off` or `none yet`.
    backup: String,
    /// Also `unknown`, if the database can't be read.
    clock: String,
}

/// GET `/api/health/deep`, without a key; reads from the database and writes to it
///
/// A failed or overdue backup, a growing write-ahead log, and rows dated ahead of the clock set the
/// status to `degraded` but don't return a 503: the server still does its work, and a load balancer
/// or supervisor must not take it out of service.
pub(super) async fn deep(api: Data<Api>) -> HttpResponse {
    let file = api.store().ensure_intact();
    let clock = api.store().clock();
    let ahead = api.store().read(|reader| {
        reader.workspaces()?;
        api.service.clock_skew.check(reader, clock.now())
    });
    let read = ahead.clone().map(drop);
    let write = api.store().write(|tx| tx.probe()).await;
    let is_available = file.is_ok() && read.is_ok() && write.is_ok();
    let backup = api.service.backups.as_ref().map(|backups| backups.status(clock));
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
    if is_available {
        let status = if is_degraded { "degraded" } else { "ok" };
        HttpResponse::Ok().json(DeepHealth { status, checks })
    } else {
        HttpResponse::ServiceUnavailable().json(DeepHealth { status: "unavailable", checks })
    }
}

fn describe_result(result: Result<(), StoreError>) -> String {
    result.err().map_or_else(|| "ok".to_owned(), |error| error.to_string())
}

fn describe_backup(backup: Option<BackupStatus>) -> String {
    match backup {
        None => "off".to_owned(),
        Some(BackupStatus::First) => "none yet".to_owned(),
        Some(BackupStatus::Good { .. }) => "ok".to_owned(),
        Some(BackupStatus::Failed { at, .. }) => {
            format!("failed at {at}; see the server log for the cause")
        }
        Some(BackupStatus::Overdue { last_success }) => {
            format!(
                "overdue: the last successful backup, from {last_success}, is older than twice \
                 backup.every"
            )
        }
        Some(BackupStatus::Missing) => "overdue: no backup has been made yet".to_owned(),
    }
}

fn describe_clock(ahead: Result<Option<ClockSkew>, StoreError>) -> String {
    match ahead {
        Ok(None) => "ok".to_owned(),
        Ok(Some(ahead)) => format!(
            "new rows are dated {ahead} ahead of the clock, because existing rows are; see the \
             server log for how long this lasts"
        ),
        Err(_) => "unknown".to_owned(),
    }
}
