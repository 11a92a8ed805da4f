//! The settings of connections and sessions.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, TargetSessionAttrs};

use crate::model::database_url::{self, DatabaseHost, DatabaseUrl, Tls};

pub(in crate::store) const APPLICATION_NAME: &str = "pivotal-server";
/// How long to wait for a host that doesn't answer.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After this time without an acknowledgment, the other machine is gone. Without a limit, Linux
/// tries for 15 minutes.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// Probes find out while a statement waits for its result. A lost machine is noticed after
/// [`LOST_AFTER`].
const PROBE_AFTER: Duration = Duration::from_secs(4);
const PROBE_INTERVAL: Duration = Duration::from_secs(2);
const PROBES: u32 = 3;
/// A process that stops in the middle of a change must not keep its locks.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(30);
/// How much longer than a statement may run its response may take.
const GRACE: Duration = Duration::from_secs(2);

/// Limits of a session on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Session {
    /// How long a statement may run. Zero is unlimited.
    statement_timeout: Duration,
    /// How long a statement waits for a lock. Zero is unlimited.
    lock_timeout: Duration,
    /// How long a transaction may wait for its next statement. Zero is unlimited.
    idle_in_transaction: Duration,
}

impl Session {
    /// A session that reads. A statement fails after `limit`.
    pub fn reader(limit: Duration) -> Self {
        Self {
            statement_timeout: limit,
            lock_timeout: limit,
            idle_in_transaction: IDLE_IN_TRANSACTION,
        }
    }

    /// A session that writes. Waits for locks of other servers for at most `lock_timeout`.
    pub fn writer(lock_timeout: Duration) -> Self {
        Self {
            statement_timeout: Duration::ZERO,
            lock_timeout,
            idle_in_transaction: IDLE_IN_TRANSACTION,
        }
    }

    /// A session of a command or a background task, without limits.
    pub fn unlimited() -> Self {
        Self {
            statement_timeout: Duration::ZERO,
            lock_timeout: Duration::ZERO,
            idle_in_transaction: Duration::ZERO,
        }
    }

    /// How long a response may take until the server is taken for lost. `None` is as long as it accepts
    /// other connections.
    pub(super) fn reply_limit(self) -> Option<Duration> {
        (!self.statement_timeout.is_zero()).then(|| self.statement_timeout.saturating_add(GRACE))
    }

    /// Returns the command-line options of the session. They override the settings of the role and
    /// of the database, and the options of the URL, because the store depends on them.
    fn options(self, url: &DatabaseUrl) -> String {
        let limits = [
            ("statement_timeout", self.statement_timeout),
            ("lock_timeout", self.lock_timeout),
            ("idle_in_transaction_session_timeout", self.idle_in_transaction),
        ];
        let limits = limits.map(|(name, limit)| format!("-c {name}={}", limit.as_millis()));
        // Warnings must arrive, because one of them means that a commit may get lost. Statements
        // are short, so compiling them would take longer than running them.
        let fixed = "-c client_min_messages=warning -c standard_conforming_strings=on -c jit=off \
                     -c default_transaction_isolation=read\\ committed";
        [url.options().unwrap_or_default(), fixed, &limits.join(" ")].join(" ").trim().to_owned()
    }
}

/// Returns how to connect to one host of the URL.
pub(super) fn config(url: &DatabaseUrl, host: &DatabaseHost, session: Session) -> Config {
    let mut config = Config::new();
    match host {
        DatabaseHost::Tcp { name, port } => config.host(name).port(*port),
        DatabaseHost::Socket { dir, port } => socket(&mut config, dir).port(*port),
    };
    if let Some(user) = url.user() {
        config.user(user);
    }
    if let Some(password) = url.secret_password() {
        config.password(password);
    }
    config
        .dbname(url.name())
        .application_name(url.application_name().unwrap_or(APPLICATION_NAME))
        .options(session.options(url))
        .connect_timeout(url.connect_timeout().unwrap_or(CONNECT_TIMEOUT))
        .tcp_user_timeout(LOST_AFTER)
        .keepalives(true)
        .keepalives_idle(PROBE_AFTER)
        .keepalives_interval(PROBE_INTERVAL)
        .keepalives_retries(PROBES)
        // After a failover, the former primary may be back as a standby.
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .ssl_mode(ssl_mode(url.tls(), host))
        .channel_binding(match url.channel_binding() {
            database_url::ChannelBinding::Disable => ChannelBinding::Disable,
            database_url::ChannelBinding::Prefer => ChannelBinding::Prefer,
            database_url::ChannelBinding::Require => ChannelBinding::Require,
        });
    config
}

fn ssl_mode(tls: &Tls, host: &DatabaseHost) -> SslMode {
    match (host, tls) {
        (DatabaseHost::Socket { .. }, _) | (_, Tls::Disable) => SslMode::Disable,
        (_, Tls::Prefer) => SslMode::Prefer,
        (_, Tls::Require | Tls::VerifyCa(_) | Tls::VerifyFull(_)) => SslMode::Require,
    }
}

#[cfg(unix)]
fn socket<'c>(config: &'c mut Config, dir: &std::path::Path) -> &'c mut Config {
    config.host_path(dir)
}

/// There are no Unix sockets here, so no host is found.
#[cfg(not(unix))]
fn socket<'c>(config: &'c mut Config, dir: &std::path::Path) -> &'c mut Config {
    config.host(&dir.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_of(text: &str, session: Session) -> Config {
        let url: DatabaseUrl = text.parse().unwrap();
        config(&url, &url.hosts()[0], session)
    }

    #[test]
    fn options_that_the_store_depends_on_come_last() {
        let url = "postgres://h/x?options=-c%20search_path%3Dcrm%20-c%20jit%3Don";
        let config = config_of(url, Session::reader(Duration::from_secs(3)));
        let options = config.get_options().unwrap();
        assert!(options.starts_with("-c search_path=crm -c jit=on "), "{options}");
        for setting in ["jit=off", "statement_timeout=3000", "client_min_messages=warning"] {
            assert!(options.contains(&format!(" -c {setting} ")), "{options}");
        }
    }

    #[test]
    fn a_lost_machine_is_noticed_and_a_standby_refused() {
        let config = config_of("postgres://h/x", Session::unlimited());
        assert_eq!(config.get_connect_timeout(), Some(&CONNECT_TIMEOUT));
        assert_eq!(config.get_tcp_user_timeout(), Some(&LOST_AFTER));
        assert!(config.get_keepalives() && config.get_keepalives_idle() < LOST_AFTER);
        assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
        assert_eq!(config.get_application_name(), Some(APPLICATION_NAME));
    }

    #[test]
    fn a_socket_needs_no_tls() {
        let mode = |text: &str| config_of(text, Session::unlimited()).get_ssl_mode();
        assert_eq!(mode("postgres://h/x?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://h/x"), SslMode::Prefer);
        assert_eq!(mode("postgres:///x?host=/run&sslmode=verify-full"), SslMode::Disable);
    }
}
