//! The board: a workspace's onboardings, with one column per phase.

use super::customer::CustomerId;
use super::onboarding::{Onboarding, OwnerFilter, Phase, State};
use super::parse::params::{Params, Query};
use super::parse::string_enum::parse_enum;
use super::values::id::{DisplayId, Ref};
use super::values::slug::Slug;
use super::values::text::Name;

/// Filters for the board. A blank parameter counts as absent, because a form submits every field.
#[derive(Clone, Debug)]
pub struct BoardFilter {
    pub state: Option<State>,
    pub customer: OwnerFilter,
}

impl Default for BoardFilter {
    fn default() -> Self {
        Self { state: None, customer: OwnerFilter::Any }
    }
}

impl Query for BoardFilter {
    fn read(params: &mut Params) -> Self {
        let state = params.parse_non_blank("state", parse_enum);
        let customer = params.parse_non_blank("customer", |text| {
            Ok(Ref::parse(text.trim()).map_or(OwnerFilter::Unknown, OwnerFilter::One))
        });
        Self { state, customer: customer.unwrap_or(OwnerFilter::Any) }
    }
}

/// The part of a customer that its cards show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardCustomer {
    pub id: CustomerId,
    pub display_id: DisplayId,
    pub name: Name,
    pub slug: Slug,
}

#[derive(Clone, Debug)]
pub struct Card {
    pub onboarding: Onboarding,
    pub customer: CardCustomer,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub phase: Phase,
    /// The number of onboardings in this phase, including those without a card.
    pub total: i64,
    /// The most recent onboardings, newest first.
    pub cards: Vec<Card>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(state: &str, customer: &str) -> BoardFilter {
        let pairs = [("state", state), ("customer", customer)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Params::parse(pairs.to_vec()).unwrap()
    }

    #[test]
    fn a_blank_filter_matches_everything_and_an_invalid_customer_nothing() {
        let all = read("", " ");
        assert!(all.state.is_none() && matches!(all.customer, OwnerFilter::Any));
        let some = read("at_risk", "7");
        assert_eq!(some.state, Some(State::AtRisk));
        assert!(matches!(some.customer, OwnerFilter::One(Ref::DisplayId(DisplayId(7)))));
        assert!(matches!(read("", "aurora").customer, OwnerFilter::Unknown));
    }
}
