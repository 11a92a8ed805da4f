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
        row("listen", address(), |s| &mut s.listen),
        row("data_dir", directory(), |s| &mut s.data_dir),
        row("log", level(), |s| &mut s.log),
        row("workers", whole(0..=256), |s| &mut s.workers),
        row("shutdown_timeout", whole_of("seconds", 0..=3600), |s| &mut s.shutdown_timeout),
        row("trusted_proxies", networks(), |s| &mut s.trusted_proxies),
        row("query_timeout", time(TEN_MILLIS, HOUR, "5s"), |s| &mut s.query_timeout),
        row("connections.max", whole(16..=1_000_000), |s| &mut s.connections.max),
        row("connections.per_address", whole(1..=1_000_000), |s| &mut s.connections.per_address),
        row("connections.idle_timeout", time(SECOND, HOUR, "30s"), |s| {
            &mut s.connections.idle_timeout
        }),
        row("connections.grace", time(SECOND, HOUR, "10s"), |s| &mut s.connections.grace),
        row("connections.min_rate", whole_of("bytes per second", 1..=1_000_000_000), |s| {
            &mut s.connections.min_rate
        }),
        row("connections.stall_timeout", time(SECOND, HOUR, "60s"), |s| {
            &mut s.connections.stall_timeout
        }),
        row("rate_limits.enabled", flag(), |s| &mut s.rate_limits.enabled),
        row("rate_limits.standard", whole(1..=MAX_RATE), |s| &mut s.rate_limits.standard),
        row("rate_limits.test", whole(1..=MAX_RATE), |s| &mut s.rate_limits.test),
        row("rate_limits.paid", whole(1..=MAX_RATE), |s| &mut s.rate_limits.paid),
        row("backup.every", interval(), |s| &mut s.backup.every),
        row("backup.keep", whole(1..=10_000), |s| &mut s.backup.keep),
        row("backup.dir", other_directory(), |s| &mut s.backup.dir),
        row("admin.enabled", flag(), |s| &mut s.admin.enabled),
        row("admin.listen", other_address(), |s| &mut s.admin.listen),
        row("admin.idle_timeout", time(MINUTE, HALF_DAY, "30m"), |s| &mut s.admin.idle_timeout),
    ]
});

/// One setting.
pub(super) struct Setting {
    /// Its name in the file; a dot separates a section from a name in it.
    pub name: &'static str,
    /// What it may be, as the end of a sentence.
    pub allowed: String,
    take: Take,
    show: Show,
}

type Take = Box<dyn Fn(&mut Settings, &Value) -> Option<()> + Send + Sync>;
type Show = Box<dyn Fn(&mut Settings) -> Value + Send + Sync>;

impl Setting {
    /// Takes a value over; nothing when the value is not allowed.
    pub fn take(&self, to: &mut Settings, value: &Value) -> Option<()> {
        (self.take)(to, value)
    }

    /// The value as the file would have it. The settings are borrowed as they are to be changed,
    /// since a row names its place only once.
    pub fn show(&self, of: &mut Settings) -> Value {
        (self.show)(of)
    }

    /// `rate_limits.standard` is `PIVOTAL_RATE_LIMITS_STANDARD`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "_").to_uppercase())
    }
}

fn row<T: 'static>(
    name: &'static str,
    kind: Kind<T>,
    place: fn(&mut Settings) -> &mut T,
) -> Setting {
    let Kind { allowed, read, show } = kind;
    Setting {
        name,
        allowed,
        take: Box::new(move |to, value| {
            *place(to) = read(value)?;
            Some(())
        }),
        show: Box::new(move |of| show(place(of))),
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

fn whole<T: TryFrom<i64> + TryInto<i64> + Copy>(range: RangeInclusive<i64>) -> Kind<T> {
    counted("a whole number", range)
}

fn whole_of<T>(unit: &str, range: RangeInclusive<i64>) -> Kind<T>
where
    T: TryFrom<i64> + TryInto<i64> + Copy,
{
    counted(&format!("a whole number of {unit}"), range)
}

fn counted<T>(what: &str, range: RangeInclusive<i64>) -> Kind<T>
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

fn time(least: Bound, most: Bound, example: &str) -> Kind<Duration> {
    let allowed = format!("a time from {} to {}, such as \"{example}\"", least.0, most.0);
    Kind::new(allowed, move |value| duration(value.as_str()?, least, most), shown_time)
}

fn duration(text: &str, least: Bound, most: Bound) -> Option<Duration> {
    let time = humantime::parse_duration(text.trim()).ok()?;
    (least.1..=most.1).contains(&time).then_some(time)
}

fn interval() -> Kind<Option<Duration>> {
    let read = |value: &Value| match value.as_str()?.trim() {
        "off" => Some(None),
        time => duration(time, SECOND, YEAR).map(Some),
    };
    let (least, most) = (SECOND.0, YEAR.0);
    let allowed = format!("\"off\", or a time from {least} to {most}, such as \"24h\" or \"30m\"");
    Kind::new(allowed, read, |time| time.as_ref().map_or_else(|| "off".into(), shown_time))
}

fn flag() -> Kind<bool> {
    let read = |value: &Value| match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_bool(),
    };
    Kind::new("true or false", read, |&flag| flag.into())
}

fn level() -> Kind<LevelFilter> {
    let allowed = "one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\"";
    let read = |value: &Value| value.as_str()?.parse().ok();
    Kind::new(allowed, read, |level| text(&level.as_str().to_lowercase()))
}

fn address() -> Kind<SocketAddr> {
    let allowed = "an address and a port, such as \"127.0.0.1:8080\"";
    Kind::new(allowed, |value| value.as_str()?.parse().ok(), text)
}

fn other_address() -> Kind<Option<SocketAddr>> {
    let allowed = "an address and a port, such as \"127.0.0.1:8081\", or \"\" for that of the API";
    let read = |value: &Value| match value.as_str()?.trim() {
        "" => Some(None),
        address => address.parse().ok().map(Some),
    };
    Kind::new(allowed, read, |address| address.as_ref().map_or_else(|| "".into(), text))
}

fn directory() -> Kind<PathBuf> {
    let read = |value: &Value| Some(value.as_str().filter(|path| !path.is_empty())?.into());
    Kind::new("the path of a directory", read, |path| shown_path(path))
}

fn other_directory() -> Kind<Option<PathBuf>> {
    let allowed = "the path of a directory, or \"\" for `backups` in the data directory";
    let read = |value: &Value| value.as_str().map(|path| (!path.is_empty()).then(|| path.into()));
    Kind::new(allowed, read, |path| {
        path.as_ref().map_or_else(|| "".into(), |path| shown_path(path))
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

fn shown_time(time: &Duration) -> Value {
    text(&humantime::format_duration(*time))
}

fn shown_path(path: &Path) -> Value {
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
