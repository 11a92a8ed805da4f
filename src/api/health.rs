//! `/health`: whether the server responds, and `/api/health/deep`: whether it can do its work.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use strum::VariantNames;
use utoipa::openapi::schema::Object;

use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::state::Api;
use crate::model::parse::schema::{Component, ObjectSchema, string_enum};
use crate::model::values::time::Timestamp;
use crate::service::health::checks::{self, Finding};

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
    checks: Map<String, Value>,
}

/// GET `/api/health/deep`, without a key; reads from the database and writes to it
///
/// A failed or overdue backup, a growing write-ahead log, a disk that is nearly full, and rows dated
/// ahead of the clock set the status to `degraded` but don't return a 503: the server still does its
/// work, and a load balancer or supervisor must not take it out of service.
pub(super) async fn deep(api: Data<Api>) -> HttpResponse {
    let report = checks::check(&api.service).await;
    let findings = report.findings();
    let mut checks: Map<String, Value> =
        findings.iter().map(|(name, finding)| ((*name).to_owned(), text(finding).into())).collect();
    let space = report.space;
    for (name, number) in [
        ("database_bytes", space.and_then(|space| space.database)),
        ("wal_bytes", space.and_then(|space| space.wal)),
        ("disk_free_bytes", space.and_then(|space| space.free)),
        ("backup_age_seconds", report.backup_age.map(|age| age.as_secs())),
        ("oldest_webhook_age_seconds", report.webhook_age.map(|age| age.as_secs())),
    ] {
        checks.insert(name.to_owned(), number.into());
    }
    let has = |is: fn(&Finding) -> bool| findings.iter().any(|(_, finding)| is(finding));
    if has(|finding| matches!(finding, Finding::Failed(_))) {
        return HttpResponse::ServiceUnavailable()
            .json(DeepHealth { status: "unavailable", checks });
    }
    let is_degraded = has(|finding| matches!(finding, Finding::Attention(_)));
    HttpResponse::Ok()
        .json(DeepHealth { status: if is_degraded { "degraded" } else { "ok" }, checks })
}

/// `ok`, or a description of the problem.
fn text(finding: &Finding) -> &str {
    match finding {
        Finding::Ok => "ok",
        Finding::Idle(why) => why,
        Finding::Attention(problem) | Finding::Failed(problem) => problem,
    }
}
