//! Failed attempts at one kind of secret, counted for the client's address and the networks around
//! it.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use ipnet::IpNet;

use super::neighbors::{SITE, networks, single};
use super::rate_limit::{Verdict, Windows};
use super::turns::Standing;
use crate::model::clock::Monotonic;
use crate::model::key::secret::Prefix;

/// Failed attempts that are allowed in any minute at one key, from one client.
const PER_KEY: u32 = 10;
/// Windows that are kept at the same time, about 4 MB of them.
const WINDOWS: usize = 30_000;
/// Addresses from which a secret was right that are remembered.
const PROVEN: usize = 10_000;

/// What is counted together.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Subject {
    network: IpNet,
    /// The key, if only attempts at this one count.
    key: Option<Prefix>,
}

/// The attempts of the last minute.
pub(super) struct Attempts {
    per_client: u32,
    windows: Windows<Subject>,
    proven: Mutex<HashSet<IpNet>>,
}

impl Attempts {
    /// Nothing has failed yet. `per_client` is how much may fail in any minute from one client;
    /// larger networks have a multiple of it.
    pub fn new(per_client: u32) -> Self {
        Self { per_client, windows: Windows::new(WINDOWS), proven: Mutex::default() }
    }

    /// Whether another attempt is allowed.
    ///
    /// # Errors
    /// The seconds after which it is.
    pub fn may_try(
        &self,
        address: IpAddr,
        key: Option<&Prefix>,
        now: Monotonic,
    ) -> Result<(), i64> {
        // Nobody is refused for what others of a whole provider do.
        let most = self.per_client * SITE;
        let subjects = self.subjects(address, key).filter(|&(_, limit)| limit <= most);
        let waits =
            subjects.filter_map(|(subject, limit)| match self.windows.look(&subject, now, limit) {
                Verdict::Within(_) => None,
                Verdict::Beyond(_, wait) => Some(wait),
            });
        waits.max().map_or(Ok(()), Err)
    }

    /// Counts an attempt that failed.
    pub fn failed(&self, address: IpAddr, key: Option<&Prefix>, now: Monotonic) {
        for (subject, limit) in self.subjects(address, key) {
            self.windows.count(&subject, now, limit);
        }
    }

    /// Remembers an address from which a secret was right.
    pub fn succeeded(&self, address: IpAddr) {
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= PROVEN
            && let Some(any) = proven.iter().next().copied()
        {
            proven.remove(&any);
        }
        proven.insert(single(address));
    }

    /// What is known of an address.
    pub fn standing(&self, address: IpAddr, now: Monotonic) -> Standing {
        if self.is_proven(address) {
            return Standing::Proven;
        }
        let mut networks = networks(address).map(|(network, _)| Subject { network, key: None });
        // Within a limit of 1: without any failure.
        let is_clean = |subject| matches!(self.windows.look(&subject, now, 1), Verdict::Within(_));
        if networks.all(is_clean) { Standing::Unknown } else { Standing::Suspect }
    }

    fn is_proven(&self, address: IpAddr) -> bool {
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        proven.contains(&single(address))
    }

    /// Everything that an attempt counts for, with its limit. A client that once proved itself
    /// does not suffer from its neighbors, nor do they from it.
    fn subjects(
        &self,
        address: IpAddr,
        key: Option<&Prefix>,
    ) -> impl Iterator<Item = (Subject, u32)> {
        let narrow = key.cloned().map(|key| {
            let subject = Subject { network: single(address), key: Some(key) };
            (subject, PER_KEY)
        });
        let is_proven = self.is_proven(address);
        let networks = networks(address).filter(move |&(_, clients)| clients == 1 || !is_proven);
        let wide = networks
            .map(|(network, clients)| (Subject { network, key: None }, self.per_client * clients));
        narrow.into_iter().chain(wide)
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

    fn fail(attempts: &Attempts, address: &str) -> bool {
        let may = attempts.may_try(ip(address), None, at(0)).is_ok();
        if may {
            attempts.failed(ip(address), None, at(0));
        }
        may
    }

    #[test]
    fn addresses_of_one_network_share_a_higher_limit() {
        let attempts = Attempts::new(10);
        let tried = |address: &dyn Fn(u32) -> String| {
            (0..200).filter(|&no| fail(&attempts, &address(no))).count()
        };
        assert_eq!(tried(&|no| format!("2001:db8:1:1::{no:x}")), 10, "one /64");
        assert_eq!(tried(&|no| format!("2001:db8:2:{no:x}::1")), 20, "one /56");
        assert_eq!(tried(&|no| format!("2001:db8:3:{:x}::1", no << 8)), 40, "one /48");
        assert_eq!(tried(&|no| format!("2001:db8:{:x}::1", no + 4)), 200, "one /32");
        assert_eq!(tried(&|no| format!("198.51.100.{no}")), 40, "one /24");
        assert_eq!(tried(&|_| "203.0.113.1".to_owned()), 10, "one IPv4 address");
        assert_eq!(attempts.may_try(ip("198.51.100.250"), None, at(0)), Err(60));
        assert_eq!(attempts.may_try(ip("198.51.100.250"), None, at(60)), Ok(()));
    }

    #[test]
    fn failures_with_one_key_do_not_count_against_another() {
        let attempts = Attempts::new(15);
        let (bad, good) =
            (Prefix::new(Mode::Live, "AAAAAAAA"), Prefix::new(Mode::Live, "BBBBBBBB"));
        let office = ip("203.0.113.1");
        for _ in 0..10 {
            attempts.failed(office, Some(&bad), at(0));
        }
        assert_eq!(attempts.may_try(office, Some(&bad), at(10)), Err(50));
        assert_eq!(attempts.may_try(office, Some(&good), at(10)), Ok(()));
        assert_eq!(attempts.may_try(ip("203.0.113.2"), Some(&bad), at(10)), Ok(()));
        for no in 0..5 {
            let key = Prefix::new(Mode::Live, &format!("CCCCCCC{no}"));
            attempts.failed(office, Some(&key), at(10));
        }
        assert_eq!(attempts.may_try(office, Some(&good), at(10)), Err(50), "fifteen in all");
    }

    #[test]
    fn a_client_that_proved_itself_does_not_suffer_from_its_neighbors() {
        let attempts = Attempts::new(10);
        let admin = ip("203.0.113.1");
        assert_eq!(attempts.standing(admin, at(0)), Standing::Unknown);
        attempts.succeeded(admin);
        while fail(&attempts, "203.0.113.2") || fail(&attempts, "203.0.113.3") {}
        while fail(&attempts, "203.0.113.4") || fail(&attempts, "203.0.113.5") {}
        assert!(!fail(&attempts, "203.0.113.6"), "its network is used up");
        assert_eq!(attempts.standing(ip("203.0.113.6"), at(0)), Standing::Suspect);
        assert_eq!(attempts.standing(admin, at(0)), Standing::Proven);
        assert!(fail(&attempts, "2001:db8:1::1"));
        assert_eq!(attempts.standing(ip("2001:db8:2::1"), at(0)), Standing::Suspect);
        assert_eq!(attempts.standing(ip("2001:db9:2::1"), at(0)), Standing::Unknown);
        assert_eq!(attempts.standing(ip("2001:db8:2::1"), at(60)), Standing::Unknown);
        assert_eq!((0..20).filter(|_| fail(&attempts, "203.0.113.1")).count(), 10);
    }
}
