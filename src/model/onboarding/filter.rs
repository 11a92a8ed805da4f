//! Filters for lists of onboardings.

use super::progress::{Phase, State};
use crate::model::customer::CustomerRef;
use crate::model::parse::params::{Params, Query};

/// The filters that both lists have: a workspace's onboardings and a customer's.
#[derive(Clone, Debug, Default)]
pub struct OnboardingFilter {
    pub state: Option<State>,
    pub phase: Option<Phase>,
}

impl Query for OnboardingFilter {
    fn read(params: &mut Params) -> Self {
        Self { state: params.enum_value("state"), phase: params.enum_value("phase") }
    }
}

/// The `customer_id` filter of a workspace's onboardings.
#[derive(Clone, Debug)]
pub enum OwnerFilter {
    /// No filter.
    Any,
    /// Only onboardings of this customer.
    One(CustomerRef),
    /// The value can't be a customer's ID, so nothing matches.
    Unknown,
}

impl Query for OwnerFilter {
    fn read(params: &mut Params) -> Self {
        match params.text("customer_id") {
            None => Self::Any,
            Some(text) => CustomerRef::parse(text.trim()).map_or(Self::Unknown, Self::One),
        }
    }
}
