//! What can be wrong with the settings.

use std::path::PathBuf;

use super::database::BackupsOnPostgres;
use super::hand_over::NothingToHandOver;
use super::retention::ShortRetention;
use super::table::SETTINGS;
use super::tls::IncompleteTls;
use super::variables::nearest;
use crate::model::plain_words::io_reason;

/// An error in the settings. The message names the source, the setting, and the allowed values.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read {}: {}; check the path and the permissions", .file.display(), io_reason(source))]
    Unreadable { file: PathBuf, source: std::io::Error },
    #[error("{}, line {line}: not valid TOML ({message}); write `name = value`, with text in quotes", .file.display())]
    Syntax { file: PathBuf, line: usize, message: String },
    #[error("{}, line {line}: unknown setting `{name}`; {}", .file.display(), hint(name))]
    Unknown { file: PathBuf, line: usize, name: String },
    #[error("{}, line {line}: `{name}` {fault}", .file.display())]
    BadValue { file: PathBuf, line: usize, name: String, fault: String },
    #[error("environment variable `{name}` {fault}")]
    BadVariable { name: String, fault: String },
    #[error(transparent)]
    ShortRetention(#[from] ShortRetention),
    #[error(transparent)]
    NothingToHandOver(#[from] NothingToHandOver),
    #[error(transparent)]
    BackupsOnPostgres(#[from] BackupsOnPostgres),
    #[error(transparent)]
    IncompleteTls(#[from] IncompleteTls),
}

/// All errors in the settings, so that they can be fixed in one go.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct SettingsErrors(pub(super) Vec<SettingsError>);

impl SettingsErrors {
    /// Returns the errors; there is at least one.
    pub fn iter(&self) -> impl Iterator<Item = &SettingsError> {
        self.0.iter()
    }
}

/// Suggests the setting that an unknown name probably means.
fn hint(name: &str) -> String {
    let names = || SETTINGS.iter().map(|setting| setting.name);
    match nearest(name, names()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("the available settings are {}", names().collect::<Vec<_>>().join(", ")),
    }
}
