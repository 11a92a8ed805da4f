//! What a request can change of an onboarding, and the rules that tie its properties together.

use super::progress::{Phase, State};
use super::properties::Onboarding;
use crate::model::customer::CustomerRef;
use crate::model::parse::changes::Changes;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::patch::{Patch, set};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::id::BodyRef;
use crate::model::values::time::Timestamp;

/// The body of a POST that creates an onboarding.
pub struct NewOnboarding {
    /// The customer, or nothing when what was sent cannot name one.
    pub customer: Option<CustomerRef>,
    /// The other properties: creating is a patch of an onboarding that has only its defaults.
    pub properties: OnboardingPatch,
}

impl Body for NewOnboarding {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let customer: Option<BodyRef<_>> = fields.required("customer_id");
        let properties = OnboardingPatch::read(fields)?;
        // Not the state and the flag: a client that sends every default would contradict itself
        // as soon as it sends another value of one of them.
        fields.absent_means("phase", &Phase::default());
        fields.absent_means("reminders_enabled", &Onboarding::REMINDERS_ENABLED);
        fields.absent_means("reminder_frequency_days", &Onboarding::REMINDER_FREQUENCY);
        Some(Self { customer: customer?.0, properties })
    }
}

/// The body of a PATCH of an onboarding. Its state and its flag never contradict each other.
pub struct OnboardingPatch {
    /// A move to another phase.
    pub phase: Option<Phase>,
    state: Option<State>,
    waiting_on_customer: Option<bool>,
    started_at: Patch<Timestamp>,
    completed_at: Patch<Timestamp>,
    /// The properties that no rule ties to others.
    others: Changes<Onboarding>,
}

impl Body for OnboardingPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let others = Changes::none()
            .nullable(fields, "name", |to: &mut Onboarding| &mut to.name)
            .nullable(fields, "template_id", |to| &mut to.template_id);
        let phase = fields.given("phase");
        let state = fields.given("state");
        let waiting_on_customer = fields.given("waiting_on_customer");
        fields.report_if(contradict(state, waiting_on_customer), || Problem {
            rule: Rule::ConflictingFields,
            message: "state must be waiting exactly when waiting_on_customer is true".to_owned(),
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
            .value(fields, "reminders_enabled", |to| &mut to.reminders_enabled)
            .value(fields, "reminder_frequency_days", |to| &mut to.reminder_frequency_days);
        Some(Self { phase, state, waiting_on_customer, started_at, completed_at, others })
    }
}

fn contradict(state: Option<State>, waiting: Option<bool>) -> bool {
    matches!((state, waiting), (Some(state), Some(waiting)) if (state == State::Waiting) != waiting)
}

impl OnboardingPatch {
    /// Changes the properties that were sent, and those that follow from them: `state` and
    /// `waiting_on_customer` move together; the first phase after the start sets `started_at`;
    /// entering and leaving `completed` sets and clears `completed_at`. A time that was sent is
    /// never replaced.
    pub fn apply(self, to: &mut Onboarding, now: Timestamp) {
        let from = to.phase;
        set(&mut to.phase, self.phase);
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
