//! Sends the objects of an export, in its order: customers, contacts, onboardings.

use std::io::{self, BufRead};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::body::Bodies;
use super::map_file::MapFile;
use super::report::{Sent, UploadReport};
use crate::transfer::remote::client::Client;
use crate::transfer::remote::error::RemoteError;
use crate::transfer::remote::kind::Kind;
use crate::transfer::remote::page::{Head, is_plain};
use crate::transfer::remote::problem::Problem;
use crate::transfer::remote::reply::{ApiFault, Reply};
use crate::transfer::remote::watch::{Estimate, RemoteWatch, Step};

/// Creates the `total` objects of an export that aren't in the map yet. Objects that the other
/// server doesn't accept don't stop the rest.
///
/// # Errors
/// If the upload can't continue. Run it again with the same map to continue.
pub fn upload(
    client: &mut Client,
    export: impl BufRead,
    total: u64,
    map: &mut MapFile,
    watch: &Arc<dyn RemoteWatch>,
) -> Result<UploadReport, RemoteError> {
    if let Some(per_minute) = client.requests_per_minute() {
        watch.on_estimate(&Estimate { requests: total.saturating_sub(map.len()), per_minute });
    }
    let mut upload =
        Upload { client, map, watch, bodies: Bodies::default(), report: UploadReport::default() };
    // The first line is the header of the export.
    for (done, line) in (1..).zip(export.lines().skip(1)) {
        upload.send_line(&line.map_err(RemoteError::Export)?)?;
        watch.on_progress(Step::Sending, done, Some(total));
    }
    Ok(upload.report)
}

struct Upload<'u> {
    client: &'u mut Client,
    map: &'u mut MapFile,
    watch: &'u Arc<dyn RemoteWatch>,
    bodies: Bodies,
    report: UploadReport,
}

impl Upload<'_> {
    fn send_line(&mut self, line: &str) -> Result<(), RemoteError> {
        let not_an_object = |reason: String| RemoteError::Export(io::Error::other(reason));
        let object: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| not_an_object(error.to_string()))?;
        let kind = object.get("object").and_then(Value::as_str).and_then(Kind::parse);
        let kind = kind.ok_or_else(|| not_an_object("an unknown type of object".to_owned()))?;
        let head = Head::parse(line, kind).map_err(not_an_object)?;
        if self.map.get(kind, &head.id).is_some() {
            self.count(kind).existing += 1;
            return Ok(());
        }
        let customer = match &head.customer {
            None => None,
            Some(id) => match self.map.get(Kind::Customer, id) {
                Some(id) => Some(id.to_owned()),
                None => {
                    self.count(kind).left_out += 1;
                    return Ok(());
                }
            },
        };
        let path = match (kind, &customer) {
            (Kind::Contact, Some(customer)) => format!("/customers/{customer}/contacts"),
            (Kind::Onboarding, _) => "/onboardings".to_owned(),
            _ => "/customers".to_owned(),
        };
        let body = self.bodies.body(kind, &object, customer.as_deref());
        let text =
            serde_json::to_string(&body).map_err(|error| not_an_object(error.to_string()))?;
        let reply = self.client.post(&path, &text, &format!("pivotal-export-{}", head.id))?;
        if reply.is_success() {
            return self.record(kind, &head, &path, &body, &reply);
        }
        self.count(kind).refused += 1;
        let errors = reply.faults().into_iter().map(with_advice).collect();
        let problem = Problem { object: kind, id: head.id, display_id: head.display_id, errors };
        self.watch.on_problem(&problem);
        self.report.problems.push(problem);
        Ok(())
    }

    fn record(
        &mut self,
        kind: Kind,
        head: &Head,
        path: &str,
        sent: &Map<String, Value>,
        reply: &Reply,
    ) -> Result<(), RemoteError> {
        let fields: Map<String, Value> = serde_json::from_slice(reply.body()).unwrap_or_default();
        let id = fields.get("id").and_then(Value::as_str);
        let Some(id) = id.filter(|id| is_plain(id)) else {
            return Err(RemoteError::Unexpected {
                request: format!("POST {path}"),
                reason: "it has no ID".to_owned(),
            });
        };
        self.map.record(kind, &head.id, id)?;
        self.count(kind).created += 1;
        for (name, value) in sent {
            if fields.get(name) != Some(value) {
                let name = format!("{}.{name}", kind.as_str());
                *self.report.changed_fields.entry(name).or_default() += 1;
            }
        }
        Ok(())
    }

    fn count(&mut self, kind: Kind) -> &mut Sent {
        match kind {
            Kind::Customer => &mut self.report.customers,
            Kind::Contact => &mut self.report.contacts,
            Kind::Onboarding => &mut self.report.onboardings,
        }
    }
}

/// Says what to do about errors whose message can't know what this command does.
fn with_advice(mut fault: ApiFault) -> ApiFault {
    if fault.code == "idempotency_key_reused" {
        fault.message = "an earlier run sent it with other values, and may have created it; find \
                         it there, and add it to the map file or try again in 24 hours"
            .to_owned();
    }
    fault
}
