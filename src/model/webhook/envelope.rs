//! The body of a webhook request. It is built from the stored event and always has the same bytes.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use crate::model::event::{API_VERSION, Event, EventData, EventType, new_event_id};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceId;

/// The type of the event that tests whether an endpoint is reachable.
pub const PING: &str = "webhook.ping";

/// The envelope: an event of the activity lists without `object` and `actor`.
pub struct Envelope<'e> {
    pub id: &'e str,
    pub kind: &'e str,
    pub created_at: Timestamp,
    pub org_id: &'e WorkspaceId,
    pub livemode: bool,
    pub object: &'e RawValue,
    pub previous_attributes: Option<&'e RawValue>,
}

/// Returns whether the envelope includes the previous values of changed fields. Events that result
/// from an update, such as `customer.at_risk`, don't: the update's own event includes them.
pub fn has_previous_attributes(kind: EventType) -> bool {
    let is_move =
        matches!(kind, EventType::OnboardingPhaseChanged | EventType::OnboardingStateChanged);
    is_move || <&str>::from(kind).ends_with(".updated")
}

/// Returns the object for a ping.
pub fn ping_object(endpoint: &Endpoint) -> Value {
    json!({"object": "webhook_endpoint", "id": endpoint.id, "url": endpoint.url})
}

impl<'e> Envelope<'e> {
    pub fn new(event: &'e Event) -> Self {
        Self {
            id: &event.id,
            kind: event.kind.into(),
            created_at: event.created_at,
            org_id: &event.org_id,
            livemode: event.livemode,
            object: &event.object,
            previous_attributes: event
                .previous_attributes
                .as_deref()
                .filter(|_| has_previous_attributes(event.kind)),
        }
    }
}

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = EventData { object: self.object, previous_attributes: self.previous_attributes };
        let mut envelope = serializer.serialize_struct("Envelope", 7)?;
        envelope.serialize_field("id", self.id)?;
        envelope.serialize_field("type", self.kind)?;
        envelope.serialize_field("created_at", &self.created_at)?;
        envelope.serialize_field("org_id", self.org_id)?;
        envelope.serialize_field("livemode", &self.livemode)?;
        envelope.serialize_field("api_version", API_VERSION)?;
        envelope.serialize_field("data", &data)?;
        envelope.end()
    }
}

/// An event that exists only for one delivery and isn't in any list: a ping or a test event.
#[derive(Clone, Debug)]
pub struct SyntheticEvent {
    pub id: String,
    pub kind: String,
    pub body: String,
}

impl SyntheticEvent {
    /// Creates the event that tests whether an endpoint is reachable.
    ///
    /// # Errors
    /// Never: the object is valid JSON.
    pub fn ping(
        endpoint: &Endpoint,
        org_id: &WorkspaceId,
        now: Timestamp,
    ) -> serde_json::Result<Self> {
        let object = to_raw_value(&ping_object(endpoint))?;
        Self::new(PING, &object, None, endpoint.mode.is_live(), org_id, now)
    }

    /// Creates a test event with a made-up object. It is never live.
    ///
    /// # Errors
    /// Never: the object is valid JSON.
    pub fn test(
        kind: &str,
        object: &RawValue,
        previous_attributes: Option<&RawValue>,
        org_id: &WorkspaceId,
        now: Timestamp,
    ) -> serde_json::Result<Self> {
        Self::new(kind, object, previous_attributes, false, org_id, now)
    }

    fn new(
        kind: &str,
        object: &RawValue,
        previous_attributes: Option<&RawValue>,
        livemode: bool,
        org_id: &WorkspaceId,
        created_at: Timestamp,
    ) -> serde_json::Result<Self> {
        let id = new_event_id();
        let envelope =
            Envelope { id: &id, kind, created_at, org_id, livemode, object, previous_attributes };
        let body = serde_json::to_string(&envelope)?;
        Ok(Self { id, kind: kind.to_owned(), body })
    }
}
