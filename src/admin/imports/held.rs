//! The files that visitors uploaded and the results of their imports, in memory only. Each belongs
//! to a session and a workspace. Their number and their total size are limited: beyond that, the one
//! that was used longest ago is discarded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::import::Import;
use crate::admin::session::cookie::Token;
use crate::model::clock::Monotonic;
use crate::model::hex::random_hex;

/// How long a file is kept after its page was last used.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// How long a result is kept. A session doesn't last longer.
const RESULT_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// The most imports that are kept, and the most bytes of all of them together.
const MAX_HELD: usize = 8;
const MAX_BYTES: usize = 64 << 20;

/// The imports of all sessions.
#[derive(Default)]
pub(in crate::admin) struct HeldImports {
    /// The one that was used longest ago comes first.
    held: Mutex<Vec<Held>>,
}

struct Held {
    id: String,
    session: [u8; 32],
    used_at: Monotonic,
    import: Arc<Import>,
}

impl HeldImports {
    /// Keeps an import and returns its ID.
    pub fn insert(
        &self,
        token: &Token,
        import: Arc<Import>,
        now: Monotonic,
    ) -> Result<String, getrandom::Error> {
        let id = random_hex(16)?;
        let session = token.digest();
        let mut held = self.lock();
        held.push(Held { id: id.clone(), session, used_at: now, import });
        trim(&mut held, now);
        Ok(id)
    }

    /// Returns an import of a session, and keeps it for longer.
    pub fn find(&self, token: &Token, id: &str, now: Monotonic) -> Option<Arc<Import>> {
        let session = token.digest();
        let mut held = self.lock();
        trim(&mut held, now);
        let index = held.iter().position(|one| one.session == session && one.id == id)?;
        let mut found = held.remove(index);
        found.used_at = now;
        let import = Arc::clone(&found.import);
        held.push(found);
        Some(import)
    }

    /// Discards one import of a session.
    pub fn discard(&self, token: &Token, id: &str) {
        let session = token.digest();
        self.lock().retain(|one| one.session != session || one.id != id);
    }

    /// Discards all imports of a session.
    pub fn discard_all(&self, token: &Token) {
        let session = token.digest();
        self.lock().retain(|one| one.session != session);
    }

    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Discards what has expired, and what belongs to sessions that are not open.
    pub fn clean_up(&self, now: Monotonic, is_open: impl Fn(&[u8; 32]) -> bool) {
        let mut held = self.lock();
        held.retain(|one| is_open(&one.session));
        trim(&mut held, now);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Imports that are running are kept, because their page shows the progress. There are only a few of
/// them.
fn trim(held: &mut Vec<Held>, now: Monotonic) {
    held.retain(|one| one.import.is_importing() || now.since(one.used_at) < one.lifetime());
    let mut count = held.len();
    let mut bytes: usize = held.iter().map(|one| one.import.size()).sum();
    // The last one was just used.
    let last = held.last().map(|one| one.id.clone());
    held.retain(|one| {
        let is_kept = (count <= MAX_HELD && bytes <= MAX_BYTES)
            || one.import.is_importing()
            || Some(&one.id) == last.as_ref();
        if !is_kept {
            count -= 1;
            bytes -= one.import.size();
        }
        is_kept
    });
}

impl Drop for Held {
    fn drop(&mut self) {
        self.import.cancel_check();
    }
}

impl Held {
    fn lifetime(&self) -> Duration {
        if self.import.is_finished() { RESULT_LIFETIME } else { LIFETIME }
    }
}
