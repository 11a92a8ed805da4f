//! Onboardings: a customer's way through the phases.

mod changes;
mod filter;
mod progress;
mod properties;

pub use self::changes::{NewOnboarding, OnboardingPatch};
pub use self::filter::{OfCustomer, OnboardingFilter};
pub use self::progress::{Phase, State};
pub use self::properties::{Onboarding, OnboardingId, OnboardingRef};
