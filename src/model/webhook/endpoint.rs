//! Endpoints: the URLs that a workspace's events are sent to.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::id::EndpointId;
use super::subscription::Subscription;
use super::url::EndpointUrl;
use crate::model::key::Mode;
use crate::model::values::slug::Slug;
use crate::model::values::text::Line;
use crate::model::values::time::Timestamp;

/// The maximum number of endpoints in a workspace, live and test together.
pub const MAX_ENDPOINTS: u32 = 50;
/// How long the old secret also signs after a rotation, in milliseconds.
pub const OVERLAP_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// An endpoint, without its secret.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    /// Its workspace's slug.
    pub workspace: Slug,
    pub url: EndpointUrl,
    pub description: Line,
    /// Whether it receives live or test events.
    pub mode: Mode,
    pub subscription: Subscription,
    /// Set while it is disabled.
    pub disabled: Option<Disabled>,
    /// The number of deliveries that failed since the last success.
    pub failures: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Until when the secret from before the last rotation also signs.
    pub old_secret_expires_at: Option<Timestamp>,
    /// When a temporary endpoint created by `webhooks listen` is removed unless it is renewed.
    pub expires_at: Option<Timestamp>,
}

/// When and why an endpoint was disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disabled {
    pub since: Timestamp,
    pub reason: DisabledReason,
}

/// Why an endpoint was disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum DisabledReason {
    /// An admin disabled it.
    Admin,
    /// Too many deliveries in a row failed.
    Failures,
    /// The receiver returned 410 Gone.
    Gone,
}

/// A new endpoint's fields, except for its secret.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    pub id: EndpointId,
    pub url: EndpointUrl,
    pub description: Line,
    pub mode: Mode,
    pub subscription: Subscription,
    pub expires_at: Option<Timestamp>,
}

/// An update to an endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointPatch {
    pub url: Option<EndpointUrl>,
    pub description: Option<Line>,
    pub subscription: Option<Subscription>,
}

impl Endpoint {
    pub fn is_enabled(&self) -> bool {
        self.disabled.is_none()
    }
}

impl Serialize for Endpoint {
    /// The form that commands print and the audit log keeps.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Endpoint", 14)?;
        object.serialize_field("object", "webhook_endpoint")?;
        object.serialize_field("id", &self.id)?;
        object.serialize_field("workspace", self.workspace.as_str())?;
        object.serialize_field("url", &self.url)?;
        object.serialize_field("mode", <&str>::from(self.mode))?;
        object.serialize_field("events", self.subscription.types())?;
        object.serialize_field("fields", self.subscription.fields())?;
        object.serialize_field("description", &self.description)?;
        object.serialize_field("enabled", &self.is_enabled())?;
        object.serialize_field("disabled_at", &self.disabled.map(|disabled| disabled.since))?;
        object
            .serialize_field("disabled_reason", &self.disabled.map(|disabled| disabled.reason))?;
        object.serialize_field("failures", &self.failures)?;
        object.serialize_field("old_secret_expires_at", &self.old_secret_expires_at)?;
        object.serialize_field("created_at", &self.created_at)?;
        object.end()
    }
}
