//! The fields of an onboarding and their defaults.

use serde::Deserialize;

use super::progress::{Phase, State};
use crate::model::customer::CustomerId;
use crate::model::parse::schema::object;
use crate::model::values::external_id::ExternalId;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::number::Days;
use crate::model::values::text::{Line, Notes};
use crate::model::values::time::Timestamp;

pub type OnboardingId = Id<Onboarding>;
pub type OnboardingRef = Ref<Onboarding>;

object! {
    /// A customer's onboarding project, from kickoff to launch. `state` is `waiting` if and only if
    /// `waiting_on_customer` is `true`.
    #[derive(Deserialize)]
    pub struct Onboarding = "onboarding" {
        /// Unique identifier for the onboarding.
        pub id: OnboardingId,
        /// The onboarding's sequential number within the workspace, starting at 1. Numbers are
        /// never reused.
        pub display_id: DisplayId,
        /// The ID of the customer that the onboarding belongs to.
        pub customer_id: CustomerId,
        /// The onboarding's name.
        pub name: Option<Line>,
        /// The ID of the template that the onboarding is based on.
        pub template_id: Option<ExternalId>,
        /// The current phase. An onboarding can move from any phase to any other.
        pub phase: Phase,
        /// How the onboarding is going. Setting this to `waiting` sets `waiting_on_customer` to
        /// `true`. Setting it to any other state sets `waiting_on_customer` to `false`.
        pub state: State,
        /// Whether the onboarding is waiting for the customer to do something. Setting this to
        /// `true` changes `state` to `waiting`. Setting it to `false` changes `state` from
        /// `waiting` to `active`, and leaves any other state as it is.
        pub waiting_on_customer: bool,
        /// When the onboarding started. If you don't set it, it is set when `phase` first changes
        /// from `before_getting_started`.
        pub started_at: Option<Timestamp>,
        /// When the onboarding was completed. If you don't set it, it is set when `phase` changes
        /// to `completed`, and cleared when `phase` changes to anything else.
        pub completed_at: Option<Timestamp>,
        /// The planned launch date.
        pub target_launch_date: Option<Timestamp>,
        /// The ID of the customer success manager.
        pub csm_id: Option<ExternalId>,
        /// The ID of the solutions engineer.
        pub se_id: Option<ExternalId>,
        /// The ID of the designer.
        pub designer_id: Option<ExternalId>,
        /// The ID of the product operations specialist.
        pub product_ops_id: Option<ExternalId>,
        /// Notes for your team.
        pub notes: Option<Notes>,
        /// Whether the customer should get reminders. Stored for your own integrations: this server
        /// doesn't send reminders.
        pub reminders_enabled: bool,
        /// Number of days between reminders. Stored for your own integrations: this server doesn't
        /// send reminders.
        pub reminder_frequency_days: Days,
        /// When the onboarding was created.
        pub created_at: Timestamp,
        /// When the onboarding was last updated.
        pub updated_at: Timestamp,
    }
}

impl Onboarding {
    pub(super) const REMINDERS_ENABLED: bool = true;
    pub(super) const REMINDER_FREQUENCY: i64 = 1;

    pub fn with_defaults(
        id: OnboardingId,
        display_id: DisplayId,
        customer_id: CustomerId,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            display_id,
            customer_id,
            name: None,
            template_id: None,
            phase: Phase::default(),
            state: State::default(),
            waiting_on_customer: false,
            started_at: None,
            completed_at: None,
            target_launch_date: None,
            csm_id: None,
            se_id: None,
            designer_id: None,
            product_ops_id: None,
            notes: None,
            reminders_enabled: Self::REMINDERS_ENABLED,
            reminder_frequency_days: Days::from_stored(Self::REMINDER_FREQUENCY),
            created_at,
            updated_at: created_at,
        }
    }
}
