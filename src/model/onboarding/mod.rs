//! Onboardings: a customer's onboarding project, from kickoff to launch.

mod changes;
mod filter;
mod progress;
mod resource;

pub use self::changes::{NewOnboarding, OnboardingPatch};
pub use self::filter::{OnboardingFilter, OwnerFilter};
pub use self::progress::{Phase, State};
pub use self::resource::{Onboarding, OnboardingId, OnboardingRef};
