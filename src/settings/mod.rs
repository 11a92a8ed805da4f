//! The settings. Environment over file over default; the command line's flags are laid over the
//! result.

mod file;
mod sources;
mod table;
mod values;
mod variables;

pub use self::sources::{EffectiveSetting, LoadedSettings, SettingsError, SettingsErrors, Source};
pub use self::values::{Admin, Backups, Connections, RateLimits, Settings};
pub use self::variables::UnknownVariable;
