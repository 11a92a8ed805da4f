//! The state that each of the forty customers is in today.

use super::companies::{COMPANIES, Company};
use super::rng::Rng;
use crate::model::customer::CustomerStatus;
use crate::model::onboarding::{Phase, State};

/// The current state of a customer and its onboarding.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    pub status: CustomerStatus,
    pub phase: Phase,
    /// The state before any side effects: if the customer churns, active onboardings are paused.
    pub state: State,
}

/// The outcomes, with the number of customers that have each. Every status, phase, and state
/// occurs.
const OUTCOMES: [(usize, CustomerStatus, Phase, State); 21] = {
    use CustomerStatus as C;
    use Phase as P;
    use State as S;
    [
        (12, C::Active, P::Completed, S::Active),
        (1, C::Churned, P::Completed, S::Active),
        (1, C::Archived, P::Completed, S::Active),
        (1, C::Churned, P::ProgramDesign, S::Paused),
        (1, C::AtRisk, P::Review, S::AtRisk),
        (1, C::AtRisk, P::ProgramBuildout, S::AtRisk),
        (1, C::AtRisk, P::InternalQa, S::AtRisk),
        (3, C::Onboarding, P::BeforeGettingStarted, S::Active),
        (1, C::Onboarding, P::BeforeGettingStarted, S::Waiting),
        (3, C::Onboarding, P::ProgramDesign, S::Active),
        (1, C::Onboarding, P::ProgramDesign, S::Waiting),
        (1, C::Onboarding, P::ProgramDesign, S::Paused),
        (2, C::Onboarding, P::Review, S::Active),
        (1, C::Onboarding, P::Review, S::Waiting),
        (3, C::Onboarding, P::ProgramBuildout, S::Active),
        (1, C::Onboarding, P::ProgramBuildout, S::AtRisk),
        (2, C::Onboarding, P::InternalQa, S::Active),
        (1, C::Onboarding, P::InternalQa, S::Paused),
        (1, C::Onboarding, P::Launch, S::Active),
        (1, C::Onboarding, P::Launch, S::Waiting),
        (1, C::Onboarding, P::Launch, S::AtRisk),
    ]
};

/// Assigns an outcome to each company at random.
pub(super) fn assign_outcomes(rng: &mut Rng) -> impl Iterator<Item = (Company, Outcome)> {
    let outcomes = OUTCOMES.into_iter().flat_map(|(many, status, phase, state)| {
        std::iter::repeat_n(Outcome { status, phase, state }, many)
    });
    rng.shuffled(&COMPANIES).into_iter().zip(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_company_has_an_outcome() {
        assert_eq!(OUTCOMES.iter().map(|(many, ..)| many).sum::<usize>(), COMPANIES.len());
        assert_eq!(assign_outcomes(&mut Rng::new(1)).count(), COMPANIES.len());
    }
}
