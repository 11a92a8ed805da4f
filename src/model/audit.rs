//! The audit log of a workspace: all of its events, whatever they are about, and the filters by
//! which people look for some of them.

use super::customer::CustomerId;
use super::event::{Event, EventType};
use super::onboarding::Phase;
use super::parse::choice::choice;
use super::parse::params::{Params, Query};
use super::parse::problem::{Fault, Problem, Rule};
use super::resource::ResourceType;
use super::values::id::ResourceId;
use super::values::time::Timestamp;

/// Which events of a workspace are shown. Parameters that are blank, as forms send them, count as
/// not given.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only those of one type.
    pub kind: Option<EventType>,
    /// Only those of one actor, by the actor's id.
    pub actor: Option<String>,
    /// Only those about one type of resource.
    pub resource: Option<ResourceType>,
    /// Only those about one resource.
    pub resource_id: Option<ResourceId>,
    /// Only those at this time or later.
    pub from: Option<Timestamp>,
    /// Only those before this time.
    pub to: Option<Timestamp>,
}

impl Query for AuditFilter {
    fn read(params: &mut Params) -> Self {
        let filter = Self {
            kind: params.filled("type", choice),
            actor: params.filled("actor", |text| Ok(text.trim().to_owned())),
            resource: params.filled("resource", choice),
            resource_id: params.filled("id", parse_id),
            from: params.filled("from", parse_time),
            to: params.filled("to", parse_time),
        };
        let is_backwards = filter.from.zip(filter.to).is_some_and(|(from, to)| from >= to);
        params.report_if(is_backwards, || Problem {
            rule: Rule::ConflictingFields,
            message: "to must be later than from".to_owned(),
            field: "to".to_owned(),
        });
        filter
    }
}

fn parse_id(text: &str) -> Result<ResourceId, Fault> {
    let says = "must be a whole id: c and 24 to 31 lower-case letters and digits";
    ResourceId::parse(text.trim()).ok_or_else(|| Fault::new(Rule::InvalidString, says))
}

fn parse_time(text: &str) -> Result<Timestamp, Fault> {
    let says = "must be a date or a date-time, which is UTC when it has no offset";
    Timestamp::parse_input(text).ok_or_else(|| Fault::new(Rule::InvalidString, says))
}

/// An event with what its envelope leaves out. The resource as it then was stands in the event,
/// so that this is all there is to know of one that was deleted since.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// The event.
    pub event: Event,
    /// The type of the resource that it is about.
    pub resource: ResourceType,
    /// The resource's id.
    pub resource_id: ResourceId,
    /// The customer in whose timeline it stands; nothing when it is about a key.
    pub customer_id: Option<CustomerId>,
    /// Where a move of an onboarding's phase led from and to.
    pub phases: Option<(Phase, Phase)>,
}

/// A page of the audit log, newest event first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The events. There may be none and older ones all the same.
    pub entries: Vec<AuditEntry>,
    /// The cursor with which the log goes on, when there may be older events.
    pub next: Option<Timestamp>,
    /// How far back was looked, when that ended before the page was full.
    pub looked_back_to: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<AuditFilter, Vec<(Rule, String)>> {
        let pairs = pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        Params::parse(pairs)
            .map_err(|problems| problems.into_iter().map(|p| (p.rule, p.field)).collect())
    }

    #[test]
    fn the_blank_fields_of_a_form_narrow_nothing() {
        let names = ["type", "actor", "resource", "id", "from", "to"];
        let blank: Vec<_> = names.iter().map(|&name| (name, " ")).collect();
        let AuditFilter { kind, actor, resource, resource_id, from, to } = read(&blank).unwrap();
        assert!(kind.is_none() && actor.is_none() && resource.is_none());
        assert!(resource_id.is_none() && from.is_none() && to.is_none());
    }

    #[test]
    fn every_filter_is_read() {
        let id = format!("c{}", "7".repeat(24));
        let filter = read(&[
            ("type", "contact.deleted"),
            ("actor", " cli "),
            ("resource", "contact"),
            ("id", &id),
            ("from", "2026-05-26"),
            ("to", "2026-05-26T17:21"),
        ])
        .unwrap();
        assert_eq!(filter.kind, Some(EventType::ContactDeleted));
        assert_eq!(filter.actor.as_deref(), Some("cli"));
        assert_eq!(filter.resource, Some(ResourceType::Contact));
        assert_eq!(filter.resource_id.unwrap().as_str(), id);
        assert_eq!(filter.from, Timestamp::parse("2026-05-26"));
        assert_eq!(filter.to, Timestamp::parse("2026-05-26T17:21:00Z"));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let wrong = [("type", "x"), ("resource", "event"), ("id", "12"), ("from", "yesterday")];
        let problems = read(&wrong).unwrap_err();
        let rules: Vec<Rule> = problems.iter().map(|(rule, _)| *rule).collect();
        let (choice, text) = (Rule::InvalidEnumValue, Rule::InvalidString);
        assert_eq!(rules, [choice, choice, text, text]);
        let fields: Vec<&str> = problems.iter().map(|(_, field)| field.as_str()).collect();
        assert_eq!(fields, ["type", "resource", "id", "from"]);
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_refused() {
        let backwards = [("from", "2026-05-27"), ("to", "2026-05-26")];
        assert_eq!(read(&backwards).unwrap_err(), [(Rule::ConflictingFields, "to".to_owned())]);
    }
}
