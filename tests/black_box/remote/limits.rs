//! Downloads from a server with a rate limit, on a clock that the test controls.

use std::sync::Arc;

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;

use super::proxy::{Fault, Proxy};
use super::{Follower, download};
use crate::support::InProcess;

#[test]
fn a_download_waits_for_the_rate_limit_and_never_exceeds_it() {
    let mut settings = Settings::default();
    settings.rate_limits.standard = 10;
    let server = InProcess::start(settings);
    let api = server.client(Mode::Live, Tier::Unlimited);
    for number in 1..=25 {
        api.customer(&format!("Customer {number}"));
    }
    let proxy = Proxy::start(server.address(), |_, _| Fault::None);
    let dir = tempfile::tempdir().unwrap();
    let follower = Arc::new(Follower::new(server.clock.clone()));
    let key = server.key(Mode::Live, Tier::Standard);
    let received = download(&proxy.url(), key, dir.path(), &follower).unwrap();
    assert_eq!(received.report().customers.read, 25);
    // `/me`, two lists, a request per customer, and a look at the newest page of both lists.
    let statuses = proxy.statuses();
    assert_eq!(statuses.len(), 1 + 2 + 25 + 2);
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let waits = follower.limit_waits();
    assert!(
        (100..=130).contains(&waits.iter().sum::<u64>()),
        "thirty requests take two minutes: {waits:?}"
    );
    assert!(follower.failure_waits().is_empty());
    let estimate = follower.estimate.lock().unwrap().unwrap();
    assert_eq!((estimate.requests, estimate.per_minute), (27, 10));
}
