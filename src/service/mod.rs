//! The state and background work that the API, the admin pages, and the docs share: limits, usage
//! statistics, threads for slow reads, and scheduled backups.

pub(crate) mod access_log;
pub(crate) mod auth_limits;
pub(crate) mod backups;
pub(crate) mod bounded_map;
pub(crate) mod client_networks;
pub(crate) mod clock_skew;
pub mod demo_mode;
pub(crate) mod erasure;
pub(crate) mod health;
pub(crate) mod key_usage;
pub(crate) mod leadership;
pub(crate) mod metrics;
pub(crate) mod rate_limits;
pub(crate) mod read_threads;
pub(crate) mod reads;
pub(crate) mod retention;
pub(crate) mod shared_counts;
pub(crate) mod sliding_window;
pub mod test_control;
pub(crate) mod traffic;
pub(crate) mod webhooks;

use std::sync::{Arc, OnceLock};

use actix_web::http::header::HeaderMap;
use tokio::sync::Notify;

use self::auth_limits::secret_kinds::AuthLimits;
use self::backups::schedule::BackupSchedule;
use self::clock_skew::ClockSkewMonitor;
use self::demo_mode::DemoMode;
use self::erasure::Erasures;
use self::health::probe::Probes;
use self::key_usage::KeyUsage;
use self::leadership::Leadership;
use self::metrics::Metrics;
use self::rate_limits::KeyRateLimits;
use self::read_threads::ReadThreads;
use self::reads::RemoteLookups;
use self::test_control::TestControl;
use self::traffic::Traffic;
use crate::http::client_address;
use crate::http::peer::Peer;
use crate::http::untrusted_proxies::UntrustedProxies;
use crate::model::client_address::ClientAddress;
use crate::model::clock::{Clock, SystemClock};
use crate::model::key::KeyId;
use crate::model::values::slug::Slug;
use crate::settings::Settings;
use crate::store::Store;

/// The maximum number of lists, and of reads of the admin pages, that wait for a thread.
const MAX_WAITING: usize = 64;

/// The state that all requests of a server share.
pub struct Service {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) rate_limits: KeyRateLimits,
    pub(crate) key_usage: KeyUsage,
    pub(crate) traffic: Traffic,
    pub(crate) metrics: Metrics,
    /// `None` if the threads that need lookups do them, which is faster in a local file.
    remote_lookups: Option<RemoteLookups>,
    /// For lists of the API.
    pub(crate) list_threads: ReadThreads,
    /// For all reads of the admin pages.
    pub(crate) page_threads: ReadThreads,
    auth_limits: AuthLimits,
    pub(crate) untrusted_proxies: UntrustedProxies,
    /// `None` if scheduled backups are off.
    pub(crate) backups: Option<BackupSchedule>,
    pub(crate) clock_skew: ClockSkewMonitor,
    /// Whether this server does what only one server on a database may do.
    pub(crate) leadership: Leadership,
    /// The checks of the deep health check.
    pub(crate) probes: Probes,
    /// Notify it after a reset or a restore of a workspace, which leave rows to be removed.
    pub(crate) discarded: Notify,
    pub(crate) erasures: Erasures,
    /// `None` unless the server was started with test control. Its clock must be the store's.
    pub test_control: Option<Arc<TestControl>>,
    /// Empty unless the server is a demo.
    demo: OnceLock<DemoMode>,
}

impl Service {
    pub fn new(settings: Settings, store: Store) -> Self {
        Self {
            rate_limits: KeyRateLimits::new(settings.rate_limits.clone(), !store.is_local()),
            key_usage: KeyUsage::default(),
            traffic: Traffic::new(store.clock().now(), store.clock().monotonic()),
            metrics: Metrics::new(SystemClock.now()),
            remote_lookups: (!store.is_local()).then(|| RemoteLookups::start(&settings)),
            list_threads: ReadThreads::start(
                "lists",
                settings.list_threads(),
                MAX_WAITING,
                settings.query_timeout,
            ),
            page_threads: ReadThreads::start(
                "pages",
                settings.page_threads(),
                MAX_WAITING,
                settings.query_timeout,
            ),
            auth_limits: AuthLimits::new(!store.is_local()),
            untrusted_proxies: UntrustedProxies::default(),
            backups: BackupSchedule::new(&settings.backup, &store),
            clock_skew: ClockSkewMonitor::default(),
            leadership: Leadership::new(store.files().is_none()),
            probes: Probes::default(),
            discarded: Notify::new(),
            erasures: Erasures::default(),
            test_control: None,
            demo: OnceLock::new(),
            store,
            settings,
        }
    }

    /// Returns the client's address (see [`client_address::client_address`]) and warns about a
    /// proxy that is missing in the settings.
    pub(crate) fn client_address(&self, peer: Peer, headers: &HeaderMap) -> ClientAddress {
        let trusted = &self.settings.trusted_proxies;
        self.untrusted_proxies.check(peer, headers, trusted);
        client_address::client_address(peer, headers, trusted)
    }

    /// Makes the server a demo. A reset leaves only this workspace and these keys in place. Call it
    /// before the server runs.
    pub fn start_demo(&self, workspace: Slug, keys: Vec<KeyId>) {
        self.demo.get_or_init(|| DemoMode::new(workspace, keys, self.store.clock()));
    }

    /// Returns `None` unless the server is a demo.
    pub fn demo(&self) -> Option<&DemoMode> {
        self.demo.get()
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn store(&self) -> &Store {
        &self.store
    }
}
