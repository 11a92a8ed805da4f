//! Counts failed attempts with one kind of secret, for the client and for the networks around it.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use ipnet::IpNet;

use super::hash_queue::Trust;
use crate::model::clock::Monotonic;
use crate::model::key::secret::Prefix;
use crate::service::client_networks::{SITE_CLIENTS, client_network, networks_around};
use crate::service::sliding_window::{Decision, SlidingWindows};

/// The limit of failed attempts per minute with the same key, per client.
const MAX_FAILURES_PER_KEY: u32 = 10;
/// The maximum number of windows, which take about 4 MB.
const MAX_WINDOWS: usize = 30_000;
/// The maximum number of clients remembered as verified.
const MAX_VERIFIED: usize = 10_000;

/// What failed attempts are counted against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::service) struct Subject {
    pub network: IpNet,
    /// If set, only attempts with this key count.
    pub key: Option<Prefix>,
}

pub(super) struct FailedAttempts {
    per_client: u32,
    windows: SlidingWindows<Subject>,
    verified: Mutex<HashSet<IpNet>>,
}

impl FailedAttempts {
    /// Creates an empty count. `per_client` is the limit per minute and client; larger networks
    /// have a multiple of it.
    pub fn new(per_client: u32, has_other_servers: bool) -> Self {
        let windows = SlidingWindows::new(MAX_WINDOWS);
        let windows = if has_other_servers { windows.shared() } else { windows };
        Self { per_client, windows, verified: Mutex::default() }
    }

    /// Takes what was counted here since the last call.
    pub fn take_unshared(&self) -> impl Iterator<Item = (Subject, u32)> + use<> {
        self.windows.take_unshared().into_iter()
    }

    /// Adds what another server has counted.
    pub fn add(&self, subject: Subject, now: Monotonic, count: u32) {
        self.windows.add(subject, now, count);
    }

    /// Checks whether another attempt is allowed.
    ///
    /// # Errors
    /// Returns the seconds to wait if it isn't.
    pub fn check(&self, address: IpAddr, key: Option<&Prefix>, now: Monotonic) -> Result<(), i64> {
        // Clients aren't blocked because of other customers of the same provider.
        let max = self.per_client * SITE_CLIENTS;
        let subjects = self.subjects(address, key).filter(|&(_, limit)| limit <= max);
        let waits =
            subjects.filter_map(|(subject, limit)| match self.windows.peek(&subject, now, limit) {
                Decision::Allowed(_) => None,
                Decision::Denied(_, wait) => Some(wait),
            });
        waits.max().map_or(Ok(()), Err)
    }

    pub fn record_failure(&self, address: IpAddr, key: Option<&Prefix>, now: Monotonic) {
        for (subject, limit) in self.subjects(address, key) {
            self.windows.count(&subject, now, limit);
        }
    }

    /// Remembers a client that sent a correct secret.
    pub fn record_success(&self, address: IpAddr) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= MAX_VERIFIED
            && let Some(any) = verified.iter().next().copied()
        {
            verified.remove(&any);
        }
        verified.insert(client_network(address));
    }

    /// Returns how far a client is trusted.
    pub fn trust(&self, address: IpAddr, now: Monotonic) -> Trust {
        if self.is_verified(address) {
            return Trust::Verified;
        }
        let mut networks =
            networks_around(address).map(|(network, _)| Subject { network, key: None });
        // With a limit of 1, any failure is too many.
        let is_clean =
            |subject| matches!(self.windows.peek(&subject, now, 1), Decision::Allowed(_));
        if networks.all(is_clean) { Trust::Unknown } else { Trust::Suspect }
    }

    fn is_verified(&self, address: IpAddr) -> bool {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.contains(&client_network(address))
    }

    /// Returns everything that an attempt counts against, each with its limit. For a client that
    /// once sent a correct secret, its neighbors' failures don't count, and its own don't count
    /// against them.
    fn subjects(
        &self,
        address: IpAddr,
        key: Option<&Prefix>,
    ) -> impl Iterator<Item = (Subject, u32)> {
        let for_key = key.cloned().map(|key| {
            let subject = Subject { network: client_network(address), key: Some(key) };
            (subject, MAX_FAILURES_PER_KEY)
        });
        let is_verified = self.is_verified(address);
        let networks =
            networks_around(address).filter(move |&(_, clients)| clients == 1 || !is_verified);
        let for_networks = networks
            .map(|(network, clients)| (Subject { network, key: None }, self.per_client * clients));
        for_key.into_iter().chain(for_networks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::Mode;

    fn at(seconds: i64) -> Monotonic {
        Monotonic::from_micros(seconds * 1_000_000)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn fail(attempts: &FailedAttempts, address: &str) -> bool {
        let is_allowed = attempts.check(ip(address), None, at(0)).is_ok();
        if is_allowed {
            attempts.record_failure(ip(address), None, at(0));
        }
        is_allowed
    }

    #[test]
    fn addresses_of_one_network_share_a_higher_limit() {
        let attempts = FailedAttempts::new(10, false);
        let allowed = |address: &dyn Fn(u32) -> String| {
            (0..200).filter(|&no| fail(&attempts, &address(no))).count()
        };
        assert_eq!(allowed(&|no| format!("2001:db8:1:1::{no:x}")), 10, "one /64");
        assert_eq!(allowed(&|no| format!("2001:db8:2:{no:x}::1")), 20, "one /56");
        assert_eq!(allowed(&|no| format!("2001:db8:3:{:x}::1", no << 8)), 40, "one /48");
        assert_eq!(allowed(&|no| format!("2001:db8:{:x}::1", no + 4)), 200, "one /32");
        assert_eq!(allowed(&|no| format!("198.51.100.{no}")), 40, "one /24");
        assert_eq!(allowed(&|_| "203.0.113.1".to_owned()), 10, "one IPv4 address");
        assert_eq!(attempts.check(ip("198.51.100.250"), None, at(0)), Err(60));
        assert_eq!(attempts.check(ip("198.51.100.250"), None, at(60)), Ok(()));
    }

    #[test]
    fn failures_with_one_key_do_not_count_against_another() {
        let attempts = FailedAttempts::new(15, false);
        let (bad, good) =
            (Prefix::new(Mode::Live, "AAAAAAAA"), Prefix::new(Mode::Live, "BBBBBBBB"));
        let office = ip("203.0.113.1");
        for _ in 0..10 {
            attempts.record_failure(office, Some(&bad), at(0));
        }
        assert_eq!(attempts.check(office, Some(&bad), at(10)), Err(50));
        assert_eq!(attempts.check(office, Some(&good), at(10)), Ok(()));
        assert_eq!(attempts.check(ip("203.0.113.2"), Some(&bad), at(10)), Ok(()));
        for no in 0..5 {
            let key = Prefix::new(Mode::Live, &format!("CCCCCCC{no}"));
            attempts.record_failure(office, Some(&key), at(10));
        }
        assert_eq!(attempts.check(office, Some(&good), at(10)), Err(50), "fifteen in all");
    }

    #[test]
    fn failures_of_neighbors_do_not_affect_a_verified_client() {
        let attempts = FailedAttempts::new(10, false);
        let admin = ip("203.0.113.1");
        assert_eq!(attempts.trust(admin, at(0)), Trust::Unknown);
        attempts.record_success(admin);
        while fail(&attempts, "203.0.113.2") || fail(&attempts, "203.0.113.3") {}
        while fail(&attempts, "203.0.113.4") || fail(&attempts, "203.0.113.5") {}
        assert!(!fail(&attempts, "203.0.113.6"), "the limit of its network is used up");
        assert_eq!(attempts.trust(ip("203.0.113.6"), at(0)), Trust::Suspect);
        assert_eq!(attempts.trust(admin, at(0)), Trust::Verified);
        assert!(fail(&attempts, "2001:db8:1::1"));
        assert_eq!(attempts.trust(ip("2001:db8:2::1"), at(0)), Trust::Suspect);
        assert_eq!(attempts.trust(ip("2001:db9:2::1"), at(0)), Trust::Unknown);
        assert_eq!(attempts.trust(ip("2001:db8:2::1"), at(60)), Trust::Unknown);
        assert_eq!((0..20).filter(|_| fail(&attempts, "203.0.113.1")).count(), 10);
    }
}
