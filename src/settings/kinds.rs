//! The kinds of settings: which values are allowed, and how they are read and printed.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use log::LevelFilter;
use toml::Value;

use super::command::CommandLine;
use super::listen::{self, ListenAddresses};
use super::values::LogFormat;
use crate::model::key::Mode;
use crate::model::key::known::KnownKey;
use crate::model::test_control::token::ControlToken;
use crate::model::web::origin::AllowedOrigins;
use crate::model::web::public_url::PublicUrl;
use crate::model::webhook::encryption::{EncryptionKey, Keyring};
use crate::model::webhook::schedule::RetrySchedule;

/// Printed in place of a secret.
const HIDDEN: &str = "(hidden)";
const SECONDS_OF_DAY: u64 = 24 * 60 * 60;
/// The longest delay of a retry schedule.
const MAX_DELAY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The type of a setting. Environment variables are text, so `parse` also accepts every value as
/// text.
pub(super) struct Kind<T> {
    pub allowed: String,
    pub explain: Explain,
    pub parse: Parse<T>,
    pub to_value: fn(&T) -> Value,
}

/// Says what is wrong with a value, if that can be said better than with the allowed values. Must not
/// repeat the value if it may contain a secret.
pub(super) type Explain = fn(&Value) -> Option<String>;

pub(super) type Parse<T> = Box<dyn Fn(&Value) -> Option<T> + Send + Sync>;

impl<T> Kind<T> {
    pub(super) fn new(
        allowed: impl Into<String>,
        parse: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
        to_value: fn(&T) -> Value,
    ) -> Self {
        let allowed = allowed.into();
        Self { allowed, explain: |_| None, parse: Box::new(parse), to_value }
    }

    /// Explains what is wrong with a value.
    pub(super) fn explained_by(self, explain: Explain) -> Self {
        Self { explain, ..self }
    }
}

/// A bound of a duration, and how messages write it.
type Bound = (&'static str, Duration);

pub(super) const TEN_MILLIS: Bound = ("10ms", Duration::from_millis(10));
pub(super) const HUNDRED_MILLIS: Bound = ("100ms", Duration::from_millis(100));
pub(super) const SECOND: Bound = ("1s", Duration::from_secs(1));
pub(super) const MINUTE: Bound = ("1m", Duration::from_secs(60));
pub(super) const HOUR: Bound = ("1h", Duration::from_secs(60 * 60));
pub(super) const HALF_DAY: Bound = ("12h", Duration::from_secs(12 * 60 * 60));
pub(super) const DAY: Bound = ("1 day", Duration::from_secs(24 * 60 * 60));
const YEAR: Bound = ("366 days", Duration::from_secs(366 * 24 * 60 * 60));
pub(super) const TEN_YEARS: Bound = ("3653 days", Duration::from_secs(3653 * 24 * 60 * 60));

pub(super) fn integer<T: TryFrom<i64> + TryInto<i64> + Copy>(
    range: RangeInclusive<i64>,
) -> Kind<T> {
    bounded_integer("a whole number", range)
}

pub(super) fn integer_in<T>(unit: &str, range: RangeInclusive<i64>) -> Kind<T>
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

pub(super) fn bounded_duration(min: Bound, max: Bound, example: &str) -> Kind<Duration> {
    let allowed = format!("a duration from {} to {}, such as \"{example}\"", min.0, max.0);
    Kind::new(allowed, move |value| parse_duration(value.as_str()?, min, max), duration_value)
}

fn parse_duration(text: &str, min: Bound, max: Bound) -> Option<Duration> {
    let time = humantime::parse_duration(text.trim()).ok()?;
    (min.1..=max.1).contains(&time).then_some(time)
}

pub(super) fn optional_interval() -> Kind<Option<Duration>> {
    optional_duration(SECOND, YEAR, "\"24h\" or \"30m\"")
}

pub(super) fn optional_age() -> Kind<Option<Duration>> {
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

pub(super) fn boolean() -> Kind<bool> {
    let parse = |value: &Value| match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_bool(),
    };
    Kind::new("true or false", parse, |&flag| flag.into())
}

/// A boolean that another setting decides unless it is set.
pub(super) fn automatic_boolean() -> Kind<Option<bool>> {
    let parse = |value: &Value| match value {
        Value::String(text) if text.trim() == "auto" => Some(None),
        Value::String(text) => text.trim().parse().ok().map(Some),
        other => other.as_bool().map(Some),
    };
    Kind::new("true, false, or \"auto\"", parse, |flag| match flag {
        Some(flag) => (*flag).into(),
        None => "auto".into(),
    })
}

pub(super) fn log_level() -> Kind<LevelFilter> {
    let allowed = "one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\"";
    let parse = |value: &Value| value.as_str()?.parse().ok();
    Kind::new(allowed, parse, |level| text(&level.as_str().to_lowercase()))
}

pub(super) fn log_format() -> Kind<LogFormat> {
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

pub(super) fn addresses() -> Kind<ListenAddresses> {
    Kind::new(format!("{}; or a list of these", listen::ALLOWED), parse_addresses, addresses_value)
}

pub(super) fn optional_addresses(if_empty: &str) -> Kind<Option<ListenAddresses>> {
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

pub(super) fn directory() -> Kind<PathBuf> {
    let parse = |value: &Value| Some(value.as_str().filter(|path| !path.is_empty())?.into());
    Kind::new("the path of a directory", parse, |path| path_value(path))
}

pub(super) fn optional_directory() -> Kind<Option<PathBuf>> {
    let allowed = "the path of a directory, or \"\" for `backups` in the data directory";
    let parse = |value: &Value| value.as_str().map(|path| (!path.is_empty()).then(|| path.into()));
    Kind::new(allowed, parse, |path| {
        path.as_ref().map_or_else(|| "".into(), |path| path_value(path))
    })
}

pub(super) fn optional_command() -> Kind<Option<CommandLine>> {
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

pub(super) fn optional_file() -> Kind<Option<PathBuf>> {
    let parse = |value: &Value| value.as_str().map(|path| (!path.is_empty()).then(|| path.into()));
    Kind::new("the path of a file, or \"\" for none", parse, |path| {
        path.as_ref().map_or_else(|| "".into(), |path| path_value(path))
    })
}

pub(super) fn networks() -> Kind<Vec<IpNet>> {
    let allowed = "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]";
    let parse = |value: &Value| text_list(value)?.iter().map(|text| parse_network(text)).collect();
    Kind::new(allowed, parse, |networks| networks.iter().map(text).collect::<Vec<_>>().into())
}

pub(super) fn optional_url() -> Kind<Option<PublicUrl>> {
    let allowed = format!("{}, or \"\" for none", PublicUrl::ALLOWED);
    let parse = |value: &Value| match value.as_str()?.trim() {
        "" => Some(None),
        url => PublicUrl::parse(url).map(Some),
    };
    Kind::new(allowed, parse, |url| url.as_ref().map_or_else(|| "".into(), text))
}

pub(super) fn origins() -> Kind<AllowedOrigins> {
    let parse = |value: &Value| AllowedOrigins::parse(&text_list(value)?);
    Kind::new(AllowedOrigins::ALLOWED, parse, |origins| {
        origins.to_list().iter().map(text).collect::<Vec<_>>().into()
    })
}

pub(super) fn retry_schedule() -> Kind<RetrySchedule> {
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
pub(super) fn encryption_keys() -> Kind<Keyring> {
    let allowed = "32 bytes in base64, such as `openssl rand -base64 32` prints; or a list of such \
                   keys, the current one first; or \"\" for none";
    let read = |value: &Value| {
        let keys = text_list(value)?;
        Some(Keyring(keys.iter().map(|key| EncryptionKey::parse(key)).collect::<Option<_>>()?))
    };
    Kind::new(allowed, read, |keyring| if keyring.0.is_empty() { "".into() } else { HIDDEN.into() })
}

/// Like the keys, a token is never printed.
pub(super) fn control_token() -> Kind<Option<ControlToken>> {
    let allowed = format!("{}, or \"\" for none", ControlToken::ALLOWED);
    let parse = |value: &Value| match value.as_str()? {
        "" => Some(None),
        token => ControlToken::parse(token).map(Some),
    };
    Kind::new(allowed, parse, |token| token.as_ref().map_or_else(|| "".into(), |_| HIDDEN.into()))
}

/// Keys are never printed, only whether there is one.
pub(super) fn known_key(mode: Mode) -> Kind<Option<KnownKey>> {
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
    let seconds = time.as_secs();
    // A month of `humantime` is 30.44 days, so it would print 90 days as months and hours.
    if time.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(SECONDS_OF_DAY) {
        return text(&format!("{}d", seconds / SECONDS_OF_DAY));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_as_people_write_them() {
        for text in ["90d", "3653d", "1d", "12h", "1h 30m", "75s", "10ms"] {
            let time = humantime::parse_duration(text).unwrap();
            let printed = duration_value(&time);
            assert_eq!(humantime::parse_duration(printed.as_str().unwrap()), Ok(time));
            let expected = if text == "75s" { "1m 15s" } else { text };
            assert_eq!(printed.as_str(), Some(expected));
        }
    }
}
