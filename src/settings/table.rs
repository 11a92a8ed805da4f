//! The table of the settings: what each is called, what it may be, and how its value is taken over.
//! For `sources`.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use ipnet::IpNet;
use toml::Value;

use super::{MAX_RATE, Settings};

/// What the names of environment variables begin with.
pub(super) const PREFIX: &str = "PIVOTAL_";

/// One setting.
pub(super) struct Setting {
    /// Its name in the file; a dot separates a section from a name in it.
    pub name: &'static str,
    /// What it may be, as the end of a sentence.
    pub allowed: &'static str,
    /// Takes a value over; nothing when the value is not allowed.
    pub take: fn(&mut Settings, &Value) -> Option<()>,
    /// The value as the file would have it.
    pub show: fn(&Settings) -> Value,
}

/// All settings, in the order of `config.toml`.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        allowed: "an address and a port, such as \"127.0.0.1:8080\"",
        take: |to, value| {
            to.listen = value.as_str()?.parse().ok()?;
            Some(())
        },
        show: |of| text(of.listen),
    },
    Setting {
        name: "data_dir",
        allowed: "the path of a directory",
        take: |to, value| {
            to.data_dir = value.as_str().filter(|path| !path.is_empty())?.into();
            Some(())
        },
        show: |of| text(of.data_dir.display()),
    },
    Setting {
        name: "log",
        allowed: "one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
        take: |to, value| {
            to.log = value.as_str()?.parse().ok()?;
            Some(())
        },
        show: |of| text(of.log.as_str().to_lowercase()),
    },
    Setting {
        name: "workers",
        allowed: "a whole number from 0 to 256",
        take: |to, value| {
            to.workers = whole(value, 0, 256)?;
            Some(())
        },
        show: |of| number(of.workers),
    },
    Setting {
        name: "shutdown_timeout",
        allowed: "a whole number of seconds from 0 to 3600",
        take: |to, value| {
            to.shutdown_timeout = whole(value, 0, 3600)?;
            Some(())
        },
        show: |of| number(of.shutdown_timeout),
    },
    Setting {
        name: "trusted_proxies",
        allowed: "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]",
        take: |to, value| {
            to.trusted_proxies =
                list(value)?.iter().map(|text| network(text)).collect::<Option<_>>()?;
            Some(())
        },
        show: |of| of.trusted_proxies.iter().map(text).collect::<Vec<_>>().into(),
    },
    Setting {
        name: "query_timeout",
        allowed: "a time from ten milliseconds to one hour, such as \"5s\"",
        take: |to, value| {
            const BOUNDS: RangeInclusive<Duration> =
                Duration::from_millis(10)..=Duration::from_secs(60 * 60);
            let time = humantime::parse_duration(value.as_str()?.trim()).ok()?;
            to.query_timeout = BOUNDS.contains(&time).then_some(time)?;
            Some(())
        },
        show: |of| time(of.query_timeout),
    },
    Setting {
        name: "connections.max",
        allowed: "a whole number from 16 to 1000000",
        take: |to, value| {
            to.connections.max = whole(value, 16, 1_000_000)?;
            Some(())
        },
        show: |of| number(of.connections.max),
    },
    Setting {
        name: "connections.per_address",
        allowed: "a whole number from 1 to 1000000",
        take: |to, value| {
            to.connections.per_address = whole(value, 1, 1_000_000)?;
            Some(())
        },
        show: |of| number(of.connections.per_address),
    },
    Setting {
        name: "connections.idle_timeout",
        allowed: "a time from one second to one hour, such as \"30s\"",
        take: |to, value| {
            to.connections.idle_timeout = short(value)?;
            Some(())
        },
        show: |of| time(of.connections.idle_timeout),
    },
    Setting {
        name: "connections.grace",
        allowed: "a time from one second to one hour, such as \"10s\"",
        take: |to, value| {
            to.connections.grace = short(value)?;
            Some(())
        },
        show: |of| time(of.connections.grace),
    },
    Setting {
        name: "connections.min_rate",
        allowed: "a whole number of bytes per second from 1 to 1000000000",
        take: |to, value| {
            to.connections.min_rate = whole(value, 1, 1_000_000_000)?;
            Some(())
        },
        show: |of| number(of.connections.min_rate),
    },
    Setting {
        name: "connections.stall_timeout",
        allowed: "a time from one second to one hour, such as \"60s\"",
        take: |to, value| {
            to.connections.stall_timeout = short(value)?;
            Some(())
        },
        show: |of| time(of.connections.stall_timeout),
    },
    Setting {
        name: "rate_limits.enabled",
        allowed: "true or false",
        take: |to, value| {
            to.rate_limits.enabled = flag(value)?;
            Some(())
        },
        show: |of| of.rate_limits.enabled.into(),
    },
    Setting {
        name: "rate_limits.standard",
        allowed: "a whole number from 1 to 1000000",
        take: |to, value| {
            to.rate_limits.standard = whole(value, 1, MAX_RATE)?;
            Some(())
        },
        show: |of| of.rate_limits.standard.into(),
    },
    Setting {
        name: "rate_limits.test",
        allowed: "a whole number from 1 to 1000000",
        take: |to, value| {
            to.rate_limits.test = whole(value, 1, MAX_RATE)?;
            Some(())
        },
        show: |of| of.rate_limits.test.into(),
    },
    Setting {
        name: "rate_limits.paid",
        allowed: "a whole number from 1 to 1000000",
        take: |to, value| {
            to.rate_limits.paid = whole(value, 1, MAX_RATE)?;
            Some(())
        },
        show: |of| of.rate_limits.paid.into(),
    },
    Setting {
        name: "backup.every",
        allowed: "\"off\", or a time from one second to a year, such as \"24h\" or \"30m\"",
        take: |to, value| {
            to.backup.every = match value.as_str()?.trim() {
                "off" => None,
                time => Some(interval(time)?),
            };
            Some(())
        },
        show: |of| of.backup.every.map_or_else(|| "off".into(), time),
    },
    Setting {
        name: "backup.keep",
        allowed: "a whole number from 1 to 10000",
        take: |to, value| {
            to.backup.keep = whole(value, 1, 10_000)?;
            Some(())
        },
        show: |of| number(of.backup.keep),
    },
    Setting {
        name: "backup.dir",
        allowed: "the path of a directory, or \"\" for `backups` in the data directory",
        take: |to, value| {
            to.backup.dir = value.as_str().map(|path| (!path.is_empty()).then(|| path.into()))?;
            Some(())
        },
        show: |of| of.backup.dir.as_ref().map_or_else(|| "".into(), |dir| text(dir.display())),
    },
    Setting {
        name: "admin.enabled",
        allowed: "true or false",
        take: |to, value| {
            to.admin.enabled = flag(value)?;
            Some(())
        },
        show: |of| of.admin.enabled.into(),
    },
    Setting {
        name: "admin.listen",
        allowed: "an address and a port, such as \"127.0.0.1:8081\", or \"\" for that of the API",
        take: |to, value| {
            to.admin.listen = match value.as_str()?.trim() {
                "" => None,
                address => Some(address.parse().ok()?),
            };
            Some(())
        },
        show: |of| of.admin.listen.map_or_else(|| "".into(), text),
    },
    Setting {
        name: "admin.idle_timeout",
        allowed: "a time from one minute to twelve hours, such as \"30m\"",
        take: |to, value| {
            const BOUNDS: RangeInclusive<Duration> =
                Duration::from_secs(60)..=Duration::from_secs(12 * 60 * 60);
            let time = interval(value.as_str()?.trim())?;
            to.admin.idle_timeout = BOUNDS.contains(&time).then_some(time)?;
            Some(())
        },
        show: |of| time(of.admin.idle_timeout),
    },
];

impl Setting {
    /// `rate_limits.standard` is `PIVOTAL_RATE_LIMITS_STANDARD`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "_").to_uppercase())
    }
}

// Variables hold only text, so every reader also takes its value written as text.

fn whole<T: TryFrom<i64>>(value: &Value, min: i64, max: i64) -> Option<T> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_integer()?,
    };
    (min..=max).contains(&number).then(|| T::try_from(number).ok())?
}

fn text(value: impl ToString) -> Value {
    Value::String(value.to_string())
}

/// No setting is beyond what TOML can hold.
fn number(value: impl TryInto<i64>) -> Value {
    Value::Integer(value.try_into().unwrap_or(i64::MAX))
}

fn time(value: Duration) -> Value {
    text(humantime::format_duration(value))
}

fn interval(text: &str) -> Option<Duration> {
    const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    let time = humantime::parse_duration(text).ok()?;
    (Duration::from_secs(1)..=YEAR).contains(&time).then_some(time)
}

fn short(value: &Value) -> Option<Duration> {
    const BOUNDS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60 * 60);
    interval(value.as_str()?.trim()).filter(|time| BOUNDS.contains(time))
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_bool(),
    }
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
