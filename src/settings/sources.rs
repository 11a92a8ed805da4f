//! Reads the settings from a file and the environment, and reports every error in them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Value;

use super::database::check_backups;
use super::default_file::{DEFAULT_FILES, choose_file};
use super::error::{SettingsError, SettingsErrors};
use super::file;
use super::hand_over::check_hand_over;
use super::retention::check_retention;
use super::table::{self, PREFIX, SETTINGS, Setting};
use super::values::Settings;
use super::variables::UnknownVariable;

/// The source of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    Environment,
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// The settings of this process, with the source of each.
#[derive(Debug, Default)]
pub struct LoadedSettings {
    pub settings: Settings,
    /// The file that was read.
    file: Option<PathBuf>,
    /// Has no entry for a setting with its default value.
    sources: HashMap<&'static str, Source>,
    /// Ignored variables that may be misspelled settings.
    unknown: Vec<UnknownVariable>,
}

#[derive(Debug)]
pub struct EffectiveSetting {
    pub name: &'static str,
    /// As it would be written in the file.
    pub value: Value,
    pub source: Source,
}

impl LoadedSettings {
    /// Reads the settings from `file` and the environment. Without `file`, reads the first of the
    /// default files that exists. Empty variables count as unset.
    ///
    /// # Errors
    /// All errors in both sources; see [`SettingsError`].
    pub fn read(file: Option<&Path>) -> Result<Self, SettingsErrors> {
        let mut loaded = Self::default();
        let mut errors = Vec::new();
        match choose_file(file, &DEFAULT_FILES.map(Path::new)) {
            Ok(Some(file)) => loaded.read_file(file, &mut errors),
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
        loaded.read_variables(std::env::vars_os(), &mut errors);
        errors.extend(check_retention(&loaded.settings.webhooks).err().map(Into::into));
        errors.extend(check_hand_over(&loaded.settings.backup).err().map(Into::into));
        errors.extend(check_backups(&loaded.settings).err().map(Into::into));
        errors.extend(loaded.settings.tls.files().err().map(Into::into));
        if errors.is_empty() { Ok(loaded) } else { Err(SettingsErrors(errors)) }
    }

    /// Returns the variables that start with `PIVOTAL_` but are not settings. They are ignored.
    pub fn unknown_variables(&self) -> &[UnknownVariable] {
        &self.unknown
    }

    /// Returns where a setting's value comes from.
    pub fn source(&self, name: &str) -> &Source {
        self.sources.get(name).unwrap_or(&Source::Default)
    }

    /// Returns the file that was read, if there was one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns the names of the environment variables that set something.
    pub fn variables(&self) -> Vec<String> {
        let is_set = |setting: &&Setting| *self.source(setting.name) == Source::Environment;
        SETTINGS.iter().filter(is_set).map(Setting::variable).collect()
    }

    /// Applies the `--data-dir` flag.
    pub fn override_data_dir(&mut self, dir: PathBuf) {
        self.settings.data_dir = dir;
        self.sources.insert("data_dir", Source::Flag);
    }

    /// Returns all settings in the order of `config.toml`.
    pub fn list(&self) -> impl Iterator<Item = EffectiveSetting> {
        let mut settings = self.settings.clone();
        SETTINGS.iter().map(move |setting| EffectiveSetting {
            name: setting.name,
            value: setting.value_in(&mut settings),
            source: self.source(setting.name).clone(),
        })
    }

    fn read_file(&mut self, file: &Path, errors: &mut Vec<SettingsError>) {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                self.file = Some(file.to_owned());
                self.read_text(file, &text, errors);
            }
            Err(source) => {
                errors.push(SettingsError::Unreadable { file: file.to_owned(), source });
            }
        }
    }

    fn read_text(&mut self, file: &Path, text: &str, errors: &mut Vec<SettingsError>) {
        let path = || file.to_owned();
        let mut entries = match file::parse(text) {
            Ok(entries) => entries,
            Err(syntax) => {
                let to_error = |error: file::SyntaxError| SettingsError::Syntax {
                    file: path(),
                    line: error.line,
                    message: error.message,
                };
                return errors.extend(syntax.into_iter().map(to_error));
            }
        };
        // First the old names, so that present names override them.
        entries.sort_by_key(|entry| table::renamed(&entry.name, str::to_owned).is_none());
        for file::Entry { name, line, value } in entries {
            if let Some(setting) = table::find(&name, str::to_owned) {
                if !self.apply(setting, &value, Source::File(path())) {
                    let fault = setting.fault(&value);
                    errors.push(SettingsError::BadValue { file: path(), line, name, fault });
                }
            } else if !is_empty_section(&name, &value) {
                errors.push(SettingsError::Unknown { file: path(), line, name });
            }
        }
    }

    fn read_variables(
        &mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
        errors: &mut Vec<SettingsError>,
    ) {
        let mut variables: Vec<_> = variables.collect();
        variables.sort_by_key(|(name, _)| {
            table::renamed(&name.to_string_lossy(), table::variable).is_none()
        });
        for (name, value) in variables {
            let name = name.to_string_lossy();
            if !name.starts_with(PREFIX) || value.is_empty() {
                continue;
            }
            let Some(setting) = table::find(&name, table::variable) else {
                self.unknown.extend(UnknownVariable::detect(&name, &value.to_string_lossy()));
                continue;
            };
            // Replacing bytes that are not UTF-8 would change the path of a directory.
            let value = value.into_string().map(Value::String);
            let is_applied =
                value.as_ref().is_ok_and(|value| self.apply(setting, value, Source::Environment));
            if !is_applied {
                // No value is valid that is not text.
                let fault = setting.fault(value.as_ref().unwrap_or(&Value::Boolean(false)));
                errors.push(SettingsError::BadVariable { name: name.into_owned(), fault });
            }
        }
        // The order of environment variables is not defined.
        self.unknown.sort_by_key(ToString::to_string);
    }

    /// Sets a value. Returns false if it is not allowed.
    fn apply(&mut self, setting: &'static Setting, value: &Value, source: Source) -> bool {
        let is_allowed = setting.apply(&mut self.settings, value).is_some();
        if is_allowed {
            self.sources.insert(setting.name, source);
        }
        is_allowed
    }
}

/// Returns whether this is a valid section without any values.
fn is_empty_section(name: &str, value: &Value) -> bool {
    let in_section =
        |setting: &str| setting.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    value.is_table() && SETTINGS.iter().any(|setting| in_section(setting.name))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::settings::RateLimits;

    pub(in crate::settings) fn load(
        text: &str,
        variables: &[(&str, &str)],
    ) -> Result<LoadedSettings, Vec<String>> {
        let mut loaded = LoadedSettings::default();
        let variables = variables.iter().map(|&(n, v)| (n.into(), v.into()));
        let mut errors = Vec::new();
        loaded.read_text(Path::new("config.toml"), text, &mut errors);
        loaded.read_variables(variables, &mut errors);
        let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
        if messages.is_empty() { Ok(loaded) } else { Err(messages) }
    }

    pub(in crate::settings) fn read(
        text: &str,
        variables: &[(&str, &str)],
    ) -> Result<Settings, String> {
        load(text, variables).map(|loaded| loaded.settings).map_err(|messages| messages.join("\n"))
    }

    /// Formats the settings as a file.
    pub(in crate::settings) fn to_toml(loaded: &LoadedSettings) -> String {
        loaded.list().map(|listed| format!("{} = {}\n", listed.name, listed.value)).collect()
    }

    #[test]
    fn listed_settings_parse_to_the_same_settings() {
        let all = "listen = \"[::1]:1\"\ndata_dir = \"/var/lib/a b\"\nlog = \"error\"\n\
                   workers = 3\nshutdown_timeout = 4\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
                   [rate_limits]\nenabled = false\nstandard = 5\ntest = 6\npaid = 7\n\
                   [backup]\nevery = \"90m\"\nkeep = 8\ndir = \"/mnt\"\nafter = [\"a\", \"b\"]\n\
                   [admin]\nenabled = false\nlisten = \"127.0.0.1:2\"\nidle_timeout = \"61s\"";
        for text in ["", all] {
            let loaded = load(text, &[]).unwrap();
            assert_eq!(read(&to_toml(&loaded), &[]).unwrap(), loaded.settings);
        }
    }

    #[test]
    fn every_setting_has_a_source() {
        let mut loaded = load("workers = 1\nlog = \"off\"", &[("PIVOTAL_LOG", "warn")]).unwrap();
        loaded.override_data_dir("/elsewhere".into());
        let source = |name: &str| loaded.list().find(|one| one.name == name).unwrap().source;
        assert_eq!(source("listen"), Source::Default);
        assert_eq!(source("workers"), Source::File("config.toml".into()));
        assert_eq!(source("log"), Source::Environment);
        assert_eq!(source("data_dir"), Source::Flag);
        assert_eq!(loaded.variables(), ["PIVOTAL_LOG"]);
    }

    #[test]
    fn the_file_in_the_repository_lists_every_setting_with_its_default() {
        let text = include_str!("../../config.toml");
        assert_eq!(read(text, &[]).unwrap(), Settings::default());
        let names: Vec<String> =
            file::parse(text).ok().unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>());
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let text = "listen = \"0.0.0.0:1\"\n[rate_limits]\npaid = 7\ntest = 8";
        let variables = [
            ("PIVOTAL_RATE_LIMITS_PAID", "9"),
            ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
            ("PIVOTAL_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("PIVOTAL_API_KEY", "a client's"),
            ("OTHER", "x"),
        ];
        let settings = read(text, &variables).unwrap();
        assert_eq!(settings.listen.iter().next().unwrap().to_string(), "0.0.0.0:1");
        let limits = RateLimits { enabled: false, standard: 60, test: 8, paid: 9 };
        assert_eq!(settings.rate_limits, limits);
        assert_eq!(settings.trusted_proxies.len(), 2);
        let as_in_the_file = [("PIVOTAL_TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]")];
        let same = read("", &as_in_the_file).unwrap();
        assert_eq!(same.trusted_proxies, settings.trusted_proxies);
        assert!(read("", &[("PIVOTAL_TRUSTED_PROXIES", "[\"10.0.0.0/8\"")]).is_err());
    }

    #[test]
    fn an_error_names_its_source_and_the_allowed_values() {
        for (text, variables, message) in [
            (
                "lisen = \"x\"",
                &[][..],
                "config.toml, line 1: unknown setting `lisen`; did you mean `listen`?",
            ),
            (
                "[rate_limits]\npaid = 0",
                &[],
                "config.toml, line 2: `rate_limits.paid` must be a whole number from 1 to 1000000",
            ),
            (
                "",
                &[("PIVOTAL_WORKERS", "many")],
                "environment variable `PIVOTAL_WORKERS` must be a whole number from 0 to 256",
            ),
        ] {
            assert_eq!(read(text, variables).unwrap_err(), message);
        }
        let far = read("speed = 3", &[]).unwrap_err();
        let all =
            "config.toml, line 1: unknown setting `speed`; the available settings are listen, ";
        assert!(far.starts_with(all), "{far}");
        let syntax = read("listen = \"x\"\nworkers = = 1", &[]).unwrap_err();
        assert!(syntax.starts_with("config.toml, line 2: "), "{syntax}");
    }

    #[test]
    fn all_errors_are_reported_together_in_the_order_of_the_file() {
        let text =
            "workers = -1\nlisen = \"x\"\n[admin]\nworkers = 2\n[bakcup]\n[backup]\nkeep = 0";
        let variables = [("PIVOTAL_LOG", "loud"), ("PIVOTAL_BACKUP_KEEP", "0")];
        let messages = load(text, &variables).unwrap_err();
        let lines: Vec<&str> = messages.iter().filter_map(|one| one.split(": ").next()).collect();
        let line = |number: usize| format!("config.toml, line {number}");
        assert_eq!(lines[..5], [line(1), line(2), line(4), line(5), line(7)]);
        assert!(lines[5..].iter().all(|line| line.starts_with("environment variable `PIVOTAL_")));
        assert_eq!(lines.len(), 7);
        assert!(messages[2].ends_with("`admin.workers`; did you mean `workers`?"), "{messages:?}");
        assert!(messages[3].contains("unknown setting `bakcup`"), "{messages:?}");
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let text = "workers = 3\n[backup]\ndir = \"/mnt\"";
        let variables =
            [("PIVOTAL_WORKERS", ""), ("PIVOTAL_BACKUP_DIR", ""), ("PIVOTAL_WORKER", "")];
        let loaded = load(text, &variables).unwrap();
        assert_eq!(loaded.settings.workers, 3);
        assert_eq!(loaded.settings.backup.dir, Some("/mnt".into()));
        assert!(loaded.unknown_variables().is_empty());
    }

    #[test]
    fn an_unknown_variable_is_a_warning_and_not_an_error() {
        let loaded = load("", &[("PIVOTAL_WORKER", "1"), ("PIVOTAL_LOG", "warn")]).unwrap();
        assert_eq!(loaded.settings.log, log::LevelFilter::Warn);
        let messages: Vec<String> =
            loaded.unknown_variables().iter().map(ToString::to_string).collect();
        assert_eq!(messages.len(), 1);
        assert!(messages[0].contains("`PIVOTAL_WORKER`"), "{messages:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf_8_is_rejected_and_not_altered() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(b"/srv/\xff".to_vec());
        let mut errors = Vec::new();
        LoadedSettings::default()
            .read_variables([("PIVOTAL_DATA_DIR".into(), value)].into_iter(), &mut errors);
        assert_eq!(errors.len(), 1);
    }

    #[test]
    fn values_out_of_bounds_are_rejected() {
        for bad in [
            "listen = \"localhost\"",
            "listen = 8080",
            "keep_alive = \"0s\"",
            "tls.cert = 1",
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
