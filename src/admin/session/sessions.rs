//! Who is signed in. Sessions are kept in memory only, so that a restart ends all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::cookie::Token;
use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceId;

/// How long a session lasts, whatever happens in it.
const MAX_AGE: Duration = Duration::from_secs(12 * 60 * 60);
/// Sessions at the same time. There is one admin, perhaps at a few machines.
const MAX_SESSIONS: usize = 1_000;
/// Forms that a session remembers to have been sent.
const MAX_SUBMISSIONS: usize = 100;

/// What is known of somebody who is signed in.
#[derive(Clone)]
pub(in crate::admin) struct Session {
    started: Monotonic,
    last_seen: Monotonic,
    /// When the password was set with which it was opened.
    password: Timestamp,
    /// The workspace that is looked at; the first one if none was chosen.
    pub workspace: Option<WorkspaceId>,
    /// What the next page tells of the last action.
    flash: Option<String>,
    /// The forms, by their digests, that must not be done twice and were sent; the oldest first.
    submitted: VecDeque<[u8; 32]>,
}

/// All sessions, by the digest of their token, so that no token can be read from memory that
/// leaks.
pub(in crate::admin) struct Sessions {
    idle: Duration,
    open: Mutex<HashMap<[u8; 32], Session>>,
}

impl Sessions {
    /// None yet. A session ends after being idle for so long.
    pub fn new(idle: Duration) -> Self {
        Self { idle, open: Mutex::default() }
    }

    /// Opens a session for a token that nobody had before.
    pub fn open(&self, token: &Token, password: Timestamp, now: Monotonic) {
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
            password,
            workspace: None,
            flash: None,
            submitted: VecDeque::new(),
        };
        open.insert(token.digest(), session);
    }

    /// The session of a token, if it lasts and the password is still the one with which it was
    /// opened; it is in use again.
    pub fn resume(
        &self,
        token: &Token,
        password: Option<Timestamp>,
        now: Monotonic,
    ) -> Option<Session> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&token.digest())?;
        if !self.is_valid(session, now) || password != Some(session.password) {
            open.remove(&token.digest());
            return None;
        }
        session.last_seen = now;
        Some(session.clone())
    }

    /// Ends a session.
    pub fn close(&self, token: &Token) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&token.digest());
    }

    /// Chooses the workspace that is looked at.
    pub fn set_workspace(&self, token: &Token, workspace: WorkspaceId) {
        self.change(token, |session| session.workspace = Some(workspace));
    }

    /// Keeps what the next page shall tell.
    pub fn set_flash(&self, token: &Token, notice: String) {
        self.change(token, |session| session.flash = Some(notice));
    }

    /// What was kept to be told, once.
    pub fn take_flash(&self, token: &Token) -> Option<String> {
        self.change(token, |session| session.flash.take()).flatten()
    }

    /// Takes note of a form that must not be done twice; says no when it was sent before.
    pub fn record_submission(&self, token: &Token, form: [u8; 32]) -> bool {
        let first = self.change(token, |session| {
            if session.submitted.contains(&form) {
                return false;
            }
            if session.submitted.len() >= MAX_SUBMISSIONS {
                session.submitted.pop_front();
            }
            session.submitted.push_back(form);
            true
        });
        first.unwrap_or(false)
    }

    /// Forgets such a form, with which nothing was done after all.
    pub fn forget_submission(&self, token: &Token, form: &[u8; 32]) {
        self.change(token, |session| session.submitted.retain(|sent| sent != form));
    }

    fn change<T>(&self, token: &Token, change: impl FnOnce(&mut Session) -> T) -> Option<T> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get_mut(&token.digest()).map(change)
    }

    fn is_valid(&self, session: &Session, now: Monotonic) -> bool {
        now.since(session.last_seen) < self.idle && now.since(session.started) < MAX_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Monotonic {
        Monotonic::from_micros(seconds * 1_000_000)
    }

    /// When the password was set.
    fn set(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_session_ends_when_idle_or_old_or_opened_with_another_password() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let token = Token::generate().unwrap();
        let resume = |password, now| sessions.resume(&token, password, now).is_some();
        sessions.open(&token, set(1), at(0));
        assert!(resume(Some(set(1)), at(1799)));
        assert!(!resume(Some(set(1)), at(1799 + 1800)));
        assert!(!resume(Some(set(1)), at(1799)), "what has ended does not begin again");

        sessions.open(&token, set(1), at(0));
        assert!((1..43).all(|n| resume(Some(set(1)), at(n * 1000))));
        assert!(!resume(Some(set(1)), at(12 * 60 * 60)));

        for other in [None, Some(set(2))] {
            sessions.open(&token, set(1), at(0));
            assert!(!resume(other, at(1)));
        }
    }

    #[test]
    fn a_form_is_sent_once_unless_nothing_was_done() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let (token, other) = (Token::generate().unwrap(), Token::generate().unwrap());
        sessions.open(&token, set(1), at(0));
        assert!(sessions.record_submission(&token, [1; 32]));
        assert!(!sessions.record_submission(&token, [1; 32]));
        sessions.forget_submission(&token, &[1; 32]);
        assert!(sessions.record_submission(&token, [1; 32]));
        assert!(!sessions.record_submission(&other, [2; 32]), "nobody is signed in with it");
        for form in 2..200 {
            assert!(sessions.record_submission(&token, [form; 32]));
        }
        assert_eq!(sessions.open.lock().unwrap()[&token.digest()].submitted.len(), MAX_SUBMISSIONS);
    }

    #[test]
    fn there_are_never_more_sessions_than_there_is_room_for() {
        let sessions = Sessions::new(Duration::from_secs(1800));
        let tokens: Vec<Token> = (0..=MAX_SESSIONS).map(|_| Token::generate().unwrap()).collect();
        for (second, token) in (0..).zip(&tokens) {
            sessions.open(token, set(1), at(second));
        }
        let now = at(1000);
        assert!(sessions.resume(&tokens[0], Some(set(1)), now).is_none());
        assert!(
            tokens[1..].iter().all(|token| sessions.resume(token, Some(set(1)), now).is_some())
        );
    }
}
