//! What a running server has beside its database, and what every request goes through, whether it
//! is for the API or for pages.

pub(crate) mod access_log;
mod attempts;
pub(crate) mod backup_schedule;
pub(crate) mod backups;
pub(crate) mod limits;
pub(crate) mod neighbors;
pub(crate) mod rate_limit;
pub(crate) mod read_threads;
pub(crate) mod row_dates;
pub(crate) mod secrets;
mod slow_hashing;
pub(crate) mod traffic;
pub(crate) mod turns;
pub(crate) mod usage;

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;

use self::backups::Backups;
use self::limits::Limits;
use self::read_threads::ReadThreads;
use self::row_dates::RowDates;
use self::secrets::Secrets;
use self::traffic::Traffic;
use self::usage::Usage;
use crate::http::address;
use crate::http::untrusted_proxies::UntrustedProxies;
use crate::settings::Settings;
use crate::store::Store;

/// What the requests of a server share.
pub struct Service {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) usage: Usage,
    pub(crate) traffic: Traffic,
    /// For lists of the API.
    pub(crate) list_threads: ReadThreads,
    /// For everything that the pages read.
    pub(crate) page_threads: ReadThreads,
    secrets: Secrets,
    pub(crate) untrusted_proxies: UntrustedProxies,
    /// Nothing when the settings ask for no backups.
    pub(crate) backups: Option<Backups>,
    pub(crate) row_dates: RowDates,
}

impl Service {
    /// The state of a server on this database.
    pub fn new(settings: Settings, store: Store) -> Self {
        Self {
            limits: Limits::new(settings.rate_limits.clone()),
            usage: Usage::default(),
            traffic: Traffic::new(store.clock().now(), store.clock().monotonic()),
            list_threads: ReadThreads::start(
                "lists",
                settings.list_threads(),
                settings.query_timeout,
            ),
            page_threads: ReadThreads::start(
                "pages",
                settings.page_threads(),
                settings.query_timeout,
            ),
            secrets: Secrets::new(),
            untrusted_proxies: UntrustedProxies::default(),
            backups: Backups::new(&settings.backup, &store),
            row_dates: RowDates::default(),
            store,
            settings,
        }
    }

    /// The address of the client, see [`address::client_address`]. Warns about a proxy that the
    /// settings don't name.
    pub(crate) fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let trusted = &self.settings.trusted_proxies;
        self.untrusted_proxies.check(peer, headers, trusted);
        address::client_address(peer, headers, trusted)
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.store
    }
}
