//! Events: the append-only record of who changed what, from which the audit log, the activity
//! lists and webhooks are made.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::value::RawValue;
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::openapi::schema::{Object, Type};
use uuid::Uuid;

use super::customer::{Customer, CustomerStatus};
use super::key::{KeyId, Scope, Scopes};
use super::onboarding::{Onboarding, Phase, State};
use super::parse::choice::Choice;
use super::parse::params::{Params, Query};
use super::parse::schema::{self, Component, Shape, choices, nullable};
use super::resource::ResourceType;
use super::values::id::{DisplayId, ResourceId, base36};
use super::values::text::Name;
use super::values::time::Timestamp;
use super::workspace::WorkspaceId;

/// The version of the API in whose words events are.
const API_VERSION: &str = "v1";

/// What the documentation of the hosted API does not have.
const ADDED: &str = "Addition: the hosted API does not have the types `contact.updated`, \
                     `contact.deleted`, `onboarding.updated`, `onboarding.deleted`, `api_key.created` \
                     and `api_key.revoked`.";

/// What happened.
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
}

impl Component for EventType {
    const NAME: &'static str = "EventType";

    fn component() -> Object {
        choices::<Self>(&format!("What happened. Types may be added. {ADDED}"))
    }
}

/// The events of a customer's update: its status may have one of its own.
pub fn of_customer_update(before: &Customer, after: &Customer) -> Vec<EventType> {
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

/// The events of an onboarding's update: a move of its phase and of its state have their own.
/// `onboarding.back_on_track` means that the at-risk flag was cleared, whatever the new state.
pub fn of_onboarding_update(before: &Onboarding, after: &Onboarding) -> Vec<EventType> {
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

/// Who made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// A key or the admin.
    #[serde(rename = "type")]
    pub kind: ActorKind,
    /// The key's id, or the place from which the admin acted.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl Actor {
    /// A key.
    pub fn key(id: &KeyId, name: &Name) -> Self {
        let (id, name) = (id.as_str().to_owned(), name.as_str().to_owned());
        Self { kind: ActorKind::ApiKey, id, name }
    }

    /// The admin at the command line.
    pub fn command_line() -> Self {
        Self { kind: ActorKind::Admin, id: "cli".to_owned(), name: "command line".to_owned() }
    }

    /// The admin on the admin pages.
    pub fn admin_page() -> Self {
        Self { kind: ActorKind::Admin, id: "page".to_owned(), name: "Admin".to_owned() }
    }
}

/// The kinds of actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum ActorKind {
    ApiKey,
    Admin,
}

impl Choice for ActorKind {
    const NAME: &'static str = "ActorType";
    const ABOUT: &'static str = "Who made a change: an API key, or the admin.";
}

impl Component for Actor {
    const NAME: &'static str = "Actor";

    fn component() -> Object {
        let id = "The id of the key, or the place from which the admin acted: `page` or `cli`.";
        Shape::new(&["Who made a change."])
            .property::<ActorKind>("type", &["An API key, or the admin."])
            .property::<String>("id", &[id])
            .property::<String>("name", &["What people call it."])
            .build()
    }
}

/// A new event id: `evt_` and a base-36 UUIDv7.
pub fn new_event_id() -> String {
    format!("evt_{}", base36(Uuid::now_v7()))
}

/// One thing that happened, in the envelope that webhooks have.
#[derive(Clone, Debug)]
pub struct Event {
    /// `evt_…`.
    pub id: String,
    /// What happened.
    pub kind: EventType,
    /// When: unique within the workspace.
    pub created_at: Timestamp,
    /// In which workspace.
    pub org_id: WorkspaceId,
    /// Whether a live key or the admin did it.
    pub livemode: bool,
    /// Who did it.
    pub actor: Actor,
    /// The resource as it then was.
    pub object: Box<RawValue>,
    /// The earlier values of the properties that changed.
    pub previous_attributes: Option<Box<RawValue>>,
}

/// What changed: the part of an event that is about its resource.
#[derive(Serialize)]
pub struct EventData<'e> {
    object: &'e RawValue,
    previous_attributes: Option<&'e RawValue>,
}

/// The resource in an event, of whatever type.
#[derive(Debug)]
pub enum Snapshot {}

impl Component for Snapshot {
    const NAME: &'static str = "EventResource";

    /// Only what every resource in a list of events has, whenever it was recorded: properties that
    /// its type was given later are not in it. A key has no number, and is in none of the lists.
    fn component() -> Object {
        let about = "The resource as it was after the change, or last was when it is deleted: a \
                     customer, a contact or an onboarding. Events of keys are in no activity list.";
        Shape::new(&[about])
            .property::<ResourceType>("object", &["Its type, which tells what else it has."])
            .property::<ResourceId>("id", &["Its id."])
            .property::<DisplayId>("display_id", &["Its number."])
            .build()
    }
}

impl Component for EventData<'_> {
    const NAME: &'static str = "EventData";

    fn component() -> Object {
        let before = nullable(Object::with_type(Type::Object).into());
        let says = "The values before the change of the properties that changed; null when there \
                    were none.";
        Shape::new(&["What changed."])
            .property::<Snapshot>("object", &["The resource."])
            .always("previous_attributes", before, &[says])
            .build()
    }
}

impl Component for Event {
    const NAME: &'static str = "Event";

    fn component() -> Object {
        let id = schema::string().pattern(Some("^evt_[a-z0-9]{25}$"));
        let actor = "Addition: the hosted API does not have this property. Who made the change.";
        Shape::new(&["Something that happened to a resource."])
            .constant("object", "event", &["The type of the object."])
            .always("id", id.into(), &["The event's id."])
            .property::<EventType>("type", &["What happened.", ADDED])
            .property::<Timestamp>("created_at", &["When it happened."])
            .property::<WorkspaceId>("org_id", &["The id of the organization."])
            .property::<bool>("livemode", &["False when a test key made the change."])
            .constant("api_version", API_VERSION, &["The version of the API."])
            .property::<Actor>("actor", &[actor])
            .property::<EventData<'_>>("data", &["What changed."])
            .build()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let previous_attributes = self.previous_attributes.as_deref();
        let mut event = serializer.serialize_struct("Event", 9)?;
        event.serialize_field("object", "event")?;
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

/// The types of resources whose events somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readable {
    customers: bool,
    contacts: bool,
    onboardings: bool,
}

impl Readable {
    /// All of them.
    pub const ALL: Self = Self { customers: true, contacts: true, onboardings: true };

    /// Those that the scopes of a key let it read.
    pub fn with(scopes: &Scopes) -> Self {
        Self {
            customers: scopes.allow(Scope::ReadCustomers),
            contacts: scopes.allow(Scope::ReadContacts),
            onboardings: scopes.allow(Scope::ReadOnboardings),
        }
    }

    /// Their names.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (self.customers, ResourceType::Customer),
            (self.contacts, ResourceType::Contact),
            (self.onboardings, ResourceType::Onboarding),
        ];
        all.into_iter().filter(|(may, _)| *may).map(|(_, resource)| resource.into()).collect()
    }
}

/// Which events an activity list holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventFilter {
    /// Only those of one type.
    pub kind: Option<EventType>,
}

impl Query for EventFilter {
    fn read(params: &mut Params) -> Self {
        Self { kind: params.choice("type") }
    }
}
