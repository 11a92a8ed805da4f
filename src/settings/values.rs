//! Every setting with its default.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use log::LevelFilter;

/// How a server runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The address that is listened on.
    pub listen: SocketAddr,
    /// Where the database lies.
    pub data_dir: PathBuf,
    /// Which messages are logged.
    pub log: LevelFilter,
    /// Threads that answer requests; 0 means one for each core.
    pub workers: usize,
    /// Seconds that requests have to finish when the server stops.
    pub shutdown_timeout: u64,
    /// Proxies whose word on the client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a read for a request may take.
    pub query_timeout: Duration,
    /// How many connections there may be, and how slow they may be.
    pub connections: Connections,
    /// How many requests keys may make.
    pub rate_limits: RateLimits,
    /// Which backups the server takes by itself.
    pub backup: Backups,
    /// The pages for people.
    pub admin: Admin,
}

/// Limits of connections, which hold for everybody, with a key or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open connections of the whole server. There are fewer when the process may not open as many
    /// files.
    pub max: usize,
    /// Open connections of one address.
    pub per_address: usize,
    /// How long a connection may stay open between two requests.
    pub idle_timeout: Duration,
    /// How long headers may take, and how much longer than at `min_rate` a body and a response.
    pub grace: Duration,
    /// Bytes per second.
    pub min_rate: u64,
    /// How long a body or a response may make no progress at all.
    pub stall_timeout: Duration,
}

/// Requests that a key may make in any minute, by its tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimits {
    /// Whether requests are counted at all.
    pub enabled: bool,
    /// For live keys of the tier `standard`.
    pub standard: u32,
    /// For test keys of the tier `standard`.
    pub test: u32,
    /// For keys of the tier `paid`.
    pub paid: u32,
}

/// Backups that the server takes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    /// The time from one to the next; none are taken without it.
    pub every: Option<Duration>,
    /// How many are kept.
    pub keep: usize,
    /// Where they lie, if not in `backups` in the data directory.
    pub dir: Option<PathBuf>,
}

/// The admin pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Whether there are any.
    pub enabled: bool,
    /// The address that they have for themselves, if it is not the API's.
    pub listen: Option<SocketAddr>,
    /// How long a session lasts without a request.
    pub idle_timeout: Duration,
}

impl Settings {
    /// Threads that answer requests: as many as asked for, or one for each core.
    pub fn worker_threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        if self.workers == 0 { cores() } else { self.workers }
    }

    /// Threads that read lists of the API. They do little but compute, so more than cores would
    /// only take time from those that answer.
    pub fn list_threads(&self) -> usize {
        self.worker_threads().max(2)
    }

    /// Threads that read for the pages.
    pub fn page_threads(&self) -> usize {
        2
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            data_dir: PathBuf::from("./data"),
            log: LevelFilter::Info,
            workers: 0,
            shutdown_timeout: 30,
            trusted_proxies: Vec::new(),
            query_timeout: Duration::from_secs(5),
            connections: Connections {
                max: 4096,
                per_address: 256,
                idle_timeout: Duration::from_secs(30),
                grace: Duration::from_secs(10),
                min_rate: 1024,
                stall_timeout: Duration::from_secs(60),
            },
            rate_limits: RateLimits { enabled: true, standard: 60, test: 30, paid: 600 },
            backup: Backups { every: None, keep: 7, dir: None },
            admin: Admin {
                enabled: true,
                listen: None,
                idle_timeout: Duration::from_secs(30 * 60),
            },
        }
    }
}
