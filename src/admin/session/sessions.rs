//! The signed-in sessions. They are kept in memory only, so a restart ends all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::cookie::Token;
use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceId;

/// How long a session lasts, even if it is never idle.
const MAX_AGE: Duration = Duration::from_secs(12 * 60 * 60);
/// The most open sessions. One admin needs only a few.
const MAX_SESSIONS: usize = 1_000;
/// The most form submissions that a session remembers.
const MAX_SUBMISSIONS: usize = 100;

#[derive(Clone)]
pub(in crate::admin) struct Session {
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
    pub fn open(&self, token: &Token, password_set_at: Timestamp, now: Monotonic) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
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
            started: now,
            last_seen: now,
            password_set_at,
            workspace: None,
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
        now: Monotonic,
    ) -> Option<Session> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&token.digest())?;
        if !self.is_valid(session, now) || password_set_at != Some(session.password_set_at) {
            open.remove(&token.digest());
            return None;
        }
        session.last_seen = now;
        Some(session.clone())
    }

    pub fn close(&self, token: &Token) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&token.digest());
    }

    /// Whether a session, given by the digest of its token, is still open.
    pub fn is_open(&self, session: &[u8; 32], now: Monotonic) -> bool {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(session).is_some_and(|session| self.is_valid(session, now))
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
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get_mut(&token.digest()).map(change)
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

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_the_password_changes() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let token = Token::generate().unwrap();
        let resume = |password, now| sessions.resume(&token, password, now).is_some();
        sessions.open(&token, password_set_at(1), at(0));
        assert!(resume(Some(password_set_at(1)), at(1799)));
        assert!(!resume(Some(password_set_at(1)), at(1799 + 1800)));
        assert!(!resume(Some(password_set_at(1)), at(1799)), "an ended session stays ended");

        sessions.open(&token, password_set_at(1), at(0));
        assert!((1..43).all(|n| resume(Some(password_set_at(1)), at(n * 1000))));
        assert!(!resume(Some(password_set_at(1)), at(12 * 60 * 60)));

        for other in [None, Some(password_set_at(2))] {
            sessions.open(&token, password_set_at(1), at(0));
            assert!(!resume(other, at(1)));
        }
    }

    #[test]
    fn a_form_is_submitted_once_unless_it_failed() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let (token, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        sessions.open(&token, password_set_at(1), at(0));
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
            sessions.open(token, password_set_at(1), at(second));
        }
        let now = at(1000);
        assert!(sessions.resume(&tokens[0], Some(password_set_at(1)), now).is_none());
        assert!(
            tokens[1..]
                .iter()
                .all(|token| sessions.resume(token, Some(password_set_at(1)), now).is_some())
        );
    }
}
