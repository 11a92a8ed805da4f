//! Which onboardings a list holds.

use super::progress::{Phase, State};
use crate::model::customer::CustomerRef;
use crate::model::parse::params::{Params, Query};

/// Which onboardings of a workspace or of one customer a list holds.
#[derive(Clone, Debug, Default)]
pub struct OnboardingFilter {
    pub state: Option<State>,
    pub phase: Option<Phase>,
}

impl Query for OnboardingFilter {
    fn read(params: &mut Params) -> Self {
        Self { state: params.choice("state"), phase: params.choice("phase") }
    }
}

/// The customer whose onboardings the list of a whole workspace is narrowed to.
#[derive(Clone, Debug)]
pub enum OfCustomer {
    /// Not narrowed.
    Any,
    /// Narrowed to this customer.
    One(CustomerRef),
    /// Narrowed by text that can name no customer.
    Nobody,
}

impl Query for OfCustomer {
    fn read(params: &mut Params) -> Self {
        match params.text("customer_id") {
            None => Self::Any,
            Some(text) => CustomerRef::parse(text.trim()).map_or(Self::Nobody, Self::One),
        }
    }
}
