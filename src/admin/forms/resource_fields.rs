//! The fields that the pages show and edit, in the order of their forms. Each row has the field's
//! name in the API, its name in a sentence, and its hints.

use std::str::FromStr;

use super::field::{Choice, Field, Input};
use crate::admin::display;
use crate::model::values::currency::Currency;

pub(in crate::admin) static CUSTOMER: &[Field] = &[
    Field::text("name", "name").required().separate(),
    Field::text("slug", "slug")
        .required()
        .separate()
        .hint("Identifies the customer in URLs. Links with the old slug keep working.")
        .generated("Identifies the customer in URLs. Leave empty to generate it from the name."),
    Field::new("status", "status", Input::Choice(STATUS)),
    Field::text("domain", "domain").hint("Such as aurora.example, without https://."),
    Field::text("plan", "plan"),
    Field::new("mrr", "MRR", Input::Money(Currency::DEFAULT)).hint("Monthly recurring revenue"),
    Field::new("monthly_orders", "monthly orders", Input::Number),
    Field::new("tags", "tags", Input::List).hint("One per line."),
    Field::id("hubspot_company_id", "HubSpot company ID"),
    Field::id("hubspot_deal_id", "HubSpot deal ID"),
    Field::id("stripe_customer_id", "Stripe customer ID"),
    Field::id("intercom_company_id", "Intercom company ID"),
    Field::id("slack_channel_id", "Slack channel ID"),
    Field::new("metadata", "metadata", Input::Json)
        .separate()
        .hint("A JSON object with any fields you like."),
];

/// Returns [`CUSTOMER`] with amounts in a workspace's currency.
pub(in crate::admin) fn customer_fields(currency: Currency) -> Vec<Field> {
    CUSTOMER.iter().map(|field| field.in_currency(currency)).collect()
}

pub(in crate::admin) static CONTACT: &[Field] = &[
    Field::text("name", "name").required(),
    Field::text("email", "email")
        .required()
        .hint("Each contact of a customer needs a different email address."),
    Field::text("title", "title").hint("Their role, such as Head of Operations."),
    Field::new("labels", "labels", Input::List).hint("One per line."),
    Field::new("is_primary", "primary contact", Input::Flag)
        .hint("A customer has at most one primary contact. This contact replaces the current one."),
];

/// `waiting_on_customer` is missing because it follows the state.
pub(in crate::admin) static ONBOARDING: &[Field] = &[
    Field::text("name", "name")
        .separate()
        .hint("If empty, the onboarding is shown with its number."),
    Field::new("target_launch_date", "target launch date", Input::Date).label("Target launch"),
    PHASE_FIELD,
    STATE_FIELD,
    Field::new("started_at", "start time", Input::DateTime)
        .label("Started")
        .hint("In UTC. If empty, it is set when the onboarding leaves the first phase."),
    Field::new("completed_at", "completion time", Input::DateTime)
        .label("Completed")
        .hint("In UTC. Unless you edit it, it follows the phase."),
    Field::text("csm_id", "customer success manager").hint(IN_YOUR_SYSTEM),
    Field::text("se_id", "solutions engineer").hint(IN_YOUR_SYSTEM),
    Field::text("designer_id", "designer").hint(IN_YOUR_SYSTEM),
    Field::text("product_ops_id", "product operations").hint(IN_YOUR_SYSTEM),
    Field::text("template_id", "template").hint("The ID of the template this onboarding follows."),
    Field::new("reminder_frequency_days", "reminder frequency", Input::Number)
        .label("Days between reminders")
        .hint("1 to 365."),
    Field::new("reminders_enabled", "reminders", Input::Flag)
        .label("Reminders enabled")
        .hint("This server doesn't send reminders. It stores both settings for your own programs."),
    Field::new("notes", "notes", Input::Area(6)).separate(),
];

/// The fields of [`ONBOARDING`] that its page changes.
pub(in crate::admin) static PROGRESS: &[Field] = &[PHASE_FIELD, STATE_FIELD];

const PHASE_FIELD: Field = Field::new("phase", "phase", Input::Choice(PHASE)).separate();
const STATE_FIELD: Field = Field::new("state", "state", Input::Choice(STATE)).separate();

const IN_YOUR_SYSTEM: &str = "The ID in your own system.";

const STATUS: Choice = Choice {
    options: || display::options(None, display::status),
    tone: |status| tone(status, display::status_tone),
};
const PHASE: Choice =
    Choice { options: || display::options(None, display::phase), tone: |_| "plain" };
const STATE: Choice = Choice {
    options: || display::options(None, display::state),
    tone: |state| tone(state, display::state_tone),
};

fn tone<E: FromStr>(value: &str, tone: fn(&E) -> &'static str) -> &'static str {
    value.parse().map_or("plain", |value| tone(&value))
}

/// Returns a field's name for the middle of a sentence.
pub(in crate::admin) fn name_in_sentence(name: &str) -> String {
    let fields = [CUSTOMER, CONTACT, ONBOARDING].into_iter().flatten();
    let field = fields.into_iter().find(|field| field.name == name);
    field.map_or_else(|| name.replace('_', " "), |field| field.in_sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::contact::ContactPatch;
    use crate::model::customer::CustomerPatch;
    use crate::model::onboarding::OnboardingPatch;
    use crate::model::parse::fields::{Body, Fields};

    #[track_caller]
    fn assert_fields_match<B: Body>(fields: &[Field], without: &[&str]) {
        let mut names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        names.extend(without);
        names.sort_unstable();
        let declared = Fields::spec::<B>().fields;
        let mut declared: Vec<&str> = declared.iter().map(|field| field.name.as_str()).collect();
        declared.sort_unstable();
        assert_eq!(names, declared);
    }

    #[test]
    fn every_editable_field_has_a_row() {
        assert_fields_match::<CustomerPatch>(CUSTOMER, &[]);
        assert_fields_match::<ContactPatch>(CONTACT, &[]);
        assert_fields_match::<OnboardingPatch>(ONBOARDING, &["waiting_on_customer"]);
    }

    #[test]
    fn field_names_read_well_in_a_sentence() {
        assert_eq!(name_in_sentence("monthly_orders"), "monthly orders");
        assert_eq!(name_in_sentence("mrr"), "MRR");
        assert_eq!(name_in_sentence("waiting_on_customer"), "waiting on customer");
    }
}
