//! Follows a transfer and can stop it.

use std::time::Duration;

use super::problem::Problem;

/// Why a transfer waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// The key has used up its requests.
    RateLimit,
    /// A request failed, for this reason, and will be repeated.
    Failure(String),
}

/// What is being transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Customers,
    Onboardings,
    /// Contacts, counted by customers.
    Contacts,
    /// Customers and onboardings that were created in the meantime.
    News,
    /// All objects of an export.
    Sending,
}

/// How long a transfer will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// At most.
    pub requests: u64,
    /// How many requests the server allows.
    pub per_minute: u64,
}

impl Estimate {
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.requests.saturating_mul(60) / self.per_minute.max(1))
    }
}

/// All methods return at once.
pub trait RemoteWatch: Send + Sync {
    /// Called once it is known how much there is to do, if the server has a rate limit.
    fn on_estimate(&self, _estimate: &Estimate) {}
    /// Called when `done` of `total` objects are transferred. The total is unknown while a list is
    /// read.
    fn on_progress(&self, _step: Step, _done: u64, _total: Option<u64>) {}
    /// Called before the transfer waits.
    fn on_wait(&self, _reason: &WaitReason, _wait: Duration) {}
    /// Called when it goes on.
    fn on_resume(&self) {}
    /// Called for an object that the other server doesn't accept.
    fn on_problem(&self, _problem: &Problem) {}
    /// Whether to stop. What has been transferred so far is kept.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Ignores progress and never stops.
impl RemoteWatch for () {}
