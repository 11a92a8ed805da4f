//! Who is told about: forty customers and where each of them stands today.

use super::companies::{COMPANIES, Company};
use super::dice::Dice;
use crate::model::customer::CustomerStatus;
use crate::model::onboarding::{Phase, State};

/// Where a customer and its onboarding stand today.
#[derive(Clone, Copy)]
pub(super) struct Ending {
    pub status: CustomerStatus,
    pub phase: Phase,
    /// As the story leaves it: the active onboardings of a customer that churns are paused.
    pub state: State,
}

/// The endings, with how many customers have each: every status, phase and state occurs.
const ENDINGS: [(usize, CustomerStatus, Phase, State); 21] = {
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

/// The companies with their endings: chance decides which has which.
pub(super) fn plot(dice: &mut Dice) -> impl Iterator<Item = (Company, Ending)> {
    let endings = ENDINGS.into_iter().flat_map(|(many, status, phase, state)| {
        std::iter::repeat_n(Ending { status, phase, state }, many)
    });
    dice.shuffled(&COMPANIES).into_iter().zip(endings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_company_has_an_ending() {
        assert_eq!(ENDINGS.iter().map(|(many, ..)| many).sum::<usize>(), COMPANIES.len());
        assert_eq!(plot(&mut Dice::new(1)).count(), COMPANIES.len());
    }
}
