//! The signed-in sessions. They are kept in memory only, so a restart ends all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::cookie::Token;
use super::device::Device;
use crate::model::client_address::ClientAddress;
use crate::model::clock::Monotonic;
use crate::model::hex::random_hex;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceId;

/// How long a session lasts, even if it is never idle.
const MAX_AGE: Duration = Duration::from_secs(12 * 60 * 60);
/// The most open sessions. One admin needs only a few.
const MAX_SESSIONS: usize = 1_000;
/// The most form submissions that a session remembers.
const MAX_SUBMISSIONS: usize = 100;

/// Where a request of a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) struct Client {
    pub address: ClientAddress,
    pub device: Device,
}

/// The name of a session on the pages. It is random and has nothing to do with the token, so
/// whoever sees it cannot take over the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::admin) struct SessionId(String);

impl SessionId {
    pub fn generate() -> Result<Self, getrandom::Error> {
        random_hex(8).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a session is opened with.
pub(in crate::admin) struct NewSession {
    pub id: SessionId,
    pub password_set_at: Timestamp,
    /// The time on the wall clock, for display.
    pub signed_in_at: Timestamp,
    pub client: Client,
    pub workspace: Option<WorkspaceId>,
}

/// A session, as its page lists it.
pub(in crate::admin) struct ListedSession {
    pub id: SessionId,
    pub signed_in_at: Timestamp,
    /// The time since its last request.
    pub idle: Duration,
    /// The client of its last request.
    pub client: Client,
    pub is_current: bool,
}

#[derive(Clone)]
pub(in crate::admin) struct Session {
    id: SessionId,
    signed_in_at: Timestamp,
    /// The client of the last request: a stolen cookie shows up here.
    client: Client,
    started: Monotonic,
    last_seen: Monotonic,
    /// When the password it was opened with was set. A password change ends the session.
    password_set_at: Timestamp,
    /// The current workspace; `None` means the first one.
    pub workspace: Option<WorkspaceId>,
    /// The flash message: the next page shows it once.
    flash: Option<String>,
    /// The digests of submitted one-time forms, oldest first.
    submitted: VecDeque<[u8; 32]>,
}

/// The open sessions, by the digest of their token: leaked memory reveals no token.
pub(in crate::admin) struct Sessions {
    idle_timeout: Duration,
    open: Mutex<HashMap<[u8; 32], Session>>,
}

impl Sessions {
    /// Sessions end after `idle_timeout` without a request.
    pub fn new(idle_timeout: Duration) -> Self {
        Self { idle_timeout, open: Mutex::default() }
    }

    /// Opens a session for a new token. If there are too many sessions, the one that was idle
    /// longest ends.
    pub fn open(&self, token: &Token, new: NewSession, now: Monotonic) {
        let mut open = self.lock();
        if open.len() >= MAX_SESSIONS {
            open.retain(|_, session| self.is_valid(session, now));
        }
        let oldest =
            || open.iter().min_by_key(|(_, session)| session.last_seen).map(|(key, _)| *key);
        if open.len() >= MAX_SESSIONS
            && let Some(oldest) = oldest()
        {
            open.remove(&oldest);
        }
        let session = Session {
            id: new.id,
            signed_in_at: new.signed_in_at,
            client: new.client,
            started: now,
            last_seen: now,
            password_set_at: new.password_set_at,
            workspace: new.workspace,
            flash: None,
            submitted: VecDeque::new(),
        };
        open.insert(token.digest(), session);
    }

    /// Returns a token's session and resets its idle time. Ends the session instead if it has
    /// expired or the password has changed since it was opened.
    pub fn resume(
        &self,
        token: &Token,
        password_set_at: Option<Timestamp>,
        client: Client,
        now: Monotonic,
    ) -> Option<Session> {
        let mut open = self.lock();
        let session = open.get_mut(&token.digest())?;
        if !self.is_valid(session, now) || password_set_at != Some(session.password_set_at) {
            open.remove(&token.digest());
            return None;
        }
        session.last_seen = now;
        session.client = client;
        Some(session.clone())
    }

    pub fn close(&self, token: &Token) {
        self.lock().remove(&token.digest());
    }

    /// Returns the sessions that are open, last used first.
    pub fn list(
        &self,
        current: &Token,
        password_set_at: Timestamp,
        now: Monotonic,
    ) -> Vec<ListedSession> {
        let (open, current) = (self.lock(), current.digest());
        let valid = open.iter().filter(|(_, session)| {
            self.is_valid(session, now) && session.password_set_at == password_set_at
        });
        let mut listed: Vec<_> = valid
            .map(|(digest, session)| ListedSession {
                id: session.id.clone(),
                signed_in_at: session.signed_in_at,
                idle: now.since(session.last_seen),
                client: session.client,
                is_current: *digest == current,
            })
            .collect();
        listed.sort_by_key(|session| (!session.is_current, session.idle));
        listed
    }

    /// Ends a session. Returns false if it had already ended.
    pub fn end(&self, id: &str) -> bool {
        let mut open = self.lock();
        let before = open.len();
        open.retain(|_, session| session.id.as_str() != id);
        open.len() < before
    }

    /// Ends all sessions except that of a token, and returns how many were open.
    pub fn end_others(&self, token: &Token, now: Monotonic) -> usize {
        let (mut open, current) = (self.lock(), token.digest());
        let others = open
            .iter()
            .filter(|(digest, session)| **digest != current && self.is_valid(session, now));
        let ended = others.count();
        open.retain(|digest, _| *digest == current);
        ended
    }

    /// Whether a session, given by the digest of its token, is still open.
    pub fn is_open(&self, session: &[u8; 32], now: Monotonic) -> bool {
        self.lock().get(session).is_some_and(|session| self.is_valid(session, now))
    }

    /// Sets the current workspace.
    pub fn set_workspace(&self, token: &Token, workspace: WorkspaceId) {
        self.change(token, |session| session.workspace = Some(workspace));
    }

    /// Sets the flash message for the next page.
    pub fn set_flash(&self, token: &Token, notice: String) {
        self.change(token, |session| session.flash = Some(notice));
    }

    /// Takes the flash message, so that it is shown once.
    pub fn take_flash(&self, token: &Token) -> Option<String> {
        self.change(token, |session| session.flash.take()).flatten()
    }

    /// Records the submission of a one-time form. Returns false if it was already submitted.
    pub fn record_submission(&self, token: &Token, digest: [u8; 32]) -> bool {
        let first = self.change(token, |session| {
            if session.submitted.contains(&digest) {
                return false;
            }
            if session.submitted.len() >= MAX_SUBMISSIONS {
                session.submitted.pop_front();
            }
            session.submitted.push_back(digest);
            true
        });
        first.unwrap_or(false)
    }

    /// Forgets a submission that failed, so that the form can be submitted again.
    pub fn forget_submission(&self, token: &Token, digest: &[u8; 32]) {
        self.change(token, |session| session.submitted.retain(|submitted| submitted != digest));
    }

    fn change<T>(&self, token: &Token, change: impl FnOnce(&mut Session) -> T) -> Option<T> {
        self.lock().get_mut(&token.digest()).map(change)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_valid(&self, session: &Session, now: Monotonic) -> bool {
        now.since(session.last_seen) < self.idle_timeout && now.since(session.started) < MAX_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Monotonic {
        Monotonic::from_micros(seconds * 1_000_000)
    }

    fn password_set_at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn client(ip: &str) -> Client {
        Client {
            address: ClientAddress::Ip(ip.parse().unwrap()),
            device: Device::from_user_agent("Firefox/1 (Linux)"),
        }
    }

    fn new_session(password_set_at: Timestamp) -> NewSession {
        NewSession {
            id: SessionId::generate().unwrap(),
            password_set_at,
            signed_in_at: Timestamp::from_micros(0),
            client: client("192.0.2.1"),
            workspace: None,
        }
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_the_password_changes() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let token = Token::generate().unwrap();
        let resume =
            |password, now| sessions.resume(&token, password, client("192.0.2.1"), now).is_some();
        sessions.open(&token, new_session(password_set_at(1)), at(0));
        assert!(resume(Some(password_set_at(1)), at(1799)));
        assert!(!resume(Some(password_set_at(1)), at(1799 + 1800)));
        assert!(!resume(Some(password_set_at(1)), at(1799)), "an ended session stays ended");

        sessions.open(&token, new_session(password_set_at(1)), at(0));
        assert!((1..43).all(|n| resume(Some(password_set_at(1)), at(n * 1000))));
        assert!(!resume(Some(password_set_at(1)), at(12 * 60 * 60)));

        for other in [None, Some(password_set_at(2))] {
            sessions.open(&token, new_session(password_set_at(1)), at(0));
            assert!(!resume(other, at(1)));
        }
    }

    #[test]
    fn a_form_is_submitted_once_unless_it_failed() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let (token, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        sessions.open(&token, new_session(password_set_at(1)), at(0));
        assert!(sessions.record_submission(&token, [1; 32]));
        assert!(!sessions.record_submission(&token, [1; 32]));
        sessions.forget_submission(&token, &[1; 32]);
        assert!(sessions.record_submission(&token, [1; 32]));
        assert!(!sessions.record_submission(&other, [2; 32]), "no session has this token");
        for form in 2..200 {
            assert!(sessions.record_submission(&token, [form; 32]));
        }
        assert_eq!(sessions.open.lock().unwrap()[&token.digest()].submitted.len(), MAX_SUBMISSIONS);
    }

    #[test]
    fn the_longest_idle_session_makes_room_for_a_new_one() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let tokens: Vec<Token> = (0..=MAX_SESSIONS).map(|_| Token::generate().unwrap()).collect();
        for (second, token) in (0..).zip(&tokens) {
            sessions.open(token, new_session(password_set_at(1)), at(second));
        }
        let resume =
            |token| sessions.resume(token, Some(password_set_at(1)), client("192.0.2.1"), at(1000));
        assert!(resume(&tokens[0]).is_none());
        assert!(tokens[1..].iter().all(|token| resume(token).is_some()));
    }
    #[test]
    fn sessions_are_listed_with_their_last_client_and_can_be_ended() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let tokens: Vec<Token> = (0..4).map(|_| Token::generate().unwrap()).collect();
        let set = password_set_at(1);
        for (second, token) in (0..).zip(&tokens) {
            sessions.open(token, new_session(set), at(second));
        }
        sessions.resume(&tokens[0], Some(set), client("198.51.100.7"), at(60)).unwrap();
        let listed = sessions.list(&tokens[2], set, at(90));
        let facts = |listed: &[ListedSession]| -> Vec<(bool, String, u64)> {
            let fact = |one: &ListedSession| {
                (one.is_current, one.client.address.to_string(), one.idle.as_secs())
            };
            listed.iter().map(fact).collect()
        };
        let other = |ip: &str, idle| (false, ip.to_owned(), idle);
        assert_eq!(
            facts(&listed),
            [
                (true, "192.0.2.1".to_owned(), 88),
                other("198.51.100.7", 30),
                other("192.0.2.1", 87),
                other("192.0.2.1", 89)
            ]
        );
        for token in &tokens {
            assert!(listed.iter().all(|one| !token.as_str().contains(one.id.as_str())));
        }
        assert!(sessions.list(&tokens[2], password_set_at(2), at(90)).is_empty());

        assert!(sessions.end(listed[1].id.as_str()));
        assert!(!sessions.end(listed[1].id.as_str()), "it has already ended");
        assert!(sessions.resume(&tokens[0], Some(set), client("192.0.2.1"), at(90)).is_none());
        assert_eq!(sessions.end_others(&tokens[2], at(90)), 2);
        assert_eq!(sessions.list(&tokens[2], set, at(90)).len(), 1);
    }
}
