//! Events: the append-only record of who changed what. The audit log, the activity lists, and
//! webhooks are based on it.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::value::RawValue;
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::openapi::schema::{Object, Type};
use uuid::Uuid;

use super::customer::{Customer, CustomerStatus};
use super::key::{KeyId, Scope, Scopes};
use super::onboarding::{Onboarding, Phase, State};
use super::parse::params::{Params, Query};
use super::parse::problem::{Fault, Rule};
use super::parse::schema::{self, Component, JsonSchema, ObjectSchema, nullable, string_enum};
use super::parse::string_enum::StringEnum;
use super::resource::ResourceType;
use super::values::id::{DisplayId, ResourceId, base36};
use super::values::text::Name;
use super::values::time::Timestamp;
use super::workspace::WorkspaceId;

/// The API version that events are rendered in.
pub const API_VERSION: &str = "v1";

/// The event types that the hosted API's reference doesn't list.
const ADDED: &str = "Addition: the hosted API doesn't have the types `contact.updated`, \
                     `contact.deleted`, `onboarding.updated`, `onboarding.deleted`, `api_key.created`, \
                     or `api_key.revoked`.";

/// The types that only the audit log shows.
const AUDIT_ONLY: &[&str] = &[
    "webhook_endpoint.created",
    "webhook_endpoint.updated",
    "webhook_endpoint.enabled",
    "webhook_endpoint.disabled",
    "webhook_endpoint.rotated",
    "webhook_endpoint.deleted",
    "customer.purged",
    "contact.purged",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
pub enum EventType {
    #[strum(serialize = "customer.created")]
    CustomerCreated,
    #[strum(serialize = "customer.updated")]
    CustomerUpdated,
    #[strum(serialize = "customer.archived")]
    CustomerArchived,
    #[strum(serialize = "customer.at_risk")]
    CustomerAtRisk,
    #[strum(serialize = "customer.churned")]
    CustomerChurned,
    #[strum(serialize = "contact.created")]
    ContactCreated,
    #[strum(serialize = "contact.updated")]
    ContactUpdated,
    #[strum(serialize = "contact.deleted")]
    ContactDeleted,
    #[strum(serialize = "onboarding.created")]
    OnboardingCreated,
    #[strum(serialize = "onboarding.updated")]
    OnboardingUpdated,
    #[strum(serialize = "onboarding.phase_changed")]
    OnboardingPhaseChanged,
    #[strum(serialize = "onboarding.state_changed")]
    OnboardingStateChanged,
    #[strum(serialize = "onboarding.at_risk")]
    OnboardingAtRisk,
    #[strum(serialize = "onboarding.back_on_track")]
    OnboardingBackOnTrack,
    #[strum(serialize = "onboarding.launched")]
    OnboardingLaunched,
    #[strum(serialize = "onboarding.completed")]
    OnboardingCompleted,
    #[strum(serialize = "onboarding.deleted")]
    OnboardingDeleted,
    #[strum(serialize = "api_key.created")]
    ApiKeyCreated,
    #[strum(serialize = "api_key.revoked")]
    ApiKeyRevoked,
    #[strum(serialize = "webhook_endpoint.created")]
    WebhookEndpointCreated,
    #[strum(serialize = "webhook_endpoint.updated")]
    WebhookEndpointUpdated,
    #[strum(serialize = "webhook_endpoint.enabled")]
    WebhookEndpointEnabled,
    #[strum(serialize = "webhook_endpoint.disabled")]
    WebhookEndpointDisabled,
    #[strum(serialize = "webhook_endpoint.rotated")]
    WebhookEndpointRotated,
    #[strum(serialize = "webhook_endpoint.deleted")]
    WebhookEndpointDeleted,
    #[strum(serialize = "customer.purged")]
    CustomerPurged,
    #[strum(serialize = "contact.purged")]
    ContactPurged,
}

impl Component for EventType {
    const NAME: &'static str = "EventType";

    fn component() -> Object {
        string_enum::<Self>(AUDIT_ONLY, &format!("What happened. New types may be added. {ADDED}"))
    }
}

/// Returns the events for an update of a customer: `customer.updated`, and the event of the new
/// status, if it has one.
pub fn customer_update_events(before: &Customer, after: &Customer) -> Vec<EventType> {
    let mut events = vec![EventType::CustomerUpdated];
    if before.status != after.status {
        events.extend(match after.status {
            CustomerStatus::AtRisk => Some(EventType::CustomerAtRisk),
            CustomerStatus::Churned => Some(EventType::CustomerChurned),
            CustomerStatus::Archived => Some(EventType::CustomerArchived),
            CustomerStatus::Onboarding | CustomerStatus::Active => None,
        });
    }
    events
}

/// Returns the events for an update of an onboarding. Changing the phase or the state adds events
/// of their own. `onboarding.back_on_track` means that the state is no longer `at_risk`, whatever
/// it is now.
pub fn onboarding_update_events(before: &Onboarding, after: &Onboarding) -> Vec<EventType> {
    let mut events = vec![EventType::OnboardingUpdated];
    if before.phase != after.phase {
        events.push(EventType::OnboardingPhaseChanged);
        events.extend(match after.phase {
            Phase::Launch => Some(EventType::OnboardingLaunched),
            Phase::Completed => Some(EventType::OnboardingCompleted),
            _ => None,
        });
    }
    if before.state != after.state {
        events.push(EventType::OnboardingStateChanged);
        events.extend(match (before.state, after.state) {
            (_, State::AtRisk) => Some(EventType::OnboardingAtRisk),
            (State::AtRisk, _) => Some(EventType::OnboardingBackOnTrack),
            _ => None,
        });
    }
    events
}

/// The API key or admin that made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    #[serde(rename = "type")]
    pub kind: ActorKind,
    /// The key's ID, or `page` or `cli` for the admin.
    pub id: String,
    /// The display name.
    pub name: String,
}

impl Actor {
    pub fn key(id: &KeyId, name: &Name) -> Self {
        let (id, name) = (id.as_str().to_owned(), name.as_str().to_owned());
        Self { kind: ActorKind::ApiKey, id, name }
    }

    /// The admin, using the command line.
    pub fn command_line() -> Self {
        Self { kind: ActorKind::Admin, id: "cli".to_owned(), name: "command line".to_owned() }
    }

    /// The admin, using the admin pages.
    pub fn admin_page() -> Self {
        Self { kind: ActorKind::Admin, id: "page".to_owned(), name: "Admin".to_owned() }
    }

    /// The server, for what it does by itself. Only the audit log shows it.
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: "system".to_owned(), name: "System".to_owned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum ActorKind {
    ApiKey,
    Admin,
    System,
}

impl StringEnum for ActorKind {
    const NAME: &'static str = "ActorType";
    const INTERNAL: &'static [&'static str] = &["system"];
    const DESCRIPTION: &'static str = "Who made a change: an API key or the admin.";
}

impl Component for Actor {
    const NAME: &'static str = "Actor";

    fn component() -> Object {
        let id = "The ID of the API key. For the admin, where the change was made: `page` (the admin \
                  pages) or `cli` (the command line).";
        ObjectSchema::new(&["Who made the change."])
            .property::<ActorKind>("type", &["Whether an API key or the admin made the change."])
            .property::<String>("id", &[id])
            .property::<String>("name", &["The name of the API key or the admin."])
            .build()
    }
}

/// Generates an event ID: `evt_` and a UUIDv7 in base 36.
pub fn new_event_id() -> String {
    format!("{ID_START}{}", base36(Uuid::now_v7()))
}

const ID_START: &str = "evt_";
/// The number of characters after [`ID_START`].
const ID_DIGITS: usize = 25;

/// Something that happened to a resource. Serialized in the webhook envelope.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub kind: EventType,
    /// Unique within the workspace.
    pub created_at: Timestamp,
    pub org_id: WorkspaceId,
    /// False if a test key made the change.
    pub livemode: bool,
    pub actor: Actor,
    /// A snapshot of the resource after the change.
    pub object: Box<RawValue>,
    /// The previous values of the fields that changed.
    pub previous_attributes: Option<Box<RawValue>>,
}

impl Event {
    /// The value of its `object` field.
    pub const OBJECT: &'static str = "event";

    /// Returns whether a text has the form of an event's ID.
    pub fn is_id(text: &str) -> bool {
        text.strip_prefix(ID_START).is_some_and(|rest| {
            rest.len() == ID_DIGITS
                && rest.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
        })
    }
}

/// The `data` field of an event.
#[derive(Serialize)]
pub struct EventData<'e> {
    pub(in crate::model) object: &'e RawValue,
    pub(in crate::model) previous_attributes: Option<&'e RawValue>,
}

/// The schema of the resource in an event, whatever its type.
#[derive(Debug)]
pub enum Snapshot {}

impl Component for Snapshot {
    const NAME: &'static str = "EventResource";

    /// Describes only the fields that every snapshot has: an old snapshot lacks the fields that
    /// were added to its type later. API keys have no display ID, but their events are in no
    /// activity list.
    fn component() -> Object {
        let about = "The customer, contact, or onboarding as it was after the change, or just \
                     before it was deleted. Activity lists don't include events about API keys.";
        ObjectSchema::new(&[about])
            .property::<ResourceType>(
                "object",
                &["The resource's type, which determines its other fields."],
            )
            .property::<ResourceId>("id", &["Unique identifier for the resource."])
            .property::<DisplayId>("display_id", &["The resource's sequential number."])
            .build()
    }
}

impl Component for EventData<'_> {
    const NAME: &'static str = "EventData";

    fn component() -> Object {
        let before = nullable(Object::with_type(Type::Object).into());
        let previous_attributes =
            "The previous values of the fields that changed, or `null` if no fields changed.";
        ObjectSchema::new(&["What changed."])
            .property::<Snapshot>("object", &["The resource."])
            .property_with_schema("previous_attributes", before, &[previous_attributes])
            .build()
    }
}

impl Component for Event {
    const NAME: &'static str = "Event";

    fn component() -> Object {
        let id = schema::string().pattern(Some("^evt_[a-z0-9]{25}$"));
        let actor = "Addition: the hosted API doesn't have this field. Who made the change.";
        ObjectSchema::new(&["Something that happened to a resource."])
            .constant("object", Self::OBJECT, &["The object's type."])
            .property_with_schema("id", id.into(), &["Unique identifier for the event."])
            .property::<EventType>("type", &["What happened.", ADDED])
            .property::<Timestamp>("created_at", &["When the change was made."])
            .property::<WorkspaceId>("org_id", &["The ID of the organization."])
            .property::<bool>("livemode", &["`false` if a test key made the change."])
            .constant(
                "api_version",
                API_VERSION,
                &["The API version that the event is rendered in."],
            )
            .property::<Actor>("actor", &[actor])
            .property::<EventData<'_>>("data", &["What changed."])
            .build()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let previous_attributes = self.previous_attributes.as_deref();
        let mut event = serializer.serialize_struct("Event", 9)?;
        event.serialize_field("object", Self::OBJECT)?;
        event.serialize_field("id", &self.id)?;
        event.serialize_field("type", &self.kind)?;
        event.serialize_field("created_at", &self.created_at)?;
        event.serialize_field("org_id", &self.org_id)?;
        event.serialize_field("livemode", &self.livemode)?;
        event.serialize_field("api_version", API_VERSION)?;
        event.serialize_field("actor", &self.actor)?;
        event.serialize_field("data", &EventData { object: &self.object, previous_attributes })?;
        event.end()
    }
}

/// The resource types whose events a caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadableTypes {
    customers: bool,
    contacts: bool,
    onboardings: bool,
}

impl ReadableTypes {
    pub const ALL: Self = Self { customers: true, contacts: true, onboardings: true };

    /// Returns the types that a key with these scopes may read.
    pub fn from_scopes(scopes: &Scopes) -> Self {
        Self {
            customers: scopes.allow(Scope::ReadCustomers),
            contacts: scopes.allow(Scope::ReadContacts),
            onboardings: scopes.allow(Scope::ReadOnboardings),
        }
    }

    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (self.customers, ResourceType::Customer),
            (self.contacts, ResourceType::Contact),
            (self.onboardings, ResourceType::Onboarding),
        ];
        all.into_iter().filter(|(may, _)| *may).map(|(_, resource)| resource.into()).collect()
    }
}

/// Filters for an activity list.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventFilter {
    pub kind: Option<EventType>,
}

impl Query for EventFilter {
    fn read(params: &mut Params) -> Self {
        let faults = || vec![unknown_type()];
        Self { kind: params.parse_with("type", EventType::schema, faults, parse_listed_type) }
    }
}

/// Parses a type that is in activity lists.
fn parse_listed_type(text: &str) -> Result<EventType, Fault> {
    let text = text.trim();
    let listed = text.parse().ok().filter(|_| !AUDIT_ONLY.contains(&text));
    listed.ok_or_else(unknown_type)
}

fn unknown_type() -> Fault {
    let listed: Vec<&str> =
        EventType::VARIANTS.iter().copied().filter(|name| !AUDIT_ONLY.contains(name)).collect();
    Fault::new(Rule::InvalidEnumValue, format!("must be one of: {}", listed.join(", ")))
}
