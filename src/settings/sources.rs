//! Where the settings come from: a file and the environment, and what is said when one of them is
//! wrong. For `cli`.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Settings;
use super::table::{PREFIX, SETTINGS, Setting};

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "config.toml";
/// Variables with the settings' prefix that belong to clients or to the command line.
const NOT_SETTINGS: &[&str] = &[
    "PIVOTAL_CONFIG",
    "PIVOTAL_API_KEY",
    "PIVOTAL_TEST_KEY",
    "PIVOTAL_API_URL",
    "PIVOTAL_BASE_URL",
];

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Place {
    Default,
    File(PathBuf),
    Environment,
    Flag,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

fn names() -> String {
    SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ")
}

/// The settings of a process, and where they come from.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What holds.
    pub settings: Settings,
    /// Where what is not a default was said.
    given: HashMap<&'static str, Place>,
}

/// A setting with its value.
#[derive(Debug)]
pub struct Listed {
    /// Its name in the file.
    pub name: &'static str,
    /// Its value, as the file would have it.
    pub value: Value,
    /// Where that was said.
    pub place: Place,
}

impl Loaded {
    /// Reads the settings of this process: from `file`, which has to exist when it is named, and
    /// from the environment.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn read(file: Option<&Path>) -> Result<Self, SettingsError> {
        let mut loaded = Self::default();
        let default = Path::new(DEFAULT_FILE);
        match (file, default.is_file()) {
            (Some(file), _) => loaded.read_file(file)?,
            (None, true) => loaded.read_file(default)?,
            (None, false) => {}
        }
        loaded.read_variables(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        }))?;
        Ok(loaded)
    }

    /// Lays the flag `--data-dir` over what was read.
    pub fn flag_data_dir(&mut self, dir: PathBuf) {
        self.settings.data_dir = dir;
        self.given.insert("data_dir", Place::Flag);
    }

    /// All settings, in the order of `config.toml`.
    pub fn list(&self) -> impl Iterator<Item = Listed> {
        SETTINGS.iter().map(|setting| Listed {
            name: setting.name,
            value: (setting.show)(&self.settings),
            place: self.given.get(setting.name).cloned().unwrap_or(Place::Default),
        })
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
            self.take(setting, name, value, place())?;
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
            self.take(setting, name, &Value::String(value), place)?;
        }
        Ok(())
    }

    /// Takes a value over that is called `name` where it stands.
    fn take(
        &mut self,
        setting: &'static Setting,
        name: String,
        value: &Value,
        place: Place,
    ) -> Result<(), SettingsError> {
        let Some(()) = (setting.take)(&mut self.settings, value) else {
            return Err(SettingsError::Bad { place, name, allowed: setting.allowed });
        };
        self.given.insert(setting.name, place);
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
    use crate::settings::RateLimits;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, String> {
        let mut loaded = Loaded::default();
        let variables = variables.iter().map(|&(n, v)| (n.to_owned(), v.to_owned()));
        loaded
            .read_text(Path::new("config.toml"), text)
            .and_then(|()| loaded.read_variables(variables))
            .map_err(|error| error.to_string())?;
        Ok(loaded)
    }

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        Ok(load(text, variables)?.settings)
    }

    /// The settings as a file.
    fn written(loaded: &Loaded) -> String {
        loaded.list().map(|listed| format!("{} = {}\n", listed.name, listed.value)).collect()
    }

    #[test]
    fn what_is_listed_is_read_as_the_same_settings() {
        let all = "listen = \"[::1]:1\"\ndata_dir = \"/var/lib/a b\"\nlog = \"error\"\n\
                   workers = 3\nshutdown_timeout = 4\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
                   [rate_limits]\nenabled = false\nstandard = 5\ntest = 6\npaid = 7\n\
                   [backup]\nevery = \"90m\"\nkeep = 8\ndir = \"/mnt\"\n\
                   [admin]\nenabled = false\nlisten = \"127.0.0.1:2\"\nidle_timeout = \"61s\"";
        for text in ["", all] {
            let loaded = load(text, &[]).unwrap();
            assert_eq!(read(&written(&loaded), &[]).unwrap(), loaded.settings);
        }
    }

    #[test]
    fn every_setting_tells_where_its_value_was_said() {
        let mut loaded = load("workers = 1\nlog = \"off\"", &[("PIVOTAL_LOG", "warn")]).unwrap();
        loaded.flag_data_dir("/elsewhere".into());
        let place = |name: &str| loaded.list().find(|one| one.name == name).unwrap().place;
        assert_eq!(place("listen"), Place::Default);
        assert_eq!(place("workers"), Place::File("config.toml".into()));
        assert_eq!(place("log"), Place::Environment);
        assert_eq!(place("data_dir"), Place::Flag);
    }

    #[test]
    fn the_reference_file_names_every_setting_with_its_default() {
        let text = include_str!("../../config.toml");
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
        let as_in_the_file = [("PIVOTAL_TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]")];
        let same = read("", &as_in_the_file).unwrap();
        assert_eq!(same.trusted_proxies, settings.trusted_proxies);
        assert!(read("", &[("PIVOTAL_TRUSTED_PROXIES", "[\"10.0.0.0/8\"")]).is_err());
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
