//! The settings. The environment overrides the file, which overrides the defaults; flags on the
//! command line override all of them.

mod command;
mod database;
mod default_file;
mod error;
mod exposure;
mod file;
mod hand_over;
mod kinds;
mod listen;
#[cfg(test)]
mod listening_tests;
mod retention;
mod sources;
mod table;
mod tls;
mod values;
mod variables;

pub use self::command::CommandLine;
pub use self::error::{SettingsError, SettingsErrors};
pub use self::exposure::{ExposedTestControl, check_exposure};
pub use self::listen::{ListenAddress, ListenAddresses, is_localhost};
pub use self::sources::{EffectiveSetting, LoadedSettings, Source};
pub use self::tls::{IncompleteTls, KeyPairFiles, Tls};
pub use self::values::{
    Admin, Backups, Bootstrap, Connections, Cors, LogFormat, Metrics, Postgres, RateLimits,
    Settings, TestControl,
};
pub use self::variables::UnknownVariable;
