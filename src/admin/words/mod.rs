//! The words that people read for values of the model: names of enums, numbers, times, who did
//! something. For the pages. Values are taken by reference, which is how templates pass most of them on.

pub(super) mod chart;
pub(super) mod diff;
pub(super) mod key_row;
pub(super) mod timeline;

use std::borrow::Borrow;
use std::str::FromStr;

use strum::VariantNames;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{Duration, UtcDateTime};

use crate::model::customer::CustomerStatus;
use crate::model::event::{Actor, ActorKind, EventType};
use crate::model::key::{Mode, Tier};
use crate::model::onboarding::{Phase, State};
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;

const DAY: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year]");
const MOMENT: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
const INPUT: StaticFormatDescription = format_description!("[year]-[month]-[day]");

/// A customer's status.
pub(in crate::admin) fn status(status: &CustomerStatus) -> &'static str {
    match status {
        CustomerStatus::Onboarding => "Onboarding",
        CustomerStatus::Active => "Active",
        CustomerStatus::AtRisk => "At risk",
        CustomerStatus::Churned => "Churned",
        CustomerStatus::Archived => "Archived",
    }
}

/// The tone of its badge.
pub(in crate::admin) fn status_tone(status: &CustomerStatus) -> &'static str {
    match status {
        CustomerStatus::Onboarding => "info",
        CustomerStatus::Active => "good",
        CustomerStatus::AtRisk => "warn",
        CustomerStatus::Churned => "bad",
        CustomerStatus::Archived => "plain",
    }
}

/// An onboarding's phase.
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

/// An onboarding's state.
pub(in crate::admin) fn state(state: &State) -> &'static str {
    match state {
        State::Active => "Active",
        State::Paused => "Paused",
        State::AtRisk => "At risk",
        State::Waiting => "Waiting on customer",
    }
}

/// The tone of its badge.
pub(in crate::admin) fn state_tone(state: &State) -> &'static str {
    match state {
        State::Active => "good",
        State::Paused => "plain",
        State::AtRisk => "warn",
        State::Waiting => "info",
    }
}

/// A key's mode.
pub(in crate::admin) fn mode(mode: &Mode) -> &'static str {
    match mode {
        Mode::Live => "Live",
        Mode::Test => "Test",
    }
}

/// A key's tier.
pub(in crate::admin) fn tier(tier: &Tier) -> &'static str {
    match tier {
        Tier::Standard => "Standard",
        Tier::Paid => "Paid",
        Tier::Unlimited => "Unlimited",
    }
}

/// A type of resource.
pub(in crate::admin) fn resource(resource: &ResourceType) -> &'static str {
    match resource {
        ResourceType::Customer => "Customer",
        ResourceType::Contact => "Contact",
        ResourceType::Onboarding => "Onboarding",
        ResourceType::ApiKey => "API key",
    }
}

/// What happened, in general.
pub(in crate::admin) fn event(kind: &EventType) -> &'static str {
    match kind {
        EventType::CustomerCreated => "Customer created",
        EventType::CustomerUpdated => "Customer changed",
        EventType::CustomerArchived => "Customer archived",
        EventType::CustomerAtRisk => "Customer at risk",
        EventType::CustomerChurned => "Customer churned",
        EventType::ContactCreated => "Contact added",
        EventType::ContactUpdated => "Contact changed",
        EventType::ContactDeleted => "Contact deleted",
        EventType::OnboardingCreated => "Onboarding opened",
        EventType::OnboardingUpdated => "Onboarding changed",
        EventType::OnboardingPhaseChanged => "Phase moved",
        EventType::OnboardingStateChanged => "State changed",
        EventType::OnboardingAtRisk => "Onboarding at risk",
        EventType::OnboardingBackOnTrack => "Onboarding back on track",
        EventType::OnboardingLaunched => "Onboarding launched",
        EventType::OnboardingCompleted => "Onboarding completed",
        EventType::OnboardingDeleted => "Onboarding deleted",
        EventType::ApiKeyCreated => "API key created",
        EventType::ApiKeyRevoked => "API key revoked",
    }
}

/// A property in the middle of a sentence.
pub(in crate::admin) fn property(name: &str) -> String {
    let word = match name {
        "mrr" => "MRR",
        "hubspot_company_id" => "HubSpot company",
        "hubspot_deal_id" => "HubSpot deal",
        "stripe_customer_id" => "Stripe customer",
        "intercom_company_id" => "Intercom company",
        "slack_channel_id" => "Slack channel",
        "csm_id" => "customer success manager",
        "se_id" => "solutions engineer",
        "designer_id" => "designer",
        "product_ops_id" => "product operations",
        "template_id" => "template",
        "is_primary" => "primary contact",
        "started_at" => "start",
        "completed_at" => "completion",
        "reminders_enabled" => "reminders",
        "reminder_frequency_days" => "frequency of reminders",
        other => return other.replace('_', " "),
    };
    word.to_owned()
}

/// Who did something.
pub(in crate::admin) fn actor(actor: &Actor) -> String {
    match (actor.kind, actor.id.as_str()) {
        (ActorKind::ApiKey, _) => format!("API: {}", actor.name),
        (ActorKind::Admin, "cli") => "Command line".to_owned(),
        (ActorKind::Admin, _) => actor.name.clone(),
    }
}

/// The values of an enum with their words, for a choice. `all` is what stands for any of them,
/// when that can be chosen.
pub(in crate::admin) fn options<E: FromStr + VariantNames>(
    all: Option<&'static str>,
    word: fn(&E) -> &'static str,
) -> Vec<(&'static str, &'static str)> {
    let any = all.map(|text| ("", text));
    let each = E::VARIANTS.iter().filter_map(|&name| Some((name, word(&name.parse().ok()?))));
    any.into_iter().chain(each).collect()
}

/// A number with its digits in groups of three.
pub(in crate::admin) fn number(number: impl Borrow<i64>) -> String {
    let number = *number.borrow();
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many of something: `1 contact`, `2 contacts`.
pub(in crate::admin) fn count(n: impl Borrow<i64>, one: &str) -> String {
    let n = *n.borrow();
    format!("{} {one}{}", number(n), if n == 1 { "" } else { "s" })
}

/// A day: `26 May 2026`.
pub(in crate::admin) fn date(time: &Timestamp) -> String {
    written(*time, DAY)
}

/// A moment: `26 May 2026, 17:21 UTC`.
pub(in crate::admin) fn date_time(time: &Timestamp) -> String {
    written(*time, MOMENT)
}

/// A day as fields for dates have it: `2026-05-26`.
pub(in crate::admin) fn input_date(time: &Timestamp) -> String {
    written(*time, INPUT)
}

/// How far a time is from now: `3 days ago`, `in 2 hours`.
pub(in crate::admin) fn relative(time: &Timestamp, now: &Timestamp) -> String {
    let seconds = (time.as_micros() - now.as_micros()) / 1_000_000;
    let (n, unit) = match seconds.abs() {
        0..60 => return "just now".to_owned(),
        s @ 60..3600 => (s / 60, "minute"),
        s @ 3600..86_400 => (s / 3600, "hour"),
        s @ 86_400..5_184_000 => (s / 86_400, "day"),
        s @ 5_184_000..31_536_000 => (s / 2_592_000, "month"),
        s => (s / 31_536_000, "year"),
    };
    let span = count(n, unit);
    if seconds < 0 { format!("{span} ago") } else { format!("in {span}") }
}

/// A name within a sentence, without the characters that would turn the writing of the rest
/// around.
pub(in crate::admin) fn plain(name: &str) -> String {
    let turns = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.chars().filter(|c| !turns(c)).collect()
}

fn written(time: Timestamp, form: StaticFormatDescription) -> String {
    let time = UtcDateTime::UNIX_EPOCH + Duration::microseconds(time.as_micros());
    // The forms ask for nothing that a time in UTC does not have.
    time.format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (120_000, "120,000"),
            (-1_234_567, "-1,234,567"),
            (9_007_199_254_740_991, "9,007,199,254,740,991"),
        ] {
            assert_eq!(number(n), text);
        }
        assert_eq!(count(1, "contact"), "1 contact");
        assert_eq!(count(0, "contact"), "0 contacts");
        assert_eq!(count(1200, "contact"), "1,200 contacts");
    }

    #[test]
    fn times_are_written_for_people_and_in_utc() {
        let time = at("2026-05-06T19:01:09+02:00");
        assert_eq!(date(&time), "6 May 2026");
        assert_eq!(date_time(&time), "6 May 2026, 17:01 UTC");
        assert_eq!(input_date(&time), "2026-05-06");
        assert_eq!(date(&Timestamp::from_micros(i64::MIN)), "1 Jan 0001");
        assert_eq!(input_date(&Timestamp::from_micros(i64::MAX)), "9999-12-31");
    }

    #[test]
    fn the_distance_of_a_time_is_told_in_its_largest_unit() {
        let now = at("2026-06-15T12:00:00Z");
        for (time, text) in [
            ("2026-06-15T12:00:00Z", "just now"),
            ("2026-06-15T11:59:01Z", "just now"),
            ("2026-06-15T11:59:00Z", "1 minute ago"),
            ("2026-06-15T10:00:01Z", "1 hour ago"),
            ("2026-06-15T15:30:00Z", "in 3 hours"),
            ("2026-06-12T12:00:00Z", "3 days ago"),
            ("2026-08-13T12:00:00Z", "in 59 days"),
            ("2026-03-15T12:00:00Z", "3 months ago"),
            ("2023-06-15T12:00:00Z", "3 years ago"),
        ] {
            assert_eq!(relative(&at(time), &now), text, "{time}");
        }
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        assert_eq!(relative(&first, &last), "10,005 years ago");
    }

    #[test]
    fn a_choice_has_the_names_of_the_values_and_the_words_for_people() {
        let statuses = options(Some("Any status"), status);
        assert_eq!(statuses[..2], [("", "Any status"), ("onboarding", "Onboarding")]);
        assert!(statuses.contains(&("at_risk", "At risk")));
        assert_eq!(options(None, phase)[4], ("internal_qa", "Internal QA"));
        assert_eq!((options(None, state).len(), options(None, mode).len()), (4, 2));
        assert_eq!(options(None, event).len(), EventType::VARIANTS.len());
    }

    #[test]
    fn properties_are_named_as_people_call_them() {
        assert_eq!(property("monthly_orders"), "monthly orders");
        assert_eq!(property("mrr"), "MRR");
    }

    #[test]
    fn a_key_is_told_from_the_admin() {
        let key = Actor { kind: ActorKind::ApiKey, id: "c1".to_owned(), name: "Sync".to_owned() };
        assert_eq!(actor(&key), "API: Sync");
        assert_eq!(actor(&Actor::admin_page()), "Admin");
        assert_eq!(actor(&Actor::command_line()), "Command line");
    }
}
