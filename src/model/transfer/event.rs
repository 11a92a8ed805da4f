//! Events in an export: the API's objects without `org_id`, which is in the header.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fault::json_message;
use crate::model::customer::{Customer, CustomerId};
use crate::model::event::{API_VERSION, Actor, Event, EventData, EventType};
use crate::model::onboarding::Phase;
use crate::model::resource::ResourceType;
use crate::model::values::id::Id;
use crate::model::values::time::Timestamp;

/// An event to import, with the values that are derived from its object.
#[derive(Debug)]
pub struct ImportedEvent {
    pub id: String,
    pub kind: EventType,
    pub created_at: Timestamp,
    pub livemode: bool,
    pub actor: Actor,
    pub resource: ResourceType,
    pub resource_id: String,
    /// The customer whose activity includes the event. `None` for events that only the audit log
    /// shows.
    pub customer_id: Option<CustomerId>,
    /// The phases that an onboarding moved from and to.
    pub phases: Option<(Phase, Phase)>,
    pub object: Box<RawValue>,
    pub previous: Option<Box<RawValue>>,
}

/// The fields of a line, in their order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    object: String,
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created_at: Timestamp,
    livemode: bool,
    api_version: String,
    actor: ActorFields,
    data: Data,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActorFields {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    object: Box<RawValue>,
    previous_attributes: Option<Box<RawValue>>,
}

/// What an event's columns are derived from.
#[derive(Deserialize)]
struct Subject {
    id: String,
    customer_id: Option<String>,
    phase: Option<Phase>,
}

#[derive(Deserialize)]
struct PreviousPhase {
    phase: Option<Phase>,
}

impl ImportedEvent {
    /// Parses the line of an event.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(line: &str) -> Result<Self, String> {
        let line: Line = serde_json::from_str(line).map_err(|error| json_message(&error))?;
        if line.object != Event::OBJECT {
            return Err("object must be event".to_owned());
        }
        if line.api_version != API_VERSION {
            return Err(format!("api_version must be {API_VERSION}"));
        }
        if !Event::is_id(&line.id) {
            return Err("id must be evt_ followed by 25 lowercase letters and digits".to_owned());
        }
        let kind: EventType =
            line.kind.parse().map_err(|_| format!("type {} is not known", line.kind))?;
        let actor_kind =
            line.actor.kind.parse().map_err(|_| "actor.type is not known".to_owned())?;
        let actor = Actor { kind: actor_kind, id: line.actor.id, name: line.actor.name };
        let subject: Subject = serde_json::from_str(line.data.object.get())
            .map_err(|error| format!("data.object: {}", json_message(&error)))?;
        let resource = resource_of(kind)?;
        let customer_id = customer_of(resource, &subject)?;
        let previous = line.data.previous_attributes;
        let phases = match &previous {
            Some(previous) if kind == EventType::OnboardingPhaseChanged => {
                let before: PreviousPhase =
                    serde_json::from_str(previous.get()).map_err(|error| {
                        format!("data.previous_attributes: {}", json_message(&error))
                    })?;
                before.phase.zip(subject.phase)
            }
            Some(previous) if !previous.get().starts_with('{') => {
                return Err("data.previous_attributes must be an object or null".to_owned());
            }
            _ => None,
        };
        Ok(Self {
            id: line.id,
            kind,
            created_at: line.created_at,
            livemode: line.livemode,
            actor,
            resource,
            resource_id: subject.id,
            customer_id,
            phases,
            object: line.data.object,
            previous,
        })
    }
}

/// An event as an export has it. The JSON texts of its object and its previous values are kept.
#[derive(Serialize)]
struct ExportedEvent<'e> {
    object: &'static str,
    id: &'e str,
    #[serde(rename = "type")]
    kind: EventType,
    created_at: Timestamp,
    livemode: bool,
    api_version: &'static str,
    actor: &'e Actor,
    data: EventData<'e>,
}

/// Returns the line of an event in an export.
pub fn event_line(event: &Event) -> serde_json::Result<String> {
    serde_json::to_string(&ExportedEvent {
        object: Event::OBJECT,
        id: &event.id,
        kind: event.kind,
        created_at: event.created_at,
        livemode: event.livemode,
        api_version: API_VERSION,
        actor: &event.actor,
        data: EventData {
            object: &event.object,
            previous_attributes: event.previous_attributes.as_deref(),
        },
    })
}

/// Returns the resource that events of a type are about.
fn resource_of(kind: EventType) -> Result<ResourceType, String> {
    let name = <&str>::from(kind);
    let prefix = name.split_once('.').map_or(name, |(prefix, _)| prefix);
    prefix.parse().map_err(|_| format!("type {name} is about an unknown resource"))
}

fn customer_of(resource: ResourceType, subject: &Subject) -> Result<Option<CustomerId>, String> {
    let (field, id) = match resource {
        ResourceType::Customer => ("id", Some(&subject.id)),
        ResourceType::Contact | ResourceType::Onboarding => {
            ("customer_id", subject.customer_id.as_ref())
        }
        ResourceType::ApiKey | ResourceType::WebhookEndpoint => return Ok(None),
    };
    let id = id.and_then(|id| Id::<Customer>::parse(id));
    id.map(Some).ok_or_else(|| format!("data.object.{field} must be the ID of a customer"))
}
