//! What an onboarding is made of.

use serde::Deserialize;

use super::progress::{Phase, State};
use crate::model::customer::CustomerId;
use crate::model::parse::schema::object;
use crate::model::values::external_id::ExternalId;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::number::Days;
use crate::model::values::text::{Line, Notes};
use crate::model::values::time::Timestamp;

/// The id of an onboarding.
pub type OnboardingId = Id<Onboarding>;
/// An onboarding's id in either form.
pub type OnboardingRef = Ref<Onboarding>;

object! {
    /// A customer's way from the start to the launch. `state` is `waiting` exactly when
    /// `waiting_on_customer` is true.
    #[derive(Deserialize)]
    pub struct Onboarding = "onboarding" {
        /// The id that never changes, and that no other object has.
        pub id: OnboardingId,
        /// The number of the onboarding within its workspace: from 1, and never given again.
        pub display_id: DisplayId,
        /// The id of the onboarding's customer.
        pub customer_id: CustomerId,
        /// What the onboarding is called.
        pub name: Option<Line>,
        /// The id of the template that it was made from.
        pub template_id: Option<ExternalId>,
        /// How far it is. Any move between phases is allowed.
        pub phase: Phase,
        /// How it is going. `waiting` sets `waiting_on_customer`, any other state clears it.
        pub state: State,
        /// Whether the customer has to do something. True makes the state `waiting`; false makes a
        /// state that was `waiting` `active`.
        pub waiting_on_customer: bool,
        /// When it was started. Unless it is sent, it is set when the phase first leaves
        /// `before_getting_started`.
        pub started_at: Option<Timestamp>,
        /// When it was completed. Unless it is sent, it is set when the phase becomes `completed`,
        /// and cleared when it no longer is.
        pub completed_at: Option<Timestamp>,
        /// When the launch is planned.
        pub target_launch_date: Option<Timestamp>,
        /// The id of the customer success manager.
        pub csm_id: Option<ExternalId>,
        /// The id of the solutions engineer.
        pub se_id: Option<ExternalId>,
        /// The id of the designer.
        pub designer_id: Option<ExternalId>,
        /// The id of the person in product operations.
        pub product_ops_id: Option<ExternalId>,
        /// Notes for your own team.
        pub notes: Option<Notes>,
        /// Whether the customer is to be reminded of what it has to do. Stored for your own
        /// programs: this server sends no reminders.
        pub reminders_enabled: bool,
        /// Days between two reminders. Stored for your own programs: this server sends no
        /// reminders.
        pub reminder_frequency_days: Days,
        /// When the onboarding was created.
        pub created_at: Timestamp,
        /// When it was last changed.
        pub updated_at: Timestamp,
    }
}

impl Onboarding {
    pub(super) const REMINDERS_ENABLED: bool = true;
    pub(super) const REMINDER_FREQUENCY: i64 = 1;

    /// An onboarding that has only its defaults.
    pub fn blank(
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
            reminder_frequency_days: Days::stored(Self::REMINDER_FREQUENCY),
            created_at,
            updated_at: created_at,
        }
    }
}
