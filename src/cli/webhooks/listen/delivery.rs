//! Verifies, forwards, and prints the requests that `webhooks listen` receives.

use std::sync::mpsc::Sender;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::super::output::Output;
use super::super::super::output::failure::Failure;
use super::super::request::Request;
use super::forward::Forwarder;
use super::http::Response;
use crate::model::clock::{Clock, SystemClock};
use crate::model::values::time::Timestamp;
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::signature::verify;

/// The parts of an event that are printed.
#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    id: Option<serde_json::Value>,
}

/// A line of the output.
#[derive(Serialize)]
struct Line<'e> {
    received_at: Timestamp,
    #[serde(rename = "type")]
    kind: &'e str,
    id: &'e str,
    delivery_id: &'e str,
    resource_id: Option<&'e str>,
    /// The receiver's status; null if it didn't respond or there is no receiver.
    status: Option<u16>,
    error: Option<&'e str>,
    event: &'e RawValue,
}

/// Handles deliveries.
pub struct Deliveries {
    pub secret: SigningSecret,
    pub forwarder: Option<Forwarder>,
    pub output: Output,
    /// Ends the command when a line can't be printed.
    pub fail: Sender<Failure>,
}

impl Deliveries {
    /// Handles a request from the server. Returns the receiver's response.
    pub fn take(&self, request: &[u8]) -> Response {
        let Ok(request) = Request::parse(request) else {
            return Response::new(400, "This is not a webhook request.");
        };
        let received_at = SystemClock.now();
        let now = received_at.as_micros().div_euclid(1_000_000);
        let Request { id, timestamp, signatures, body, .. } = request;
        if verify(&self.secret, id, timestamp, signatures, body, now).is_err() {
            return Response::new(401, "The signature isn't valid.");
        }
        let parsed = (serde_json::from_slice::<Event>(body), serde_json::from_slice(body));
        let (Ok(event), Ok(body)) = parsed else {
            return Response::new(400, "This is not an event.");
        };
        let result = self.forwarder.as_ref().map(|forwarder| forwarder.forward(&request));
        let line = Line {
            received_at,
            kind: &event.kind,
            id: &event.id,
            delivery_id: id,
            resource_id: event.data.object.id.as_ref().and_then(|id| id.as_str()),
            status: result.as_ref().and_then(|result| Some(result.as_ref().ok()?.status)),
            error: result.as_ref().and_then(|result| result.as_ref().err()).map(String::as_str),
            event: body,
        };
        if let Err(failure) = self.output.print(&line, || line.text()) {
            // If nobody receives this, the command is already ending.
            let _ = self.fail.send(failure);
        }
        match result {
            None => Response::new(200, Vec::new()),
            Some(Ok(response)) => response,
            Some(Err(error)) => Response::new(502, format!("Not forwarded: {error}.")),
        }
    }
}

impl Line<'_> {
    fn text(&self) -> String {
        let mut line = format!("{}  {}  {}", self.received_at, self.kind, self.id);
        if let Some(id) = self.resource_id {
            line.push_str("  ");
            line.push_str(id);
        }
        match (self.status, self.error) {
            (Some(status), _) => line.push_str(&format!(" → {status}")),
            (None, Some(error)) => line.push_str(&format!(" → {error}")),
            (None, None) => {}
        }
        // Test events can contain anything, and this goes to a terminal.
        line.replace(char::is_control, "?")
    }
}
