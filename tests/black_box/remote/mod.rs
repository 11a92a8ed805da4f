//! Moving a workspace from and to another server.

mod exports;
mod faults;
mod imports;
mod limits;
mod proxy;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pivotal_server::model::values::slug::Slug;
use pivotal_server::transfer::remote::base_url::BaseUrl;
use pivotal_server::transfer::remote::client::Client;
use pivotal_server::transfer::remote::error::RemoteError;
use pivotal_server::transfer::remote::key::RemoteKey;
use pivotal_server::transfer::remote::me;
use pivotal_server::transfer::remote::receive::{Received, receive};
use pivotal_server::transfer::remote::watch::{Estimate, RemoteWatch, WaitReason};

use crate::support::ManualClock;

/// Follows a download. Its waits pass at once, on a clock that the test controls.
struct Follower {
    clock: Arc<ManualClock>,
    waits: Mutex<Vec<(WaitReason, Duration)>>,
    estimate: Mutex<Option<Estimate>>,
    /// Stops the download when it waits.
    is_impatient: bool,
}

impl Follower {
    fn new(clock: Arc<ManualClock>) -> Self {
        let (waits, estimate) = (Mutex::default(), Mutex::default());
        Self { clock, waits, estimate, is_impatient: false }
    }

    /// The waits because of the rate limit, in seconds.
    fn limit_waits(&self) -> Vec<u64> {
        let waits = self.waits.lock().unwrap();
        let limits = waits.iter().filter(|(reason, _)| *reason == WaitReason::RateLimit);
        limits.map(|(_, wait)| wait.as_secs()).collect()
    }

    /// The waits after failures, in seconds.
    fn failure_waits(&self) -> Vec<u64> {
        let waits = self.waits.lock().unwrap();
        let failures = waits.iter().filter(|(reason, _)| *reason != WaitReason::RateLimit);
        failures.map(|(_, wait)| wait.as_secs()).collect()
    }
}

impl RemoteWatch for Follower {
    fn on_estimate(&self, estimate: &Estimate) {
        *self.estimate.lock().unwrap() = Some(*estimate);
    }

    fn on_wait(&self, reason: &WaitReason, wait: Duration) {
        self.waits.lock().unwrap().push((reason.clone(), wait));
        if !self.is_impatient {
            self.clock.advance_millis(i64::try_from(wait.as_millis()).unwrap());
        }
    }

    fn should_stop(&self) -> bool {
        self.is_impatient && !self.waits.lock().unwrap().is_empty()
    }
}

/// Downloads an organization into a directory, for the workspace `target`.
fn download(
    url: &str,
    key: &str,
    dir: &Path,
    follower: &Arc<Follower>,
) -> Result<Received, RemoteError> {
    let watch: Arc<dyn RemoteWatch> = follower.clone();
    let (base, key) = (BaseUrl::parse(url).unwrap(), RemoteKey::parse(key).unwrap());
    let mut client = Client::new(base, key, follower.clock.clone(), Arc::clone(&watch))?;
    let organization = me::organization(&mut client)?;
    receive(&mut client, &organization, dir, &Slug::parse("target").unwrap(), &watch)
}
