//! Decides on which thread a read runs that doesn't take long in a local file. Such reads run where
//! they are needed, also on web workers: handing them to another thread would take longer. If the
//! database is on another machine, they wait for a network, so threads that must not block hand
//! them over.

mod known_keys;

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, spawn_blocking};

use self::known_keys::KnownKeys;
use super::Service;
use super::read_threads::ReadThreads;
use crate::model::key::secret::Prefix;
use crate::settings::Settings;
use crate::store::{Credentials, Reader, Snapshot, StoreError};

/// How long a lookup may take, including the time that it waits for a thread. Apart from a database
/// that doesn't respond, nothing takes this long, so it isn't a setting.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Lookups in a database on another machine.
pub(super) struct RemoteLookups {
    threads: ReadThreads,
    known_keys: KnownKeys,
}

impl RemoteLookups {
    pub fn start(settings: &Settings) -> Self {
        // Each connection has at most one request in progress.
        let (count, waiting) = (settings.lookup_threads(), settings.connections.max);
        let threads = ReadThreads::start("lookups", count, waiting, LOOKUP_TIMEOUT);
        Self { threads, known_keys: KnownKeys::default() }
    }
}

impl Service {
    /// Returns the key with this prefix, revoked or not, as it is in the database now. Returns the
    /// snapshot, too, if it costs nothing to use it for the next lookup.
    pub(crate) async fn find_key(
        self: &Arc<Self>,
        prefix: &Prefix,
    ) -> Result<(Option<Arc<Credentials>>, Option<Snapshot>), StoreError> {
        let Some(RemoteLookups { threads, known_keys }) = &self.remote_lookups else {
            let snapshot = self.store.snapshot()?;
            return Ok((snapshot.credentials(prefix)?, Some(snapshot)));
        };
        let wanted = prefix.clone();
        let found = self.read_on(threads, move |reader| reader.credentials(&wanted)).await?;
        let found = found.map(Arc::new);
        known_keys.set(prefix.clone(), found.clone());
        Ok((found, None))
    }

    /// Returns the keys as they were last read, for [`Service::look_up_with`]. Returns `None` if it
    /// costs no more to read a key again.
    pub(crate) fn known_keys(&self) -> Option<&KnownKeys> {
        self.remote_lookups.as_ref().map(|remote| &remote.known_keys)
    }

    /// Runs a lookup, in `snapshot` if there is one.
    pub(crate) async fn look_up<T: Send + 'static>(
        self: &Arc<Self>,
        snapshot: Option<Snapshot>,
        lookup: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.remote_lookups {
            None => snapshot.map_or_else(|| self.store.snapshot(), Ok)?.read(lookup),
            Some(remote) => self.read_on(&remote.threads, lookup).await,
        }
    }

    /// Runs a lookup with a key that is known. Returns `None` if the key is no longer the same.
    pub(crate) async fn look_up_with<T: Send + 'static>(
        self: &Arc<Self>,
        known: Arc<Credentials>,
        lookup: impl FnOnce(&Reader<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        self.look_up(None, move |reader| reader.read_with(&known, lookup)).await
    }

    async fn read_on<T: Send + 'static>(
        self: &Arc<Self>,
        threads: &ReadThreads,
        read: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let service = Arc::clone(self);
        threads.run(move |limit| service.store.read_within(limit, read)).await?
    }

    /// Runs work that reads, for parts of the server that have a runtime of their own. If it panics,
    /// so does the caller.
    pub(crate) async fn run_reads<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        if self.store.is_local() {
            return work(self);
        }
        let service = Arc::clone(self);
        match spawn_blocking(move || work(&service)).await.map_err(JoinError::try_into_panic) {
            Ok(result) => result,
            // The panic hook has logged it.
            Err(Ok(panic)) => resume_unwind(panic),
            // The runtime is shutting down, and drops the caller next.
            Err(Err(_)) => pending().await,
        }
    }

    /// Returns how many reads were refused because too many were waiting for a thread.
    pub(crate) fn refused_reads(&self) -> u64 {
        let lookups = self.remote_lookups.as_ref().map_or(0, |remote| remote.threads.refused());
        lookups + self.list_threads.refused() + self.page_threads.refused()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use futures_util::FutureExt;

    use super::*;
    use crate::model::clock::SystemClock;
    use crate::model::key::Mode;
    use crate::settings::Settings;
    use crate::store::{DataDir, Store};

    fn service(is_local: bool) -> (tempfile::TempDir, Arc<Service>) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock));
        let store = store.unwrap();
        let store = if is_local { store } else { store.pretend_remote() };
        (dir, Arc::new(Service::new(Settings::default(), store)))
    }

    fn thread_of_a_read(_: &Reader<'_>) -> Result<Option<String>, StoreError> {
        Ok(std::thread::current().name().map(str::to_owned))
    }

    #[actix_web::test]
    async fn lookups_in_a_local_file_run_on_the_calling_thread() {
        let (_dir, service) = service(true);
        let here = std::thread::current().name().map(str::to_owned);
        assert_eq!(service.look_up(None, thread_of_a_read).await.unwrap(), here);
        let work = |service: &Service| service.store.read(thread_of_a_read);
        assert_eq!(service.run_reads(work).await.unwrap(), here);
        let (_, snapshot) = service.find_key(&Prefix::new(Mode::Live, "00000000")).await.unwrap();
        assert!(snapshot.is_some());
    }

    #[actix_web::test]
    async fn lookups_on_another_machine_run_on_threads_that_may_block() {
        let (_dir, service) = service(false);
        let thread = service.look_up(None, thread_of_a_read).await.unwrap();
        assert_eq!(thread.as_deref(), Some("lookups"));
        let work = |service: &Service| service.store.read(thread_of_a_read);
        service.run_reads(work).await.unwrap();
        let (_, snapshot) = service.find_key(&Prefix::new(Mode::Live, "00000000")).await.unwrap();
        assert!(snapshot.is_none(), "it belongs to the other thread");
        let here = catch_unwind(AssertUnwindSafe(|| service.store.read(thread_of_a_read)));
        assert!(here.is_err(), "it would block a web worker");
    }

    #[actix_web::test]
    async fn a_panic_while_reading_on_another_machine_reaches_the_caller() {
        let (_dir, service) = service(false);
        let looked_up = service.look_up(None, |_| -> Result<(), _> { panic!("on purpose") });
        assert!(matches!(looked_up.await, Err(StoreError::Internal(_))));
        let ran = AssertUnwindSafe(service.run_reads(|_| panic!("on purpose")));
        assert!(ran.catch_unwind().await.is_err());
    }
}
