//! Limits how many host names are looked up at the same time. A lookup by the operating system
//! occupies a thread, can't be interrupted, and may hang for longer than an attempt takes, so names
//! that hang must leave threads for those that don't.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::resolver::HostLookup;

/// The share of all lookups that names can use which didn't resolve the last time.
const UNPROVEN_SHARE: (usize, usize) = (3, 4);
/// The maximum number of names to remember.
const MAX_PROVEN: usize = 10_000;

type Addresses = Result<Vec<IpAddr>, Arc<io::Error>>;

/// A resolver that runs at most one lookup per name, and a limited number in total.
#[derive(Clone)]
pub(super) struct LimitedLookup {
    inner: Arc<dyn HostLookup>,
    all: Arc<Semaphore>,
    unproven: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The names that resolved the last time.
    proven: HashSet<String>,
    running: HashMap<String, Shared<BoxFuture<'static, Addresses>>>,
}

/// Keeps a place until the lookup has ended, even if nobody waits for it anymore.
struct Place {
    _all: OwnedSemaphorePermit,
    _unproven: Option<OwnedSemaphorePermit>,
}

impl LimitedLookup {
    pub fn new(inner: Arc<dyn HostLookup>, limit: usize) -> Self {
        let (part, whole) = UNPROVEN_SHARE;
        Self {
            inner,
            all: Arc::new(Semaphore::new(limit)),
            unproven: Arc::new(Semaphore::new((limit * part / whole).max(1))),
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn addresses(self, host: String) -> io::Result<Vec<IpAddr>> {
        let running = self.state().running.get(&host).cloned();
        let lookup = match running {
            Some(running) => running,
            None => {
                let place = self.place(&host).await?;
                self.start(host, place)
            }
        };
        lookup.await.map_err(|error| io::Error::new(error.kind(), error.to_string()))
    }

    async fn place(&self, host: &str) -> io::Result<Place> {
        let acquire = |semaphore: &Arc<Semaphore>| {
            Arc::clone(semaphore).acquire_owned().map(|place| place.map_err(io::Error::other))
        };
        let is_proven = self.state().proven.contains(host);
        // In this order: what waits for the first place must not occupy the second.
        let unproven = if is_proven { None } else { Some(acquire(&self.unproven).await?) };
        Ok(Place { _all: acquire(&self.all).await?, _unproven: unproven })
    }

    /// Starts a lookup, unless the same name is being looked up since the caller checked.
    fn start(&self, host: String, place: Place) -> Shared<BoxFuture<'static, Addresses>> {
        let mut state = self.state();
        if let Some(running) = state.running.get(&host) {
            return running.clone();
        }
        let (this, name) = (self.clone(), host.clone());
        let task = tokio::spawn(async move {
            let lookup = AssertUnwindSafe(this.inner.lookup(name.clone())).catch_unwind();
            // A lookup that panics must not stay in `running`.
            let found = lookup.await.unwrap_or_else(|_| Err(io::Error::other("internal error")));
            let mut state = this.state();
            state.running.remove(&name);
            if state.proven.len() >= MAX_PROVEN {
                state.proven.clear();
            }
            if found.is_ok() {
                state.proven.insert(name);
            } else {
                state.proven.remove(&name);
            }
            drop((state, place));
            found.map_err(Arc::new)
        });
        let ended = task.map(|ended| ended.unwrap_or_else(|error| Err(Arc::new(error.into()))));
        let lookup = ended.boxed().shared();
        state.running.insert(host, lookup.clone());
        lookup
    }
}

impl HostLookup for LimitedLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(self.clone().addresses(host))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    /// Names that begin with `slow` take until they are released; `unknown` doesn't resolve.
    #[derive(Default)]
    struct FakeLookup {
        count: AtomicUsize,
        release: Arc<Notify>,
    }

    impl HostLookup for FakeLookup {
        fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            self.count.fetch_add(1, Ordering::SeqCst);
            let release = Arc::clone(&self.release);
            Box::pin(async move {
                if host.starts_with("slow") {
                    release.notified().await;
                }
                if host.starts_with("unknown") {
                    return Err(io::Error::other("no such name"));
                }
                Ok(vec![IpAddr::from([1, 1, 1, 1])])
            })
        }
    }

    fn limited(limit: usize) -> (Arc<FakeLookup>, LimitedLookup) {
        let fake = Arc::<FakeLookup>::default();
        (Arc::clone(&fake), LimitedLookup::new(fake, limit))
    }

    /// Starts a lookup whose caller gives up after a moment.
    async fn abandon(lookup: &LimitedLookup, host: &str) {
        let moment = std::time::Duration::from_secs(10);
        assert!(tokio::time::timeout(moment, lookup.lookup(host.to_owned())).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_hang_leave_places_for_names_that_resolved() {
        let (fake, lookup) = limited(4);
        lookup.lookup("good".to_owned()).await.unwrap();
        for n in 0..10 {
            abandon(&lookup, &format!("slow-{n}")).await;
        }
        assert_eq!(fake.count.load(Ordering::SeqCst), 1 + 3);
        lookup.lookup("good".to_owned()).await.unwrap();
        abandon(&lookup, "new").await;
        fake.release.notify_waiters();
        lookup.lookup("new".to_owned()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_has_one_lookup_at_a_time_whose_result_all_callers_get() {
        let (fake, lookup) = limited(4);
        abandon(&lookup, "slow").await;
        let second = tokio::spawn(lookup.lookup("slow".to_owned()));
        let third = tokio::spawn(lookup.lookup("slow".to_owned()));
        abandon(&lookup, "slow").await;
        assert_eq!(fake.count.load(Ordering::SeqCst), 1);
        fake.release.notify_waiters();
        for caller in [second, third] {
            assert_eq!(caller.await.unwrap().unwrap(), [IpAddr::from([1, 1, 1, 1])]);
        }
        fake.release.notify_one();
        lookup.lookup("slow".to_owned()).await.unwrap();
        assert_eq!(fake.count.load(Ordering::SeqCst), 2, "a result isn't kept");
    }

    #[tokio::test]
    async fn a_name_that_no_longer_resolves_loses_its_preference_and_keeps_its_error() {
        let (_, lookup) = limited(4);
        lookup.state().proven.insert("unknown".to_owned());
        let error = lookup.lookup("unknown".to_owned()).await.unwrap_err();
        assert_eq!(error.to_string(), "no such name");
        assert!(lookup.state().proven.is_empty());
    }
}
