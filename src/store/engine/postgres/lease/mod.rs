//! Until when a primary is known to be the only one.
//!
//! A PostgreSQL server that is cut off from the others still is a primary: it takes no changes,
//! because no standby confirms them, but it would go on returning what was true before another one
//! was promoted, such as keys that have been revoked since. So a server that requires two copies of
//! each change reads only while it knows that there is no other primary: a small change that a
//! standby has confirmed was sent less than [`VALID_FOR`] ago.

pub(in crate::store) mod heartbeat;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::store::error::StoreError;

/// How long a server trusts a primary after it has sent a change that a standby has confirmed. So
/// nobody may promote a standby earlier than this, counted from when both the lost primary and all
/// of its clients have stopped, or all standbys have stopped following it. Failover managers wait
/// for longer by default.
pub(in crate::store) const VALID_FOR: Duration = Duration::from_secs(5);

/// Which server it is, whatever the name or address that it was reached by: when it was started, in
/// microseconds. A primary that has become a standby was started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Primary(pub i64);

/// The lease of a primary. Clones share it. By default there is none, and all primaries are trusted.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Lease(Option<Arc<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    confirmed: Mutex<Option<Confirmed>>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug)]
struct Confirmed {
    primary: Primary,
    /// On the monotonic clock, because that of the machine can be set back.
    sent: Instant,
}

impl Lease {
    /// Creates a lease that no primary has yet.
    pub fn required() -> Self {
        Self(Some(Arc::default()))
    }

    pub fn is_required(&self) -> bool {
        self.0.is_some()
    }

    /// Extends the lease of a primary, or gives it to another one.
    fn confirm(&self, primary: Primary, sent: Instant) {
        let Some(shared) = &self.0 else { return };
        *shared.lock() = Some(Confirmed { primary, sent });
        shared.changed.notify_all();
    }

    /// Fails if no primary has the lease. Call it before waiting for a connection.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub fn check(&self) -> Result<(), StoreError> {
        let is_valid = self.0.as_ref().is_none_or(|shared| shared.valid().is_some());
        if is_valid { Ok(()) } else { Err(expired()) }
    }

    /// Fails if this primary doesn't have the lease. Call it after reading: if it has the lease now,
    /// what was read was true at least until the lease was extended last.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub fn check_for(&self, primary: Primary) -> Result<(), StoreError> {
        let Some(shared) = &self.0 else { return Ok(()) };
        match shared.valid() {
            Some(confirmed) if confirmed == primary => Ok(()),
            Some(_) => Err(StoreError::Unavailable("another server is the primary".to_owned())),
            None => Err(expired()),
        }
    }

    /// Whether another primary has the lease.
    pub fn is_of_another(&self, primary: Primary) -> bool {
        let valid = self.0.as_ref().and_then(|shared| shared.valid());
        valid.is_some_and(|confirmed| confirmed != primary)
    }

    /// Waits until a primary has the lease. Returns `false` if none gets it within `limit`.
    fn wait(&self, limit: Duration) -> bool {
        let Some(shared) = &self.0 else { return true };
        let confirmed = shared.lock();
        let waited = shared.changed.wait_timeout_while(confirmed, limit, |confirmed| {
            confirmed.is_none_or(|confirmed| !confirmed.is_valid())
        });
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Shared {
    fn valid(&self) -> Option<Primary> {
        self.lock().filter(Confirmed::is_valid).map(|confirmed| confirmed.primary)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Confirmed>> {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Confirmed {
    fn is_valid(&self) -> bool {
        self.sent.elapsed() < VALID_FOR
    }
}

fn expired() -> StoreError {
    StoreError::Unavailable(format!(
        "no standby has confirmed a change within {}, so another server may be the primary now",
        humantime::format_duration(VALID_FOR)
    ))
}
