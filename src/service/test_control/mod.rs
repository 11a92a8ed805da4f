//! The state of test control, which a server has only if it was started with it: the clock that
//! tests can set, the faults that they inject, and the requests that they made.

pub(crate) mod clock;

use std::sync::Arc;

use self::clock::TestClock;
use crate::model::clock::Clock;

/// The state that the routes under `/_test` read and change.
#[derive(Default)]
pub struct TestControl {
    pub(crate) clock: Arc<TestClock>,
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
