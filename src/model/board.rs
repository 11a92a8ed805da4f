//! The board: the onboardings of a workspace, in a column for each phase.

use super::customer::CustomerId;
use super::onboarding::{OfCustomer, Onboarding, Phase, State};
use super::parse::choice::choice;
use super::parse::params::{Params, Query};
use super::values::id::{DisplayId, Ref};
use super::values::slug::Slug;
use super::values::text::Name;

/// Which onboardings the board shows. Parameters that are blank, as forms send them, count as not
/// given.
#[derive(Clone, Debug)]
pub struct BoardFilter {
    /// Only those in one state.
    pub state: Option<State>,
    /// Only those of one customer.
    pub customer: OfCustomer,
}

impl Default for BoardFilter {
    fn default() -> Self {
        Self { state: None, customer: OfCustomer::Any }
    }
}

impl Query for BoardFilter {
    fn read(params: &mut Params) -> Self {
        let state = params.filled("state", choice);
        let customer = params.filled("customer", |text| {
            Ok(Ref::parse(text.trim()).map_or(OfCustomer::Nobody, OfCustomer::One))
        });
        Self { state, customer: customer.unwrap_or(OfCustomer::Any) }
    }
}

/// What is shown of the customer whose onboarding a card is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerName {
    pub id: CustomerId,
    pub display_id: DisplayId,
    pub name: Name,
    pub slug: Slug,
}

/// An onboarding on the board.
#[derive(Clone, Debug)]
pub struct Card {
    /// The onboarding.
    pub onboarding: Onboarding,
    /// Whose it is.
    pub customer: CustomerName,
}

/// The onboardings of one phase.
#[derive(Clone, Debug)]
pub struct Column {
    /// The phase.
    pub phase: Phase,
    /// How many there are in all.
    pub total: i64,
    /// The newest of them, newest first.
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
    fn a_blank_filter_shows_everything_and_a_wrong_customer_nothing() {
        let all = read("", " ");
        assert!(all.state.is_none() && matches!(all.customer, OfCustomer::Any));
        let some = read("at_risk", "7");
        assert_eq!(some.state, Some(State::AtRisk));
        assert!(matches!(some.customer, OfCustomer::One(Ref::DisplayId(DisplayId(7)))));
        assert!(matches!(read("", "aurora").customer, OfCustomer::Nobody));
    }
}
