//! The state of test control, which a server has only if it was started with it: the clock that
//! tests can set, the faults that they inject, the requests that they made, and who waits for
//! webhooks.

pub(crate) mod clock;
pub(crate) mod drains;
pub(crate) mod faults;
pub(crate) mod journal;

use std::sync::Arc;

use self::clock::TestClock;
use self::drains::Drains;
use self::faults::Faults;
use self::journal::Journal;
use crate::model::clock::Clock;

/// The state that the routes under `/_test` read and change.
#[derive(Default)]
pub struct TestControl {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) drains: Drains,
}

impl TestControl {
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the clock, for the store.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }
}
