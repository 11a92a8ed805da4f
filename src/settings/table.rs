//! The table of settings: the name, the allowed values, and the field of each.

use std::sync::LazyLock;

use toml::Value;

use super::database::optional_database;
use super::kinds::{
    DAY, Explain, HALF_DAY, HOUR, HUNDRED_MILLIS, Kind, MINUTE, SECOND, TEN_MILLIS, TEN_YEARS,
    addresses, automatic_boolean, boolean, bounded_duration, control_token, directory,
    encryption_keys, integer, integer_in, known_key, log_format, log_level, networks,
    optional_addresses, optional_age, optional_command, optional_directory, optional_file,
    optional_interval, optional_url, origins, retry_schedule,
};
use super::values::Settings;
use crate::model::key::Mode;

/// The prefix of environment variables.
pub(super) const PREFIX: &str = "PIVOTAL_";
/// The highest rate limit, in requests per minute.
const MAX_RATE: i64 = 1_000_000;

/// All settings, in the order of `config.toml`.
pub(super) static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    vec![
        setting("listen", addresses(), |s| &mut s.listen),
        setting("data_dir", directory(), |s| &mut s.data_dir),
        setting("database", optional_database(), |s| &mut s.database),
        setting("require_sync", automatic_boolean(), |s| &mut s.require_sync),
        setting("log", log_level(), |s| &mut s.log),
        setting("log_format", log_format(), |s| &mut s.log_format),
        setting("workers", integer(0..=256), |s| &mut s.workers),
        setting("shutdown_timeout", integer_in("seconds", 0..=3600), |s| &mut s.shutdown_timeout),
        setting("trusted_proxies", networks(), |s| &mut s.trusted_proxies),
        setting("public_url", optional_url(), |s| &mut s.public_url),
        setting("query_timeout", bounded_duration(TEN_MILLIS, HOUR, "5s"), |s| {
            &mut s.query_timeout
        }),
        setting("keep_alive", bounded_duration(SECOND, HOUR, "75s"), |s| &mut s.keep_alive),
        setting("postgres.connections", integer(4..=1000), |s| &mut s.postgres.connections),
        setting("connections.max", integer(16..=1_000_000), |s| &mut s.connections.max),
        setting("connections.per_address", integer(1..=1_000_000), |s| {
            &mut s.connections.per_address
        }),
        setting("connections.grace", bounded_duration(SECOND, HOUR, "10s"), |s| {
            &mut s.connections.grace
        }),
        setting("connections.min_rate", integer_in("bytes per second", 1..=1_000_000_000), |s| {
            &mut s.connections.min_rate
        }),
        setting("connections.stall_timeout", bounded_duration(SECOND, HOUR, "60s"), |s| {
            &mut s.connections.stall_timeout
        }),
        setting("tls.cert", optional_file(), |s| &mut s.tls.cert),
        setting("tls.key", optional_file(), |s| &mut s.tls.key),
        setting("cors.allowed_origins", origins(), |s| &mut s.cors.allowed_origins),
        setting("rate_limits.enabled", boolean(), |s| &mut s.rate_limits.enabled),
        setting("rate_limits.standard", integer(1..=MAX_RATE), |s| &mut s.rate_limits.standard),
        setting("rate_limits.test", integer(1..=MAX_RATE), |s| &mut s.rate_limits.test),
        setting("rate_limits.paid", integer(1..=MAX_RATE), |s| &mut s.rate_limits.paid),
        setting("backup.every", optional_interval(), |s| &mut s.backup.every),
        setting("backup.keep", integer(1..=10_000), |s| &mut s.backup.keep),
        setting("backup.dir", optional_directory(), |s| &mut s.backup.dir),
        setting("backup.after", optional_command(), |s| &mut s.backup.after),
        setting("backup.after_timeout", bounded_duration(SECOND, DAY, "1h"), |s| {
            &mut s.backup.after_timeout
        }),
        setting("admin.enabled", boolean(), |s| &mut s.admin.enabled),
        setting("admin.listen", optional_addresses("to share the API's addresses"), |s| {
            &mut s.admin.listen
        }),
        setting("admin.idle_timeout", bounded_duration(MINUTE, HALF_DAY, "30m"), |s| {
            &mut s.admin.idle_timeout
        }),
        setting("metrics.listen", optional_addresses("to turn metrics off"), |s| {
            &mut s.metrics.listen
        }),
        setting("webhooks.schedule", retry_schedule(), |s| &mut s.webhooks.schedule),
        setting("webhooks.timeout", bounded_duration(HUNDRED_MILLIS, MINUTE, "10s"), |s| {
            &mut s.webhooks.timeout
        }),
        setting("webhooks.disable_after", integer(1..=1_000_000), |s| {
            &mut s.webhooks.disable_after
        }),
        setting("webhooks.allow", networks(), |s| &mut s.webhooks.allow),
        setting("webhooks.allow_http", boolean(), |s| &mut s.webhooks.allow_http),
        setting("webhooks.concurrency", integer(1..=4096), |s| &mut s.webhooks.concurrency),
        setting("webhooks.retention", bounded_duration(MINUTE, TEN_YEARS, "90d"), |s| {
            &mut s.webhooks.retention
        }),
        setting("webhooks.encryption_key", encryption_keys(), |s| &mut s.webhooks.encryption_key),
        setting("retention.deleted", optional_age(), |s| &mut s.retention.deleted),
        setting("retention.events", optional_age(), |s| &mut s.retention.events),
        setting("test_control.enabled", boolean(), |s| &mut s.test_control.enabled),
        setting("test_control.token", control_token(), |s| &mut s.test_control.token),
        setting("bootstrap.live_key", known_key(Mode::Live), |s| &mut s.bootstrap.live_key),
        setting("bootstrap.test_key", known_key(Mode::Test), |s| &mut s.bootstrap.test_key),
    ]
});

/// Names that settings had before, with their present ones. The old ones keep working.
const RENAMED: &[(&str, &str)] = &[("connections.idle_timeout", "keep_alive")];

/// Returns the present name of a setting that was renamed. `spell` turns a name into what is
/// compared.
pub(super) fn renamed(name: &str, spell: fn(&str) -> String) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| spell(old) == name).map(|(_, new)| *new)
}

/// Returns the setting with this name or old name.
pub(super) fn find(name: &str, spell: fn(&str) -> String) -> Option<&'static Setting> {
    let new = renamed(name, spell);
    SETTINGS.iter().find(|setting| match new {
        Some(new) => setting.name == new,
        None => spell(setting.name) == name,
    })
}

pub(super) struct Setting {
    /// The name in the file, after its section and a dot.
    pub name: &'static str,
    /// The allowed values; completes the sentence "must be …".
    allowed: String,
    explain: Explain,
    apply: Apply,
    value: ReadValue,
}

type Apply = Box<dyn Fn(&mut Settings, &Value) -> Option<()> + Send + Sync>;
type ReadValue = Box<dyn Fn(&mut Settings) -> Value + Send + Sync>;

impl Setting {
    /// Sets a value. Returns `None` if it is not allowed.
    pub fn apply(&self, settings: &mut Settings, value: &Value) -> Option<()> {
        (self.apply)(settings, value)
    }

    /// Says what is wrong with a value that is not allowed. Follows the name of the setting.
    pub fn fault(&self, value: &Value) -> String {
        (self.explain)(value).unwrap_or_else(|| format!("must be {}", self.allowed))
    }

    /// Returns the value as it would be written in the file. The settings are borrowed mutably only
    /// because the table names each field once, for reading and writing.
    pub fn value_in(&self, settings: &mut Settings) -> Value {
        (self.value)(settings)
    }

    /// Returns the environment variable, such as `PIVOTAL_RATE_LIMITS_STANDARD`.
    pub fn variable(&self) -> String {
        variable(self.name)
    }
}

/// Returns the environment variable of a setting.
pub(super) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "_").to_uppercase())
}

fn setting<T: 'static>(
    name: &'static str,
    kind: Kind<T>,
    field: fn(&mut Settings) -> &mut T,
) -> Setting {
    let Kind { allowed, explain, parse, to_value } = kind;
    Setting {
        name,
        allowed,
        explain,
        apply: Box::new(move |settings, value| {
            *field(settings) = parse(value)?;
            Some(())
        }),
        value: Box::new(move |settings| to_value(field(settings))),
    }
}
