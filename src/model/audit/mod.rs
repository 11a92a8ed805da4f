//! The audit log of a workspace: every event it has recorded, and the filters to search them by.

pub mod search;

use self::search::SearchText;
use super::customer::CustomerId;
use super::event::{Event, EventType};
use super::onboarding::Phase;
use super::parse::params::{Params, Query};
use super::parse::problem::{Fault, Problem, Rule};
use super::parse::string_enum::parse_enum;
use super::resource::ResourceType;
use super::values::id::ResourceId;
use super::values::time::Timestamp;
use super::webhook::id::EndpointId;

/// Filters for the audit log. A blank parameter counts as absent, because a form submits every
/// field.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// A text that the events contain.
    pub text: Option<SearchText>,
    pub kind: Option<EventType>,
    /// The actor's ID.
    pub actor: Option<String>,
    pub resource: Option<ResourceType>,
    pub resource_id: Option<ResourceId>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

impl Query for AuditFilter {
    fn read(params: &mut Params) -> Self {
        let filter = Self {
            text: params.parse_non_blank("q", SearchText::parse),
            kind: params.parse_non_blank("type", parse_enum),
            actor: params.parse_non_blank("actor", |text| Ok(text.trim().to_owned())),
            resource: params.parse_non_blank("resource", parse_enum),
            resource_id: params.parse_non_blank("id", parse_id),
            from: params.parse_non_blank("from", parse_time),
            to: params.parse_non_blank("to", parse_time),
        };
        let is_backwards = filter.from.zip(filter.to).is_some_and(|(from, to)| from >= to);
        params.reject_if(is_backwards, || Problem {
            rule: Rule::ConflictingFields,
            message: "to must be after the start of the period".to_owned(),
            field: "to".to_owned(),
        });
        filter
    }
}

fn parse_id(text: &str) -> Result<ResourceId, Fault> {
    let requirement = "must be a full ID: c followed by 24 to 31 lowercase letters and digits, or \
                       the ID of a webhook endpoint, which starts with ep_";
    let of_endpoint =
        || EndpointId::parse(text.trim()).map(|id| ResourceId::from_stored(id.to_string()));
    ResourceId::parse(text.trim())
        .or_else(of_endpoint)
        .ok_or_else(|| Fault::new(Rule::InvalidString, requirement))
}

fn parse_time(text: &str) -> Result<Timestamp, Fault> {
    let requirement = "must be a date or a date-time, such as 2026-05-26 or 2026-05-26T17:21";
    Timestamp::parse_lenient(text).ok_or_else(|| Fault::new(Rule::InvalidString, requirement))
}

/// An event with the details that its envelope leaves out. The event includes a snapshot of the
/// resource, so an entry is complete even if the resource has been deleted since.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub event: Event,
    pub resource: ResourceType,
    pub resource_id: ResourceId,
    /// The customer whose timeline includes the event, or `None` for an event about a key.
    pub customer_id: Option<CustomerId>,
    /// The old and the new phase, if an onboarding changed phase.
    pub phases: Option<(Phase, Phase)>,
}

/// A page of the audit log, newest event first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// May be empty even though older events match: see `searched_back_to`.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page, if there may be older events.
    pub next: Option<Timestamp>,
    /// How far back the search went, if it stopped before the page was full.
    pub searched_back_to: Option<Timestamp>,
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
    fn blank_form_fields_do_not_filter() {
        let names = ["q", "type", "actor", "resource", "id", "from", "to"];
        let blank: Vec<_> = names.iter().map(|&name| (name, " ")).collect();
        let AuditFilter { text, kind, actor, resource, resource_id, from, to } =
            read(&blank).unwrap();
        assert!(text.is_none() && kind.is_none() && actor.is_none() && resource.is_none());
        assert!(resource_id.is_none() && from.is_none() && to.is_none());
    }

    #[test]
    fn every_filter_is_parsed() {
        let id = format!("c{}", "7".repeat(24));
        let filter = read(&[
            ("q", " Ada "),
            ("type", "contact.deleted"),
            ("actor", " cli "),
            ("resource", "contact"),
            ("id", &id),
            ("from", "2026-05-26"),
            ("to", "2026-05-26T17:21"),
        ])
        .unwrap();
        assert_eq!(filter.text, SearchText::parse("ADA").ok());
        assert_eq!(filter.kind, Some(EventType::ContactDeleted));
        assert_eq!(filter.actor.as_deref(), Some("cli"));
        assert_eq!(filter.resource, Some(ResourceType::Contact));
        assert_eq!(filter.resource_id.unwrap().as_str(), id);
        assert_eq!(filter.from, Timestamp::parse("2026-05-26"));
        assert_eq!(filter.to, Timestamp::parse("2026-05-26T17:21:00Z"));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let wrong = [("type", "x"), ("resource", "event"), ("id", "12"), ("from", "yesterday")];
        let problems = read(&wrong).unwrap_err();
        let rules: Vec<Rule> = problems.iter().map(|(rule, _)| *rule).collect();
        let (choice, text) = (Rule::InvalidEnumValue, Rule::InvalidString);
        assert_eq!(rules, [choice, choice, text, text]);
        let fields: Vec<&str> = problems.iter().map(|(_, field)| field.as_str()).collect();
        assert_eq!(fields, ["type", "resource", "id", "from"]);
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_rejected() {
        let backwards = [("from", "2026-05-27"), ("to", "2026-05-26")];
        assert_eq!(read(&backwards).unwrap_err(), [(Rule::ConflictingFields, "to".to_owned())]);
    }
}
