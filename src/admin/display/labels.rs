//! Labels for enums and actors.

use std::str::FromStr;

use strum::VariantNames;

use crate::model::customer::CustomerStatus;
use crate::model::event::{Actor, ActorKind, EventType};
use crate::model::key::{Mode, Tier};
use crate::model::onboarding::{Phase, State};
use crate::model::resource::ResourceType;

pub(in crate::admin) fn status(status: &CustomerStatus) -> &'static str {
    match status {
        CustomerStatus::Onboarding => "Onboarding",
        CustomerStatus::Active => "Active",
        CustomerStatus::AtRisk => "At risk",
        CustomerStatus::Churned => "Churned",
        CustomerStatus::Archived => "Archived",
    }
}

pub(in crate::admin) fn status_tone(status: &CustomerStatus) -> &'static str {
    match status {
        CustomerStatus::Onboarding => "info",
        CustomerStatus::Active => "good",
        CustomerStatus::AtRisk => "warn",
        CustomerStatus::Churned => "bad",
        CustomerStatus::Archived => "plain",
    }
}

pub(in crate::admin) fn phase(phase: &Phase) -> &'static str {
    match phase {
        Phase::BeforeGettingStarted => "Before getting started",
        Phase::ProgramDesign => "Program design",
        Phase::Review => "Review",
        Phase::ProgramBuildout => "Program buildout",
        Phase::InternalQa => "Internal QA",
        Phase::Launch => "Launch",
        Phase::Completed => "Completed",
    }
}

pub(in crate::admin) fn state(state: &State) -> &'static str {
    match state {
        State::Active => "Active",
        State::Paused => "Paused",
        State::AtRisk => "At risk",
        State::Waiting => "Waiting on customer",
    }
}

pub(in crate::admin) fn state_tone(state: &State) -> &'static str {
    match state {
        State::Active => "good",
        State::Paused => "plain",
        State::AtRisk => "warn",
        State::Waiting => "info",
    }
}

pub(in crate::admin) fn mode(mode: &Mode) -> &'static str {
    match mode {
        Mode::Live => "Live",
        Mode::Test => "Test",
    }
}

pub(in crate::admin) fn tier(tier: &Tier) -> &'static str {
    match tier {
        Tier::Standard => "Standard",
        Tier::Paid => "Paid",
        Tier::Unlimited => "Unlimited",
    }
}

pub(in crate::admin) fn resource(resource: &ResourceType) -> &'static str {
    match resource {
        ResourceType::Customer => "Customer",
        ResourceType::Contact => "Contact",
        ResourceType::Onboarding => "Onboarding",
        ResourceType::ApiKey => "API key",
        ResourceType::WebhookEndpoint => "Webhook endpoint",
    }
}

pub(in crate::admin) fn event(kind: &EventType) -> &'static str {
    match kind {
        EventType::CustomerCreated => "Customer created",
        EventType::CustomerUpdated => "Customer updated",
        EventType::CustomerArchived => "Customer archived",
        EventType::CustomerAtRisk => "Customer at risk",
        EventType::CustomerChurned => "Customer churned",
        EventType::ContactCreated => "Contact added",
        EventType::ContactUpdated => "Contact updated",
        EventType::ContactDeleted => "Contact deleted",
        EventType::OnboardingCreated => "Onboarding created",
        EventType::OnboardingUpdated => "Onboarding updated",
        EventType::OnboardingPhaseChanged => "Phase changed",
        EventType::OnboardingStateChanged => "State changed",
        EventType::OnboardingAtRisk => "Onboarding at risk",
        EventType::OnboardingBackOnTrack => "Onboarding back on track",
        EventType::OnboardingLaunched => "Onboarding launched",
        EventType::OnboardingCompleted => "Onboarding completed",
        EventType::OnboardingDeleted => "Onboarding deleted",
        EventType::ApiKeyCreated => "API key created",
        EventType::ApiKeyRevoked => "API key revoked",
        EventType::WebhookEndpointCreated => "Webhook endpoint created",
        EventType::WebhookEndpointUpdated => "Webhook endpoint updated",
        EventType::WebhookEndpointEnabled => "Webhook endpoint enabled",
        EventType::WebhookEndpointDisabled => "Webhook endpoint disabled",
        EventType::WebhookEndpointRotated => "Webhook secret rotated",
        EventType::WebhookEndpointDeleted => "Webhook endpoint deleted",
        EventType::CustomerPurged => "Customer deleted permanently",
        EventType::ContactPurged => "Contact deleted permanently",
    }
}

pub(in crate::admin) fn actor(actor: &Actor) -> String {
    match (actor.kind, actor.id.as_str()) {
        (ActorKind::ApiKey, _) => format!("API: {}", actor.name),
        (ActorKind::Admin, "cli") => "Command line".to_owned(),
        (ActorKind::Admin | ActorKind::System, _) => actor.name.clone(),
    }
}

/// Returns the options of a drop-down list for an enum: its values with their labels. `any` is the
/// label of an empty option that matches all of them, if there is one.
pub(in crate::admin) fn options<E: FromStr + VariantNames>(
    any: Option<&'static str>,
    label: fn(&E) -> &'static str,
) -> Vec<(&'static str, &'static str)> {
    let any = any.map(|text| ("", text));
    let each = E::VARIANTS.iter().filter_map(|&name| Some((name, label(&name.parse().ok()?))));
    any.into_iter().chain(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_pair_api_values_with_labels() {
        let statuses = options(Some("Any status"), status);
        assert_eq!(statuses[..2], [("", "Any status"), ("onboarding", "Onboarding")]);
        assert!(statuses.contains(&("at_risk", "At risk")));
        assert_eq!(options(None, phase)[4], ("internal_qa", "Internal QA"));
        assert_eq!((options(None, state).len(), options(None, mode).len()), (4, 2));
        assert_eq!(options(None, event).len(), EventType::VARIANTS.len());
    }

    #[test]
    fn actors_show_whether_a_key_or_the_admin_acted() {
        let key = Actor { kind: ActorKind::ApiKey, id: "c1".to_owned(), name: "Sync".to_owned() };
        assert_eq!(actor(&key), "API: Sync");
        assert_eq!(actor(&Actor::admin_page()), "Admin");
        assert_eq!(actor(&Actor::command_line()), "Command line");
    }
}
