//! Which events an endpoint receives.

use serde::Serialize;

use crate::model::event::EventType;
use crate::model::parse::problem::{Fault, Rule};

/// The event types that can be delivered, in display order. Changes to API keys and endpoints are
/// only for the audit log.
pub const DELIVERED: [EventType; 17] = [
    EventType::CustomerCreated,
    EventType::CustomerUpdated,
    EventType::CustomerArchived,
    EventType::CustomerAtRisk,
    EventType::CustomerChurned,
    EventType::ContactCreated,
    EventType::ContactUpdated,
    EventType::ContactDeleted,
    EventType::OnboardingCreated,
    EventType::OnboardingUpdated,
    EventType::OnboardingPhaseChanged,
    EventType::OnboardingStateChanged,
    EventType::OnboardingAtRisk,
    EventType::OnboardingBackOnTrack,
    EventType::OnboardingLaunched,
    EventType::OnboardingCompleted,
    EventType::OnboardingDeleted,
];

/// The event types to deliver. With fields, `*.updated` events are only delivered if at least one of
/// the fields has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Empty means all types.
    types: Vec<EventType>,
    fields: Vec<FieldName>,
}

/// The name of a resource's field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldName(String);

impl FieldName {
    /// The maximum length of a name.
    const MAX: usize = 64;

    /// # Errors
    /// [`Rule::InvalidString`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let is_name = (1..=Self::MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_name {
            let says = "must be the name of a field, such as status or target_launch_date";
            return Err(Fault::new(Rule::InvalidString, says));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Subscription {
    /// # Errors
    /// [`Rule::InvalidEnumValue`] for a type that is never delivered.
    pub fn new(types: Vec<EventType>, fields: Vec<FieldName>) -> Result<Self, Fault> {
        if let Some(kind) = types.iter().find(|kind| !DELIVERED.contains(kind)) {
            let says = format!("can't contain {}: it is never delivered", <&str>::from(*kind));
            return Err(Fault::new(Rule::InvalidEnumValue, says));
        }
        let types = DELIVERED.into_iter().filter(|kind| types.contains(kind)).collect();
        Ok(Self { types, fields })
    }

    /// Returns the types; empty means all types.
    pub fn types(&self) -> &[EventType] {
        &self.types
    }

    pub fn fields(&self) -> &[FieldName] {
        &self.fields
    }

    /// Returns whether an event is delivered; `has_changed` returns whether a field changed.
    pub fn matches(&self, kind: EventType, has_changed: impl Fn(&str) -> bool) -> bool {
        let is_wanted =
            DELIVERED.contains(&kind) && (self.types.is_empty() || self.types.contains(&kind));
        let is_update = <&str>::from(kind).ends_with(".updated");
        is_wanted
            && (!is_update
                || self.fields.is_empty()
                || self.fields.iter().any(|field| has_changed(field.as_str())))
    }

    /// Returns the names in the form stored in the database, separated by spaces.
    pub fn to_texts(&self) -> (String, String) {
        let types: Vec<&str> = self.types.iter().map(|&kind| kind.into()).collect();
        let fields: Vec<&str> = self.fields.iter().map(FieldName::as_str).collect();
        (types.join(" "), fields.join(" "))
    }

    /// Parses the output of [`Subscription::to_texts`]. Returns `None` if this version doesn't know
    /// a type.
    pub fn from_texts(types: &str, fields: &str) -> Option<Self> {
        let types: Result<Vec<EventType>, _> = types.split_whitespace().map(str::parse).collect();
        let fields = fields.split_whitespace().map(|name| FieldName(name.to_owned())).collect();
        Some(Self { types: types.ok()?, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_types_everything_that_can_be_delivered_matches() {
        let all = Subscription::default();
        for kind in DELIVERED {
            assert!(all.matches(kind, |_| false));
        }
        assert!(!all.matches(EventType::ApiKeyCreated, |_| true));
    }

    #[test]
    fn fields_narrow_only_updates() {
        let fields = vec![FieldName::parse("status").unwrap()];
        let subscription = Subscription::new(
            vec![EventType::OnboardingCreated, EventType::CustomerUpdated],
            fields,
        );
        let subscription = subscription.unwrap();
        assert!(subscription.matches(EventType::CustomerUpdated, |field| field == "status"));
        assert!(!subscription.matches(EventType::CustomerUpdated, |field| field == "name"));
        assert!(subscription.matches(EventType::OnboardingCreated, |_| false));
        assert!(!subscription.matches(EventType::OnboardingUpdated, |_| true));
        let (types, fields) = subscription.to_texts();
        assert_eq!(Subscription::from_texts(&types, &fields), Some(subscription));
    }

    #[test]
    fn audit_log_types_and_invalid_field_names_are_refused() {
        assert!(Subscription::new(vec![EventType::ApiKeyRevoked], Vec::new()).is_err());
        for text in ["", "Status", "a b", "a.b", &"a".repeat(65)] {
            assert!(FieldName::parse(text).is_err(), "{text}");
        }
    }
}
