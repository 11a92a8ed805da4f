//! The table of settings: the name, the allowed values, and the field of each.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use ipnet::IpNet;
use log::LevelFilter;
use toml::Value;

use super::command::CommandLine;
use super::listen::{self, ListenAddresses};
use super::values::{LogFormat, Settings};
use crate::model::key::Mode;
use crate::model::key::known::KnownKey;
use crate::model::test_control::token::ControlToken;
use crate::model::web::origin::AllowedOrigins;
use crate::model::web::public_url::PublicUrl;
use crate::model::webhook::encryption::{EncryptionKey, Keyring};
use crate::model::webhook::schedule::RetrySchedule;

/// The prefix of environment variables.
pub(super) const PREFIX: &str = "PIVOTAL_";
/// Printed in place of a secret.
const HIDDEN: &str = "(hidden)";
/// The longest delay of a retry schedule.
const MAX_DELAY: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The highest rate limit, in requests per minute.
const MAX_RATE: i64 = 1_000_000;

/// All settings, in the order of `config.toml`.
pub(super) static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    vec![
        setting("listen", addresses(), |s| &mut s.listen),
        setting("data_dir", directory(), |s| &mut s.data_dir),
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
    pub allowed: String,
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
    let Kind { allowed, parse, to_value } = kind;
    Setting {
        name,
        allowed,
        apply: Box::new(move |settings, value| {
            *field(settings) = parse(value)?;
            Some(())
        }),
        value: Box::new(move |settings| to_value(field(settings))),
    }
}

/// The type of a setting. Environment variables are text, so `parse` also accepts every value as
/// text.
struct Kind<T> {
    allowed: String,
    parse: Parse<T>,
    to_value: fn(&T) -> Value,
}

type Parse<T> = Box<dyn Fn(&Value) -> Option<T> + Send + Sync>;

impl<T> Kind<T> {
    fn new(
        allowed: impl Into<String>,
        parse: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
        to_value: fn(&T) -> Value,
    ) -> Self {
        Self { allowed: allowed.into(), parse: Box::new(parse), to_value }
    }
}

/// A bound of a duration, and how messages write it.
type Bound = (&'static str, Duration);

const TEN_MILLIS: Bound = ("10ms", Duration::from_millis(10));
const HUNDRED_MILLIS: Bound = ("100ms", Duration::from_millis(100));
const SECOND: Bound = ("1s", Duration::from_secs(1));
const MINUTE: Bound = ("1m", Duration::from_secs(60));
const HOUR: Bound = ("1h", Duration::from_secs(60 * 60));
const HALF_DAY: Bound = ("12h", Duration::from_secs(12 * 60 * 60));
const DAY: Bound = ("1 day", Duration::from_secs(24 * 60 * 60));
const YEAR: Bound = ("366 days", Duration::from_secs(366 * 24 * 60 * 60));
const TEN_YEARS: Bound = ("3653 days", Duration::from_secs(3653 * 24 * 60 * 60));

fn integer<T: TryFrom<i64> + TryInto<i64> + Copy>(range: RangeInclusive<i64>) -> Kind<T> {
    bounded_integer("a whole number", range)
}

fn integer_in<T>(unit: &str, range: RangeInclusive<i64>) -> Kind<T>
where
    T: TryFrom<i64> + TryInto<i64> + Copy,
{
    bounded_integer(&format!("a whole number of {unit}"), range)
}

fn bounded_integer<T>(what: &str, range: RangeInclusive<i64>) -> Kind<T>
where
    T: TryFrom<i64> + TryInto<i64> + Copy,
{
    let allowed = format!("{what} from {} to {}", range.start(), range.end());
    let parse = move |value: &Value| {
        let number = match value {
            Value::String(text) => text.trim().parse().ok()?,
            other => other.as_integer()?,
        };
        range.contains(&number).then(|| T::try_from(number).ok())?
    };
    // All bounds fit the integers of TOML.
    Kind::new(allowed, parse, |&number| Value::Integer(number.try_into().unwrap_or(i64::MAX)))
}

fn bounded_duration(min: Bound, max: Bound, example: &str) -> Kind<Duration> {
    let allowed = format!("a duration from {} to {}, such as \"{example}\"", min.0, max.0);
    Kind::new(allowed, move |value| parse_duration(value.as_str()?, min, max), duration_value)
}

fn parse_duration(text: &str, min: Bound, max: Bound) -> Option<Duration> {
    let time = humantime::parse_duration(text.trim()).ok()?;
    (min.1..=max.1).contains(&time).then_some(time)
}

fn optional_interval() -> Kind<Option<Duration>> {
    optional_duration(SECOND, YEAR, "\"24h\" or \"30m\"")
}

fn optional_age() -> Kind<Option<Duration>> {
    optional_duration(DAY, TEN_YEARS, "\"90d\" or \"2y\"")
}

fn optional_duration(min: Bound, max: Bound, examples: &str) -> Kind<Option<Duration>> {
    let parse = move |value: &Value| match value.as_str()?.trim() {
        "off" => Some(None),
        time => parse_duration(time, min, max).map(Some),
    };
    let allowed = format!("\"off\", or a duration from {} to {}, such as {examples}", min.0, max.0);
    Kind::new(allowed, parse, |time| time.as_ref().map_or_else(|| "off".into(), duration_value))
}

fn boolean() -> Kind<bool> {
    let parse = |value: &Value| match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_bool(),
    };
    Kind::new("true or false", parse, |&flag| flag.into())
}

fn log_level() -> Kind<LevelFilter> {
    let allowed = "one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\"";
    let parse = |value: &Value| value.as_str()?.parse().ok();
    Kind::new(allowed, parse, |level| text(&level.as_str().to_lowercase()))
}

fn log_format() -> Kind<LogFormat> {
    let parse = |value: &Value| match value.as_str()?.trim() {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    };
    Kind::new("\"text\" or \"json\"", parse, |format| match format {
        LogFormat::Text => "text".into(),
        LogFormat::Json => "json".into(),
    })
}

fn addresses() -> Kind<ListenAddresses> {
    Kind::new(format!("{}; or a list of these", listen::ALLOWED), parse_addresses, addresses_value)
}

fn optional_addresses(if_empty: &str) -> Kind<Option<ListenAddresses>> {
    let allowed = format!("{}; or a list of these; or \"\" {if_empty}", listen::ALLOWED);
    let parse = |value: &Value| match value.as_str() {
        Some("") => Some(None),
        _ => parse_addresses(value).map(Some),
    };
    Kind::new(allowed, parse, |addresses| {
        addresses.as_ref().map_or_else(|| "".into(), addresses_value)
    })
}

fn parse_addresses(value: &Value) -> Option<ListenAddresses> {
    let parse = |items: Vec<String>| {
        let addresses = items.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
        ListenAddresses::new(addresses)
    };
    // First without the file's syntax: an IPv6 address begins with a bracket, too.
    let separated = value.as_str().and_then(|text| parse(split_items(text)));
    separated.or_else(|| parse(text_list(value)?))
}

fn addresses_value(addresses: &ListenAddresses) -> Value {
    let mut all: Vec<Value> = addresses.iter().map(text).collect();
    if all.len() == 1 { all.remove(0) } else { all.into() }
}

fn directory() -> Kind<PathBuf> {
    let parse = |value: &Value| Some(value.as_str().filter(|path| !path.is_empty())?.into());
    Kind::new("the path of a directory", parse, |path| path_value(path))
}

fn optional_directory() -> Kind<Option<PathBuf>> {
    let allowed = "the path of a directory, or \"\" for `backups` in the data directory";
    let parse = |value: &Value| value.as_str().map(|path| (!path.is_empty()).then(|| path.into()));
    Kind::new(allowed, parse, |path| {
        path.as_ref().map_or_else(|| "".into(), |path| path_value(path))
    })
}

fn optional_command() -> Kind<Option<CommandLine>> {
    let allowed = "a list with a program and its arguments, such as [\"/usr/local/bin/copy\", \
                   \"offsite\"], or a line for the shell, or \"\" for none";
    let parse = |value: &Value| match value {
        Value::String(text) if text.trim().is_empty() => Some(None),
        other => CommandLine::parse(other).map(Some),
    };
    let to_value = |command: &Option<CommandLine>| {
        command.as_ref().map_or_else(|| "".into(), CommandLine::to_value)
    };
    Kind::new(allowed, parse, to_value)
}

fn optional_file() -> Kind<Option<PathBuf>> {
    let parse = |value: &Value| value.as_str().map(|path| (!path.is_empty()).then(|| path.into()));
    Kind::new("the path of a file, or \"\" for none", parse, |path| {
        path.as_ref().map_or_else(|| "".into(), |path| path_value(path))
    })
}

fn networks() -> Kind<Vec<IpNet>> {
    let allowed = "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]";
    let parse = |value: &Value| text_list(value)?.iter().map(|text| parse_network(text)).collect();
    Kind::new(allowed, parse, |networks| networks.iter().map(text).collect::<Vec<_>>().into())
}

fn optional_url() -> Kind<Option<PublicUrl>> {
    let allowed = format!("{}, or \"\" for none", PublicUrl::ALLOWED);
    let parse = |value: &Value| match value.as_str()?.trim() {
        "" => Some(None),
        url => PublicUrl::parse(url).map(Some),
    };
    Kind::new(allowed, parse, |url| url.as_ref().map_or_else(|| "".into(), text))
}

fn origins() -> Kind<AllowedOrigins> {
    let parse = |value: &Value| AllowedOrigins::parse(&text_list(value)?);
    Kind::new(AllowedOrigins::ALLOWED, parse, |origins| {
        origins.to_list().iter().map(text).collect::<Vec<_>>().into()
    })
}

fn retry_schedule() -> Kind<RetrySchedule> {
    let allowed = "a list of 1 to 50 delays of up to a week, such as [\"0s\", \"5s\", \"5m\"]";
    let read = |value: &Value| {
        let delays = text_list(value)?;
        let delays = delays.iter().map(|text| {
            let delay = humantime::parse_duration(text).ok()?;
            (delay <= MAX_DELAY).then_some(delay)
        });
        RetrySchedule::new(delays.collect::<Option<_>>()?)
    };
    Kind::new(allowed, read, |schedule| {
        schedule.delays().iter().map(duration_value).collect::<Vec<_>>().into()
    })
}

/// Keys are never printed, only whether there are any.
fn encryption_keys() -> Kind<Keyring> {
    let allowed = "32 bytes in base64, such as `openssl rand -base64 32` prints; or a list of such \
                   keys, the current one first; or \"\" for none";
    let read = |value: &Value| {
        let keys = text_list(value)?;
        Some(Keyring(keys.iter().map(|key| EncryptionKey::parse(key)).collect::<Option<_>>()?))
    };
    Kind::new(allowed, read, |keyring| if keyring.0.is_empty() { "".into() } else { HIDDEN.into() })
}

/// Like the keys, a token is never printed.
fn control_token() -> Kind<Option<ControlToken>> {
    let allowed = format!("{}, or \"\" for none", ControlToken::ALLOWED);
    let parse = |value: &Value| match value.as_str()? {
        "" => Some(None),
        token => ControlToken::parse(token).map(Some),
    };
    Kind::new(allowed, parse, |token| token.as_ref().map_or_else(|| "".into(), |_| HIDDEN.into()))
}

/// Keys are never printed, only whether there is one.
fn known_key(mode: Mode) -> Kind<Option<KnownKey>> {
    let (kind, flag) = if mode.is_live() { ("live", "") } else { ("test", " --test") };
    let allowed = format!(
        "a {kind} API key, such as `pivotal-server keys generate{flag}` prints, or \"\" for none"
    );
    let parse = move |value: &Value| match value.as_str()?.trim() {
        "" => Some(None),
        key => KnownKey::parse(key).ok().filter(|key| key.mode() == mode).map(Some),
    };
    Kind::new(allowed, parse, |key| key.as_ref().map_or_else(|| "".into(), |_| HIDDEN.into()))
}

fn text<T: ToString>(value: &T) -> Value {
    Value::String(value.to_string())
}

fn duration_value(time: &Duration) -> Value {
    text(&humantime::format_duration(*time))
}

fn path_value(path: &Path) -> Value {
    text(&path.display())
}

fn text_list(value: &Value) -> Option<Vec<String>> {
    match value {
        // A variable can also use the file's syntax.
        Value::String(text) if text.trim_start().starts_with('[') => {
            text_list(&text.trim().parse().ok()?)
        }
        Value::String(text) => Some(split_items(text)),
        other => other.as_array()?.iter().map(|item| Some(item.as_str()?.to_owned())).collect(),
    }
}

fn split_items(text: &str) -> Vec<String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

fn parse_network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
