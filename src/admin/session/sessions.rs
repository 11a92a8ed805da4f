//! Which sessions are open. The database has all of them, so that each server knows what another one
//! has opened or ended. Each server also remembers the last requests that it has handled itself: most
//! are not written to the database, and their times are exact whatever the system clock does.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::device::Device;
use crate::model::client_address::ClientAddress;
use crate::model::clock::{Clock, Monotonic};
use crate::model::hex::random_hex;
use crate::model::values::time::Timestamp;
use crate::store::AdminSession;

/// How often a session that is in use is recorded, at most. The fraction is for short timeouts.
const RECORD_EVERY: Duration = Duration::from_secs(60);
const RECORDS_PER_TIMEOUT: u32 = 4;

/// Where a request of a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) struct Client {
    pub address: ClientAddress,
    pub device: Device,
}

/// Returns a name for a session on the pages. It is random and has nothing to do with the token, so
/// whoever sees it cannot take over the session.
pub(in crate::admin) fn new_id() -> Result<String, getrandom::Error> {
    random_hex(8)
}

/// A session, as its page lists it.
pub(in crate::admin) struct ListedSession {
    pub id: String,
    pub signed_in_at: Timestamp,
    /// The time since its last request.
    pub idle: Duration,
    /// The client of its last request.
    pub address: String,
    pub device: String,
    pub is_current: bool,
}

/// The time on both clocks.
#[derive(Clone, Copy, Debug)]
pub(in crate::admin) struct Now {
    wall: Timestamp,
    monotonic: Monotonic,
}

impl Now {
    pub fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    pub fn monotonic(self) -> Monotonic {
        self.monotonic
    }

    /// Returns when a time was that has been read from the database, if no clock was set since then.
    fn monotonic_at(self, stored: Timestamp) -> Monotonic {
        self.monotonic.minus(self.wall.since(stored))
    }
}

/// What this server knows about a session that it has read from the database.
#[derive(Clone, Copy, Debug)]
struct Known {
    started: Monotonic,
    /// The last request that this server knows of.
    last_seen: Monotonic,
    /// The last request in the database, as it was stored and when that was.
    stored: Timestamp,
    stored_at: Monotonic,
}

/// Decides which sessions are open.
pub(in crate::admin) struct Sessions {
    idle_timeout: Duration,
    /// By the digest of the token.
    known: Mutex<HashMap<[u8; 32], Known>>,
}

impl Sessions {
    /// Sessions end after `idle_timeout` without a request.
    pub fn new(idle_timeout: Duration) -> Self {
        Self { idle_timeout, known: Mutex::default() }
    }

    /// Returns whether the session of a request is open, and resets its idle time if it is. The
    /// session has ended if it has expired or the password has changed since it was opened.
    pub fn resume(
        &self,
        session: &AdminSession,
        password_set_at: Option<Timestamp>,
        now: Now,
    ) -> bool {
        let mut known = self.lock();
        let is_open = self.is_open_now(&mut known, session, password_set_at, now);
        if is_open && let Some(known) = known.get_mut(&session.token) {
            known.last_seen = now.monotonic;
        }
        is_open
    }

    /// Returns whether a session is open, without resetting its idle time.
    pub fn is_open(
        &self,
        session: &AdminSession,
        password_set_at: Option<Timestamp>,
        now: Now,
    ) -> bool {
        self.is_open_now(&mut self.lock(), session, password_set_at, now)
    }

    /// Returns whether a request of an open session has to be recorded in the database, so that other
    /// servers know of it: one a minute, and the first one from another client.
    pub fn must_record(&self, session: &AdminSession, client: Client, now: Now) -> bool {
        let mut known = self.lock();
        let Some(known) = known.get_mut(&session.token) else { return false };
        let is_same_client = session.address == client.address.to_string()
            && session.device == client.device.to_string();
        let pause = RECORD_EVERY.min(self.idle_timeout / RECORDS_PER_TIMEOUT);
        let is_recent = now.monotonic.since(known.stored_at) < pause;
        if is_same_client && is_recent {
            return false;
        }
        known.stored_at = now.monotonic;
        true
    }

    /// Returns the open ones among all sessions, the current one first and the others by their last
    /// request.
    pub fn list(
        &self,
        all: Vec<AdminSession>,
        current: &[u8; 32],
        password_set_at: Timestamp,
        now: Now,
    ) -> Vec<ListedSession> {
        let mut known = self.lock();
        let mut listed = Vec::new();
        for session in all {
            if self.is_open_now(&mut known, &session, Some(password_set_at), now) {
                let last_seen = known.get(&session.token).map(|known| known.last_seen);
                listed.push(ListedSession {
                    id: session.id,
                    signed_in_at: session.signed_in_at,
                    idle: last_seen.map_or(Duration::ZERO, |seen| now.monotonic.since(seen)),
                    address: session.address,
                    device: session.device,
                    is_current: session.token == *current,
                });
            }
        }
        listed.sort_by_key(|session| (!session.is_current, session.idle));
        listed
    }

    fn is_open_now(
        &self,
        all: &mut HashMap<[u8; 32], Known>,
        session: &AdminSession,
        password_set_at: Option<Timestamp>,
        now: Now,
    ) -> bool {
        let known = self.update(all, session, now);
        let is_valid = now.monotonic.since(known.last_seen) < self.idle_timeout
            && now.monotonic.since(known.started) < AdminSession::MAX_AGE;
        is_valid && password_set_at == Some(session.password_set_at)
    }

    /// Combines what this server knows with what the database has.
    fn update(
        &self,
        all: &mut HashMap<[u8; 32], Known>,
        session: &AdminSession,
        now: Now,
    ) -> Known {
        let stored = session.last_seen_at;
        if let Some(known) = all.get_mut(&session.token) {
            if known.stored != stored {
                // It may be a request to another server.
                known.stored = stored;
                known.stored_at = now.monotonic_at(stored);
                known.last_seen = known.last_seen.max(known.stored_at);
            }
            return *known;
        }
        // Sessions that have ended elsewhere are not read again. They leave with the next new one.
        all.retain(|_, known| now.monotonic.since(known.last_seen) < self.idle_timeout);
        let stored_at = now.monotonic_at(stored);
        let started = now.monotonic_at(session.signed_in_at);
        let known = Known { started, last_seen: stored_at, stored, stored_at };
        all.insert(session.token, known);
        known
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1800);
    const DAY: i64 = 24 * 60 * 60;

    fn set_at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    /// A time on clocks that run together.
    fn at(seconds: i64) -> Now {
        at_with_jump(seconds, 0)
    }

    /// A time after the system clock was set.
    fn at_with_jump(seconds: i64, jump: i64) -> Now {
        let micros = seconds * 1_000_000;
        let wall = Timestamp::from_micros(micros + jump * 1_000_000);
        Now { wall, monotonic: Monotonic::from_micros(micros) }
    }

    fn client(ip: &str) -> Client {
        Client {
            address: ClientAddress::Ip(ip.parse().unwrap()),
            device: Device::from_user_agent("Firefox/1 (Linux)"),
        }
    }

    /// A session that was opened and stored at the same time, with the password of second 1.
    fn session(token: u8, opened: i64) -> AdminSession {
        AdminSession {
            token: [token; 32],
            id: token.to_string(),
            password_set_at: set_at(1),
            signed_in_at: at(opened).wall,
            last_seen_at: at(opened).wall,
            address: "192.0.2.1".to_owned(),
            device: client("192.0.2.1").device.to_string(),
            workspace: None,
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_the_password_changes() {
        let sessions = Sessions::new(TIMEOUT);
        let first = session(1, 0);
        let resume = |session, now| sessions.resume(session, Some(set_at(1)), at(now));
        assert!(resume(&first, 1799));
        assert!(!resume(&first, 1799 + 1800));

        let busy = session(2, 0);
        assert!((1..43).all(|n| resume(&busy, n * 1000)));
        assert!(!resume(&busy, 12 * 60 * 60));

        for other in [None, Some(set_at(2))] {
            assert!(!sessions.resume(&session(3, 0), other, at(1)));
        }
    }

    #[test]
    fn setting_the_system_clock_neither_ends_nor_extends_a_session_in_use() {
        let sessions = Sessions::new(TIMEOUT);
        let mut one = session(1, 0);
        let resume = |session: &AdminSession, seconds, jump| {
            sessions.resume(session, Some(set_at(1)), at_with_jump(seconds, jump))
        };
        assert!(resume(&one, 1, 0));
        assert!(resume(&one, 2, DAY));
        // It was recorded with the time after the jump.
        one.last_seen_at = at_with_jump(62, DAY).wall;
        assert!(resume(&one, 62, DAY));
        assert!(resume(&one, 63, -DAY));
        assert!(!resume(&one, 63 + 1800, -DAY));
    }

    #[test]
    fn requests_to_another_server_keep_a_session_open() {
        let (ours, theirs) = (Sessions::new(TIMEOUT), Sessions::new(TIMEOUT));
        let mut one = session(1, 0);
        assert!(ours.resume(&one, Some(set_at(1)), at(10)));
        assert!(theirs.resume(&one, Some(set_at(1)), at(1700)));
        assert!(theirs.must_record(&one, client("192.0.2.1"), at(1700)));
        one.last_seen_at = at(1700).wall;
        assert!(ours.resume(&one, Some(set_at(1)), at(1700 + 1799)));
    }

    #[test]
    fn a_session_is_recorded_once_a_minute_and_when_its_client_changes() {
        let sessions = Sessions::new(TIMEOUT);
        let mut one = session(1, 0);
        let mut recorded = Vec::new();
        for second in [0, 30, 59, 60, 61, 119, 120, 121] {
            let (now, ip) = (at(second), if second < 121 { "192.0.2.1" } else { "192.0.2.2" });
            assert!(sessions.resume(&one, Some(set_at(1)), now));
            if sessions.must_record(&one, client(ip), now) {
                recorded.push(second);
                one.last_seen_at = now.wall;
            }
        }
        assert_eq!(recorded, [60, 120, 121]);
        let short = Sessions::new(Duration::from_secs(60));
        let one = session(1, 0);
        assert!(short.resume(&one, Some(set_at(1)), at(14)));
        assert!(!short.must_record(&one, client("192.0.2.1"), at(14)));
        assert!(short.must_record(&one, client("192.0.2.1"), at(15)));
    }

    #[test]
    fn the_current_session_is_listed_first_and_ended_ones_are_not() {
        let sessions = Sessions::new(TIMEOUT);
        let all: Vec<_> = (0..4).map(|no| session(no, no.into())).collect();
        assert!(sessions.resume(&all[0], Some(set_at(1)), at(60)));
        let list = |now| {
            let listed = sessions.list(all.clone(), &[2; 32], set_at(1), at(now));
            let fact = |one: ListedSession| (one.is_current, one.id, one.idle.as_secs());
            listed.into_iter().map(fact).collect::<Vec<_>>()
        };
        let other = |id: &str, idle| (false, id.to_owned(), idle);
        let expected = [(true, "2".to_owned(), 88), other("0", 30), other("3", 87), other("1", 89)];
        assert_eq!(list(90), expected);
        assert_eq!(list(60 + 1799), [other("0", 1799)]);
        assert!(sessions.list(all.clone(), &[2; 32], set_at(2), at(60)).is_empty());
    }
}
