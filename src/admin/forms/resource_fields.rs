//! The properties that people see and change on the pages, in the order of their forms. A property
//! is a line here: its name in the API, what it is called in a sentence, and what is said of it.

use std::str::FromStr;

use super::field::{Choice, Field, Input};
use crate::admin::display;

/// Those of a customer.
pub(in crate::admin) static CUSTOMER: &[Field] = &[
    Field::text("name", "name").required().separate(),
    Field::text("slug", "slug")
        .required()
        .separate()
        .hint("The customer's name in addresses. Links with the old one go on working.")
        .generated("The customer's name in addresses. Left empty, it is made from the name."),
    Field::new("status", "status", Input::Choice(STATUS)),
    Field::text("domain", "domain").hint("Such as aurora.example, without https."),
    Field::text("plan", "plan"),
    Field::new("mrr", "MRR", Input::Number)
        .hint("The revenue of a month in the smallest unit of the currency: 120000 for 1,200.00.")
        .value_hint("In the smallest unit of the currency."),
    Field::new("monthly_orders", "monthly orders", Input::Number),
    Field::new("tags", "tags", Input::List).hint("One on each line."),
    Field::id("hubspot_company_id", "HubSpot company"),
    Field::id("hubspot_deal_id", "HubSpot deal"),
    Field::id("stripe_customer_id", "Stripe customer"),
    Field::id("intercom_company_id", "Intercom company"),
    Field::id("slack_channel_id", "Slack channel"),
    Field::new("metadata", "metadata", Input::Json)
        .separate()
        .hint("A JSON object of your own, with braces around it."),
];

/// Those of a contact.
pub(in crate::admin) static CONTACT: &[Field] = &[
    Field::text("name", "name").required(),
    Field::text("email", "email").required().hint("No two contacts of a customer have the same."),
    Field::text("title", "title").hint("What they do, such as Head of Operations."),
    Field::new("labels", "labels", Input::List).hint("One on each line."),
    Field::new("is_primary", "primary contact", Input::Flag)
        .hint("A customer has one at most: the one before becomes a contact like the others."),
];

/// Those of an onboarding. The flag `waiting_on_customer` follows the state.
pub(in crate::admin) static ONBOARDING: &[Field] = &[
    Field::text("name", "name").hint("Without one it is called by its number."),
    Field::new("target_launch_date", "target launch date", Input::Date).label("Target launch"),
    Field::new("phase", "phase", Input::Choice(PHASE)),
    Field::new("state", "state", Input::Choice(STATE)),
    Field::new("started_at", "start", Input::Moment)
        .label("Started")
        .hint("In UTC. Left empty, it is set when the first phase is left."),
    Field::new("completed_at", "completion", Input::Moment)
        .label("Completed")
        .hint("In UTC. Left as it is, it follows the phase."),
    Field::text("csm_id", "customer success manager").hint(IN_YOUR_SYSTEM),
    Field::text("se_id", "solutions engineer").hint(IN_YOUR_SYSTEM),
    Field::text("designer_id", "designer").hint(IN_YOUR_SYSTEM),
    Field::text("product_ops_id", "product operations").hint(IN_YOUR_SYSTEM),
    Field::text("template_id", "template").hint("The id of the template that it follows."),
    Field::new("reminder_frequency_days", "frequency of reminders", Input::Number)
        .label("Days between reminders")
        .hint("1 to 365."),
    Field::new("reminders_enabled", "reminders", Input::Flag)
        .label("Reminders enabled")
        .hint("This server sends no reminders. It stores both settings for your own programs."),
    Field::new("notes", "notes", Input::Area(6)),
];

const IN_YOUR_SYSTEM: &str = "The id in your own system.";

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

fn tone<E: FromStr>(value: &str, of: fn(&E) -> &'static str) -> &'static str {
    value.parse().map_or("plain", |value| of(&value))
}

/// A property in the middle of a sentence.
pub(in crate::admin) fn name_in_sentence(name: &str) -> String {
    let known = [CUSTOMER, CONTACT, ONBOARDING].into_iter().flatten();
    let field = known.into_iter().find(|field| field.name == name);
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
        let declared = Fields::declared::<B>().fields;
        let mut declared: Vec<&str> = declared.iter().map(|field| field.name.as_str()).collect();
        declared.sort_unstable();
        assert_eq!(names, declared);
    }

    #[test]
    fn every_property_that_can_be_changed_has_a_field() {
        assert_fields_match::<CustomerPatch>(CUSTOMER, &[]);
        assert_fields_match::<ContactPatch>(CONTACT, &[]);
        assert_fields_match::<OnboardingPatch>(ONBOARDING, &["waiting_on_customer"]);
    }

    #[test]
    fn properties_are_named_as_people_call_them() {
        assert_eq!(name_in_sentence("monthly_orders"), "monthly orders");
        assert_eq!(name_in_sentence("mrr"), "MRR");
        assert_eq!(name_in_sentence("waiting_on_customer"), "waiting on customer");
    }
}
