//! The bodies that create and update an onboarding, and the rules that connect its fields.

use serde_json::{Value, json};
use strum::VariantArray;

use super::progress::{Phase, State};
use super::resource::Onboarding;
use crate::model::customer::CustomerRef;
use crate::model::parse::changes::Changes;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::patch::{Patch, set_if_some};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::id::BodyRef;
use crate::model::values::time::Timestamp;

/// The body of a POST that creates an onboarding.
pub struct NewOnboarding {
    /// `None` if the value that was sent can't be the ID of a customer.
    pub customer: Option<CustomerRef>,
    /// Sets the remaining fields: a new onboarding starts with the defaults and is then patched.
    pub fields: OnboardingPatch,
}

impl Body for NewOnboarding {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let customer: Option<BodyRef<_>> = fields.required("customer_id");
        let properties = OnboardingPatch::read(fields)?;
        // No defaults for `state` and `waiting_on_customer`: a client that fills in every default
        // would send a contradiction as soon as it changed one of the two.
        fields.declare_default("phase", &Phase::default());
        fields.declare_default("reminders_enabled", &Onboarding::REMINDERS_ENABLED);
        fields.declare_default("reminder_frequency_days", &Onboarding::REMINDER_FREQUENCY);
        Some(Self { customer: customer?.0, fields: properties })
    }
}

/// The body of a PATCH of an onboarding. `state` and `waiting_on_customer` never contradict each
/// other.
#[derive(Clone)]
pub struct OnboardingPatch {
    /// The new phase.
    pub phase: Option<Phase>,
    state: Option<State>,
    waiting_on_customer: Option<bool>,
    started_at: Patch<Timestamp>,
    completed_at: Patch<Timestamp>,
    /// Sets the fields that don't depend on others.
    others: Changes<Onboarding>,
}

impl Body for OnboardingPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let others = Changes::empty()
            .nullable(fields, "name", |to: &mut Onboarding| &mut to.name)
            .nullable(fields, "template_id", |to| &mut to.template_id);
        let phase = fields.optional("phase");
        let state = fields.optional("state");
        let waiting_on_customer = fields.optional("waiting_on_customer");
        fields.reject_if(contradicts(state, waiting_on_customer), || Problem {
            rule: Rule::ConflictingFields,
            message: "waiting_on_customer must be true when state is waiting, and false otherwise"
                .to_owned(),
            field: "waiting_on_customer".to_owned(),
        });
        let started_at = fields.patch("started_at");
        let completed_at = fields.patch("completed_at");
        let others = others
            .nullable(fields, "target_launch_date", |to| &mut to.target_launch_date)
            .nullable(fields, "csm_id", |to| &mut to.csm_id)
            .nullable(fields, "se_id", |to| &mut to.se_id)
            .nullable(fields, "designer_id", |to| &mut to.designer_id)
            .nullable(fields, "product_ops_id", |to| &mut to.product_ops_id)
            .nullable(fields, "notes", |to| &mut to.notes)
            .non_null(fields, "reminders_enabled", |to| &mut to.reminders_enabled)
            .non_null(fields, "reminder_frequency_days", |to| &mut to.reminder_frequency_days);
        Some(Self { phase, state, waiting_on_customer, started_at, completed_at, others })
    }
}

fn contradicts(state: Option<State>, waiting: Option<bool>) -> bool {
    matches!((state, waiting), (Some(state), Some(waiting)) if (state == State::Waiting) != waiting)
}

impl OnboardingPatch {
    /// Returns a schema that matches bodies whose `state` and `waiting_on_customer` contradict each
    /// other.
    pub fn contradiction_schema() -> Value {
        let waiting = <&str>::from(State::Waiting);
        let others: Vec<&str> = State::VARIANTS
            .iter()
            .map(|&state| state.into())
            .filter(|&name| name != waiting)
            .collect();
        json!({
            "required": ["state", "waiting_on_customer"],
            "anyOf": [
                {"properties": {"state": {"const": waiting}, "waiting_on_customer": {"const": false}}},
                {"properties": {"state": {"enum": others}, "waiting_on_customer": {"const": true}}},
            ],
        })
    }

    /// Changes the fields that were sent, and the ones that follow from them: `state` and
    /// `waiting_on_customer` change together, leaving the initial phase sets `started_at`, and
    /// entering and leaving `completed` sets and clears `completed_at`. A time that was sent is
    /// never replaced.
    pub fn apply(self, to: &mut Onboarding, now: Timestamp) {
        let from = to.phase;
        set_if_some(&mut to.phase, self.phase);
        match (self.state, self.waiting_on_customer) {
            (Some(state), _) => to.state = state,
            (None, Some(true)) => to.state = State::Waiting,
            (None, Some(false)) if to.state == State::Waiting => to.state = State::Active,
            (None, _) => {}
        }
        to.waiting_on_customer = to.state == State::Waiting;

        let left_the_start =
            from == Phase::BeforeGettingStarted && to.phase != Phase::BeforeGettingStarted;
        if left_the_start && to.started_at.is_none() && !self.started_at.is_sent() {
            to.started_at = Some(now);
        }
        if from != to.phase && !self.completed_at.is_sent() {
            if to.phase == Phase::Completed {
                to.completed_at = Some(now);
            } else if from == Phase::Completed {
                to.completed_at = None;
            }
        }
        self.started_at.apply(&mut to.started_at);
        self.completed_at.apply(&mut to.completed_at);
        self.others.apply(to);
    }
}
