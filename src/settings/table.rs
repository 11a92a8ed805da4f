//! The table of the settings: what each is called, what it may be, and which value it is. For
//! `sources`.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use ipnet::IpNet;
use log::LevelFilter;
use toml::Value;

use super::values::Settings;

/// What the names of environment variables begin with.
pub(super) const PREFIX: &str = "PIVOTAL_";
/// The greatest rate limit, in requests a minute.
const MAX_RATE: i64 = 1_000_000;

/// All settings, in the order of `config.toml`.
pub(super) static SETTINGS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    vec![
        setting("listen", address(), |s| &mut s.listen),
        setting("data_dir", directory(), |s| &mut s.data_dir),
        setting("log", log_level(), |s| &mut s.log),
        setting("workers", integer(0..=256), |s| &mut s.workers),
        setting("shutdown_timeout", integer_in("seconds", 0..=3600), |s| &mut s.shutdown_timeout),
        setting("trusted_proxies", networks(), |s| &mut s.trusted_proxies),
        setting("query_timeout", bounded_duration(TEN_MILLIS, HOUR, "5s"), |s| {
            &mut s.query_timeout
        }),
        setting("connections.max", integer(16..=1_000_000), |s| &mut s.connections.max),
        setting("connections.per_address", integer(1..=1_000_000), |s| {
            &mut s.connections.per_address
        }),
        setting("connections.idle_timeout", bounded_duration(SECOND, HOUR, "30s"), |s| {
            &mut s.connections.idle_timeout
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
        setting("rate_limits.enabled", boolean(), |s| &mut s.rate_limits.enabled),
        setting("rate_limits.standard", integer(1..=MAX_RATE), |s| &mut s.rate_limits.standard),
        setting("rate_limits.test", integer(1..=MAX_RATE), |s| &mut s.rate_limits.test),
        setting("rate_limits.paid", integer(1..=MAX_RATE), |s| &mut s.rate_limits.paid),
        setting("backup.every", optional_interval(), |s| &mut s.backup.every),
        setting("backup.keep", integer(1..=10_000), |s| &mut s.backup.keep),
        setting("backup.dir", optional_directory(), |s| &mut s.backup.dir),
        setting("admin.enabled", boolean(), |s| &mut s.admin.enabled),
        setting("admin.listen", optional_address(), |s| &mut s.admin.listen),
        setting("admin.idle_timeout", bounded_duration(MINUTE, HALF_DAY, "30m"), |s| {
            &mut s.admin.idle_timeout
        }),
    ]
});

/// One setting.
pub(super) struct Setting {
    /// Its name in the file; a dot separates a section from a name in it.
    pub name: &'static str,
    /// What it may be, as the end of a sentence.
    pub allowed: String,
    apply: Apply,
    value: ReadValue,
}

type Apply = Box<dyn Fn(&mut Settings, &Value) -> Option<()> + Send + Sync>;
type ReadValue = Box<dyn Fn(&mut Settings) -> Value + Send + Sync>;

impl Setting {
    /// Takes a value over; nothing when the value is not allowed.
    pub fn apply(&self, to: &mut Settings, value: &Value) -> Option<()> {
        (self.apply)(to, value)
    }

    /// The value as the file would have it. The settings are borrowed as they are to be changed,
    /// since a row names its field only once.
    pub fn value_in(&self, of: &mut Settings) -> Value {
        (self.value)(of)
    }

    /// `rate_limits.standard` is `PIVOTAL_RATE_LIMITS_STANDARD`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "_").to_uppercase())
    }
}

fn setting<T: 'static>(
    name: &'static str,
    kind: Kind<T>,
    field: fn(&mut Settings) -> &mut T,
) -> Setting {
    let Kind { allowed, read, show } = kind;
    Setting {
        name,
        allowed,
        apply: Box::new(move |to, value| {
            *field(to) = read(value)?;
            Some(())
        }),
        value: Box::new(move |of| show(field(of))),
    }
}

/// What a setting may be. Variables hold only text, so every reader also takes its value written as
/// text.
struct Kind<T> {
    /// As the end of a sentence.
    allowed: String,
    read: Read<T>,
    show: fn(&T) -> Value,
}

type Read<T> = Box<dyn Fn(&Value) -> Option<T> + Send + Sync>;

impl<T> Kind<T> {
    fn new(
        allowed: impl Into<String>,
        read: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
        show: fn(&T) -> Value,
    ) -> Self {
        Self { allowed: allowed.into(), read: Box::new(read), show }
    }
}

/// A bound of a time, and its name.
type Bound = (&'static str, Duration);

const TEN_MILLIS: Bound = ("ten milliseconds", Duration::from_millis(10));
const SECOND: Bound = ("one second", Duration::from_secs(1));
const MINUTE: Bound = ("one minute", Duration::from_secs(60));
const HOUR: Bound = ("one hour", Duration::from_secs(60 * 60));
const HALF_DAY: Bound = ("twelve hours", Duration::from_secs(12 * 60 * 60));
const YEAR: Bound = ("a year", Duration::from_secs(366 * 24 * 60 * 60));

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
    let read = move |value: &Value| {
        let number = match value {
            Value::String(text) => text.trim().parse().ok()?,
            other => other.as_integer()?,
        };
        range.contains(&number).then(|| T::try_from(number).ok())?
    };
    // No setting is beyond what TOML can hold.
    Kind::new(allowed, read, |&number| Value::Integer(number.try_into().unwrap_or(i64::MAX)))
}

fn bounded_duration(least: Bound, most: Bound, example: &str) -> Kind<Duration> {
    let allowed = format!("a time from {} to {}, such as \"{example}\"", least.0, most.0);
    Kind::new(allowed, move |value| duration(value.as_str()?, least, most), duration_value)
}

fn duration(text: &str, least: Bound, most: Bound) -> Option<Duration> {
    let time = humantime::parse_duration(text.trim()).ok()?;
    (least.1..=most.1).contains(&time).then_some(time)
}

fn optional_interval() -> Kind<Option<Duration>> {
    let read = |value: &Value| match value.as_str()?.trim() {
        "off" => Some(None),
        time => duration(time, SECOND, YEAR).map(Some),
    };
    let (least, most) = (SECOND.0, YEAR.0);
    let allowed = format!("\"off\", or a time from {least} to {most}, such as \"24h\" or \"30m\"");
    Kind::new(allowed, read, |time| time.as_ref().map_or_else(|| "off".into(), duration_value))
}

fn boolean() -> Kind<bool> {
    let read = |value: &Value| match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_bool(),
    };
    Kind::new("true or false", read, |&flag| flag.into())
}

fn log_level() -> Kind<LevelFilter> {
    let allowed = "one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\"";
    let read = |value: &Value| value.as_str()?.parse().ok();
    Kind::new(allowed, read, |level| text(&level.as_str().to_lowercase()))
}

fn address() -> Kind<SocketAddr> {
    let allowed = "an address and a port, such as \"127.0.0.1:8080\"";
    Kind::new(allowed, |value| value.as_str()?.parse().ok(), text)
}

fn optional_address() -> Kind<Option<SocketAddr>> {
    let allowed = "an address and a port, such as \"127.0.0.1:8081\", or \"\" for that of the API";
    let read = |value: &Value| match value.as_str()?.trim() {
        "" => Some(None),
        address => address.parse().ok().map(Some),
    };
    Kind::new(allowed, read, |address| address.as_ref().map_or_else(|| "".into(), text))
}

fn directory() -> Kind<PathBuf> {
    let read = |value: &Value| Some(value.as_str().filter(|path| !path.is_empty())?.into());
    Kind::new("the path of a directory", read, |path| path_value(path))
}

fn optional_directory() -> Kind<Option<PathBuf>> {
    let allowed = "the path of a directory, or \"\" for `backups` in the data directory";
    let read = |value: &Value| value.as_str().map(|path| (!path.is_empty()).then(|| path.into()));
    Kind::new(allowed, read, |path| {
        path.as_ref().map_or_else(|| "".into(), |path| path_value(path))
    })
}

fn networks() -> Kind<Vec<IpNet>> {
    let allowed = "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]";
    let read = |value: &Value| list(value)?.iter().map(|text| network(text)).collect();
    Kind::new(allowed, read, |networks| networks.iter().map(text).collect::<Vec<_>>().into())
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

fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        // A variable may hold it as the file does.
        Value::String(text) if text.trim_start().starts_with('[') => {
            list(&text.trim().parse().ok()?)
        }
        Value::String(text) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(items.map(str::to_owned).collect())
        }
        other => other.as_array()?.iter().map(|item| Some(item.as_str()?.to_owned())).collect(),
    }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
