//! The settings: every one of them, what it may be, and where its value comes from. Environment
//! over file over default; the command line's flags are laid over the result.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use log::LevelFilter;
use toml::{Table, Value};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "config.toml";
/// What the names of environment variables begin with.
const PREFIX: &str = "PIVOTAL_";
/// Variables with the same beginning that belong to clients or to the command line.
const NOT_SETTINGS: &[&str] =
    &["PIVOTAL_CONFIG", "PIVOTAL_API_KEY", "PIVOTAL_API_URL", "PIVOTAL_BASE_URL"];
/// The greatest rate limit, in requests a minute.
pub(crate) const MAX_RATE: i64 = 1_000_000;

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
    /// How many requests keys may make.
    pub rate_limits: RateLimits,
    /// Which backups the server takes by itself.
    pub backup: Backups,
    /// The pages for people.
    pub admin: Admin,
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

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            data_dir: PathBuf::from("./data"),
            log: LevelFilter::Info,
            workers: 0,
            shutdown_timeout: 30,
            trusted_proxies: Vec::new(),
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

/// One setting.
struct Setting {
    /// Its name in the file; a dot separates a section from a name in it.
    name: &'static str,
    /// What it may be, as the end of a sentence.
    allowed: &'static str,
    /// Takes a value over; nothing when the value is not allowed.
    take: fn(&mut Settings, &Value) -> Option<()>,
}

/// All settings, in the order of `config.toml`.
const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        allowed: "an address and a port, such as \"127.0.0.1:8080\"",
        take: |to, value| {
            to.listen = value.as_str()?.parse().ok()?;
            Some(())
        },
    },
    Setting {
        name: "data_dir",
        allowed: "the path of a directory",
        take: |to, value| {
            to.data_dir = value.as_str().filter(|path| !path.is_empty())?.into();
            Some(())
        },
    },
    Setting {
        name: "log",
        allowed: "one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
        take: |to, value| {
            to.log = value.as_str()?.parse().ok()?;
            Some(())
        },
    },
    Setting {
        name: "workers",
        allowed: "a whole number from 0 to 256",
        take: |to, value| {
            to.workers = whole(value, 0, 256)?;
            Some(())
        },
    },
    Setting {
        name: "shutdown_timeout",
        allowed: "a whole number of seconds from 0 to 3600",
        take: |to, value| {
            to.shutdown_timeout = whole(value, 0, 3600)?;
            Some(())
        },
    },
    Setting {
        name: "trusted_proxies",
        allowed: "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]",
        take: |to, value| {
            to.trusted_proxies =
                list(value)?.iter().map(|text| network(text)).collect::<Option<_>>()?;
            Some(())
        },
    },
    Setting {
        name: "rate_limits.enabled",
        allowed: "true or false",
        take: |to, value| {
            to.rate_limits.enabled = flag(value)?;
            Some(())
        },
    },
    Setting {
        name: "rate_limits.standard",
        allowed: "a whole number from 1 to 1000000",
        take: |to, value| {
            to.rate_limits.standard = whole(value, 1, MAX_RATE)?;
            Some(())
        },
    },
    Setting {
        name: "rate_limits.test",
        allowed: "a whole number from 1 to 1000000",
        take: |to, value| {
            to.rate_limits.test = whole(value, 1, MAX_RATE)?;
            Some(())
        },
    },
    Setting {
        name: "rate_limits.paid",
        allowed: "a whole number from 1 to 1000000",
        take: |to, value| {
            to.rate_limits.paid = whole(value, 1, MAX_RATE)?;
            Some(())
        },
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
    },
    Setting {
        name: "backup.keep",
        allowed: "a whole number from 1 to 10000",
        take: |to, value| {
            to.backup.keep = whole(value, 1, 10_000)?;
            Some(())
        },
    },
    Setting {
        name: "backup.dir",
        allowed: "the path of a directory, or \"\" for `backups` in the data directory",
        take: |to, value| {
            to.backup.dir = value.as_str().map(|path| (!path.is_empty()).then(|| path.into()))?;
            Some(())
        },
    },
    Setting {
        name: "admin.enabled",
        allowed: "true or false",
        take: |to, value| {
            to.admin.enabled = flag(value)?;
            Some(())
        },
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
    },
];

impl Setting {
    /// `rate_limits.standard` is `PIVOTAL_RATE_LIMITS_STANDARD`.
    fn variable(&self) -> String {
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

fn interval(text: &str) -> Option<Duration> {
    const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);
    let time = humantime::parse_duration(text).ok()?;
    (Duration::from_secs(1)..=YEAR).contains(&time).then_some(time)
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_bool(),
    }
}

fn list(value: &Value) -> Option<Vec<String>> {
    match value {
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

/// Why the settings cannot be used. The message names the place, the setting and what is allowed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants mean")]
pub enum SettingsError {
    #[error("cannot read {}: {source}", .file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{}, line {line}: {message}", .file.display())]
    Syntax { file: PathBuf, line: usize, message: String },
    #[error("{place}: there is no setting `{name}`; the settings are {}", names())]
    Unknown { place: Place, name: String },
    #[error("{place}: `{name}` has to be {allowed}")]
    Bad { place: Place, name: String, allowed: &'static str },
}

/// Where a value came from.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Place {
    File(PathBuf),
    Environment,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("environment"),
        }
    }
}

fn names() -> String {
    SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ")
}

impl Settings {
    /// Reads the settings of this process: from `file`, which has to exist when it is named, and
    /// from the environment.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        let default = Path::new(DEFAULT_FILE);
        match (file, default.is_file()) {
            (Some(file), _) => settings.read_file(file)?,
            (None, true) => settings.read_file(default)?,
            (None, false) => {}
        }
        settings.read_variables(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        }))?;
        Ok(settings)
    }

    fn read_file(&mut self, file: &Path) -> Result<(), SettingsError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| SettingsError::Unreadable { file: file.to_owned(), source })?;
        self.read_text(file, &text)
    }

    fn read_text(&mut self, file: &Path, text: &str) -> Result<(), SettingsError> {
        let table: Table = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            SettingsError::Syntax {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                message: error.message().replace('\n', " "),
            }
        })?;
        let place = || Place::File(file.to_owned());
        for (name, value) in flatten(&table) {
            let known = SETTINGS.iter().find(|setting| setting.name == name);
            let setting = known
                .ok_or_else(|| SettingsError::Unknown { place: place(), name: name.clone() })?;
            (setting.take)(self, value).ok_or_else(|| SettingsError::Bad {
                place: place(),
                name,
                allowed: setting.allowed,
            })?;
        }
        Ok(())
    }

    fn read_variables(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), SettingsError> {
        let ignored: HashSet<&str> = NOT_SETTINGS.iter().copied().collect();
        for (name, value) in variables {
            if !name.starts_with(PREFIX) || ignored.contains(name.as_str()) {
                continue;
            }
            let place = Place::Environment;
            let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) else {
                return Err(SettingsError::Unknown { place, name });
            };
            (setting.take)(self, &Value::String(value)).ok_or(SettingsError::Bad {
                place,
                name,
                allowed: setting.allowed,
            })?;
        }
        Ok(())
    }
}

/// The values of a file with their whole names.
fn flatten(table: &Table) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            Value::Table(section) => found.extend(
                flatten(section)
                    .into_iter()
                    .map(|(inner, value)| (format!("{name}.{inner}"), value)),
            ),
            other => found.push((name.clone(), other)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let mut settings = Settings::default();
        let variables = variables.iter().map(|&(n, v)| (n.to_owned(), v.to_owned()));
        settings
            .read_text(Path::new("config.toml"), text)
            .and_then(|()| settings.read_variables(variables))
            .map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn the_reference_file_names_every_setting_with_its_default() {
        let text = include_str!("../config.toml");
        assert_eq!(read(text, &[]).unwrap(), Settings::default());
        let table: Table = toml::from_str(text).unwrap();
        let named: HashSet<String> = flatten(&table).into_iter().map(|(name, _)| name).collect();
        let known: HashSet<String> = SETTINGS.iter().map(|s| s.name.to_owned()).collect();
        assert_eq!(named, known);
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let text = "listen = \"0.0.0.0:1\"\n[rate_limits]\npaid = 7\ntest = 8";
        let variables = [
            ("PIVOTAL_RATE_LIMITS_PAID", "9"),
            ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
            ("PIVOTAL_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("PIVOTAL_API_KEY", "a client's"),
            ("OTHER", "x"),
        ];
        let settings = read(text, &variables).unwrap();
        assert_eq!(settings.listen.to_string(), "0.0.0.0:1");
        let limits = RateLimits { enabled: false, standard: 60, test: 8, paid: 9 };
        assert_eq!(settings.rate_limits, limits);
        assert_eq!(settings.trusted_proxies.len(), 2);
    }

    #[test]
    fn a_mistake_is_named_with_its_place_and_what_is_allowed() {
        let unknown = read("lisen = \"x\"", &[]).unwrap_err();
        assert!(
            unknown
                .starts_with("config.toml: there is no setting `lisen`; the settings are listen,")
        );
        let bad = read("[rate_limits]\npaid = 0", &[]).unwrap_err();
        assert_eq!(
            bad,
            "config.toml: `rate_limits.paid` has to be a whole number from 1 to 1000000"
        );
        let syntax = read("listen = \"x\"\nworkers = = 1", &[]).unwrap_err();
        assert!(syntax.starts_with("config.toml, line 2: "), "{syntax}");
        let variable = read("", &[("PIVOTAL_WORKERS", "many")]).unwrap_err();
        assert_eq!(
            variable,
            "environment: `PIVOTAL_WORKERS` has to be a whole number from 0 to 256"
        );
        assert!(read("", &[("PIVOTAL_WORKER", "1")]).unwrap_err().contains("PIVOTAL_WORKER"));
    }

    #[test]
    fn values_outside_their_bounds_are_refused() {
        for bad in [
            "listen = \"localhost\"",
            "listen = 8080",
            "data_dir = \"\"",
            "log = \"loud\"",
            "workers = 257",
            "workers = -1",
            "shutdown_timeout = 1.5",
            "trusted_proxies = [\"proxy\"]",
            "[rate_limits]\nenabled = \"maybe\"",
            "[rate_limits]\nstandard = 1000001",
            "[backup]\nevery = \"daily\"",
            "[backup]\nevery = \"999ms\"",
            "[backup]\nevery = \"367 days\"",
            "[backup]\nevery = 24",
            "[backup]\nkeep = 0",
            "[backup]\ndir = 1",
            "[admin]\nenabled = \"perhaps\"",
            "[admin]\nlisten = \"8081\"",
            "[admin]\nidle_timeout = \"59s\"",
            "[admin]\nidle_timeout = \"13h\"",
            "[admin]\nidle_timeout = 30",
        ] {
            assert!(read(bad, &[]).is_err(), "{bad}");
        }
    }
}
