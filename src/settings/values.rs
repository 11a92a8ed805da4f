//! The settings and their defaults.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use log::LevelFilter;

use super::command::CommandLine;
use super::listen::{ListenAddress, ListenAddresses};
use super::tls::Tls;
use crate::model::database_url::DatabaseUrl;
use crate::model::key::known::KnownKey;
use crate::model::test_control::token::ControlToken;
use crate::model::web::origin::AllowedOrigins;
use crate::model::web::public_url::PublicUrl;
use crate::model::webhook::encryption::Keyring;
use crate::model::webhook::policy::DestinationPolicy;
use crate::model::webhook::schedule::RetrySchedule;

/// See `config.toml` for what each setting means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub listen: ListenAddresses,
    pub data_dir: PathBuf,
    /// `None` means the SQLite file in `data_dir`.
    pub database: Option<DatabaseUrl>,
    /// `None` means that `database` decides. See [`Settings::requires_sync`].
    pub require_sync: Option<bool>,
    pub log: LevelFilter,
    pub log_format: LogFormat,
    /// Threads that handle requests; 0 means one per core.
    pub workers: usize,
    /// In seconds.
    pub shutdown_timeout: u64,
    /// Proxies whose forwarding headers are trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Where clients reach `listen`; `None` means that requests say so.
    pub public_url: Option<PublicUrl>,
    pub query_timeout: Duration,
    /// How long a connection can stay open between two requests.
    pub keep_alive: Duration,
    pub postgres: Postgres,
    pub connections: Connections,
    pub tls: Tls,
    pub cors: Cors,
    pub rate_limits: RateLimits,
    pub backup: Backups,
    pub admin: Admin,
    pub metrics: Metrics,
    pub webhooks: Webhooks,
    pub retention: Retention,
    pub test_control: TestControl,
    pub bootstrap: Bootstrap,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    /// One JSON object per line.
    Json,
}

/// The keys of a first start. Without any, two random ones are created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bootstrap {
    pub live_key: Option<KnownKey>,
    pub test_key: Option<KnownKey>,
}

/// How webhooks are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhooks {
    /// The delays before each attempt.
    pub schedule: RetrySchedule,
    /// How long one attempt can take, from the lookup of the name to the end of the response.
    pub timeout: Duration,
    /// Failed deliveries in a row after which an endpoint is disabled.
    pub disable_after: u32,
    /// Private networks and loopback addresses that requests may go to.
    pub allow: Vec<IpNet>,
    /// Whether plain HTTP may leave this machine.
    pub allow_http: bool,
    /// Attempts at the same time.
    pub concurrency: usize,
    /// How long the delivery log keeps a delivery.
    pub retention: Duration,
    /// The keys that encrypt signing secrets; the first is for new ones.
    pub encryption_key: Keyring,
}

/// How long data is kept. `None` means forever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Records, after they were deleted.
    pub deleted: Option<Duration>,
    pub events: Option<Duration>,
}

/// How PostgreSQL is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// Connections to it in total.
    pub connections: u32,
}

/// Limits on connections. They apply to every client, with a key or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open connections in total. Fewer if the process can't open that many files.
    pub max: usize,
    /// Open connections per client address.
    pub per_address: usize,
    /// The time for headers, and the time that a body or response gets in addition to what it takes
    /// at `min_rate`.
    pub grace: Duration,
    /// In bytes per second.
    pub min_rate: u64,
    /// How long a body or a response can go without any progress.
    pub stall_timeout: Duration,
}

/// Cross-origin requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    /// The origins of pages that can call the API.
    pub allowed_origins: AllowedOrigins,
}

/// Requests per key in any 60 seconds, by tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimits {
    pub enabled: bool,
    /// For live keys in the `standard` tier.
    pub standard: u32,
    /// For test keys in the `standard` tier.
    pub test: u32,
    /// For keys in the `paid` tier.
    pub paid: u32,
}

/// Scheduled backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    /// `None` means no scheduled backups.
    pub every: Option<Duration>,
    pub keep: usize,
    /// `None` means `backups` in the data directory.
    pub dir: Option<PathBuf>,
    /// The command that is given each backup.
    pub after: Option<CommandLine>,
    /// How long it can take.
    pub after_timeout: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    pub enabled: bool,
    /// `None` means that they share the API's addresses.
    pub listen: Option<ListenAddresses>,
    pub idle_timeout: Duration,
}

/// The metrics for Prometheus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// `None` means that they aren't served.
    pub listen: Option<ListenAddresses>,
}

/// The routes under `/_test`, for test suites.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestControl {
    pub enabled: bool,
    /// `None` means that only this machine can use the routes.
    pub token: Option<ControlToken>,
}

impl Settings {
    /// The number of threads that handle requests.
    pub fn worker_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        if self.workers == 0 { cores() } else { self.workers }
    }

    /// The number of threads that do lookups in a database on another machine. They mostly wait for
    /// it, so there are more of them than cores.
    pub fn lookup_threads(&self) -> usize {
        (2 * self.worker_threads()).clamp(8, 32)
    }

    /// The number of threads that read lists for the API. Lists are CPU-bound, so more threads than
    /// cores would only slow down the workers.
    pub fn list_threads(&self) -> usize {
        self.worker_threads().max(2)
    }

    /// Returns whether a write on PostgreSQL is only acknowledged once it is on two machines. Several
    /// hosts are for surviving the loss of one.
    pub fn requires_sync(&self) -> bool {
        let has_several_hosts =
            || self.database.as_ref().is_some_and(DatabaseUrl::has_several_hosts);
        self.require_sync.unwrap_or_else(has_several_hosts)
    }

    /// Returns the command that makes a backup of a database on PostgreSQL; `None` on SQLite, where the
    /// server can do that.
    pub fn backup_command(&self) -> Option<String> {
        self.database.as_ref().map(|url| url.backup_command("pivotal.dump"))
    }

    /// Where webhooks may be sent.
    pub fn destinations(&self) -> DestinationPolicy {
        let pages = self.admin.listen.as_ref().filter(|_| self.admin.enabled);
        DestinationPolicy {
            allow: self.webhooks.allow.clone(),
            allow_http: self.webhooks.allow_http,
            listens_on_loopback: self.listen.first_exposed().is_none()
                && pages.is_none_or(|addresses| addresses.first_exposed().is_none()),
        }
    }

    /// The number of threads that read for the admin pages.
    pub fn page_threads(&self) -> usize {
        2
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: ListenAddress::Ip((Ipv4Addr::LOCALHOST, 8080).into()).into(),
            data_dir: PathBuf::from("./data"),
            database: None,
            require_sync: None,
            log: LevelFilter::Info,
            log_format: LogFormat::Text,
            workers: 0,
            shutdown_timeout: 30,
            trusted_proxies: Vec::new(),
            public_url: None,
            query_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(75),
            postgres: Postgres { connections: 16 },
            connections: Connections {
                max: 4096,
                per_address: 256,
                grace: Duration::from_secs(10),
                min_rate: 1024,
                stall_timeout: Duration::from_secs(60),
            },
            tls: Tls::default(),
            cors: Cors::default(),
            rate_limits: RateLimits { enabled: true, standard: 60, test: 30, paid: 600 },
            backup: Backups {
                every: None,
                keep: 7,
                dir: None,
                after: None,
                after_timeout: Duration::from_secs(60 * 60),
            },
            admin: Admin {
                enabled: true,
                listen: None,
                idle_timeout: Duration::from_secs(30 * 60),
            },
            metrics: Metrics::default(),
            webhooks: Webhooks {
                schedule: RetrySchedule::default(),
                timeout: Duration::from_secs(10),
                disable_after: 100,
                allow: Vec::new(),
                allow_http: false,
                concurrency: 256,
                retention: Duration::from_secs(90 * 24 * 60 * 60),
                encryption_key: Keyring::default(),
            },
            retention: Retention::default(),
            test_control: TestControl::default(),
            bootstrap: Bootstrap::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_can_use_loopback_while_every_address_is_loopback() {
        let addresses = |texts: &[&str]| {
            let parsed = texts.iter().map(|text| text.parse().unwrap()).collect();
            ListenAddresses::new(parsed)
        };
        let allows = |listen: &[&str], admin: Option<&[&str]>| {
            let listen = addresses(listen).unwrap();
            let mut settings = Settings { listen, ..Settings::default() };
            settings.admin.listen = admin.and_then(addresses);
            settings.destinations().listens_on_loopback
        };
        assert!(allows(&["127.0.0.1:1", "localhost:1", "[::1]:1"], None));
        assert!(!allows(&["127.0.0.1:1", ":2"], None));
        assert!(!allows(&["127.0.0.1:1"], Some(&["127.0.0.1:2", "192.0.2.1:2"])));
        #[cfg(unix)]
        assert!(allows(&["unix:/run/a.sock"], Some(&["unix:/run/b.sock", "[::1]:1"])));
    }
}
