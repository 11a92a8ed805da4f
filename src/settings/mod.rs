//! The settings. Environment over file over default; the command line's flags are laid over the
//! result.

mod file;
mod sources;
mod table;
mod values;
mod variables;

pub use self::sources::{Listed, Loaded, Place, SettingsError, SettingsErrors};
pub use self::values::{Admin, Backups, Connections, RateLimits, Settings};
pub use self::variables::UnknownVariable;
