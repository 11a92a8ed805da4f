//! The URL of a database on PostgreSQL, and checks of the settings that are only for SQLite.

#[cfg(test)]
mod tests;

use toml::Value;

use super::kinds::Kind;
use super::values::Settings;
use crate::model::database_url::DatabaseUrl;

/// `config` prints this instead of a password, as `DatabaseUrl` does.
const HIDDEN_PASSWORD: &str = "***";
const ALLOWED: &str = "the URL of a PostgreSQL database, such as \
                       \"postgres://user:password@host:5432/name\", or \"\" for the SQLite file in \
                       `data_dir`";

/// A database on PostgreSQL, printed without its password.
pub(super) fn optional_database() -> Kind<Option<DatabaseUrl>> {
    let to_value = |url: &Option<DatabaseUrl>| {
        url.as_ref().map_or_else(|| "".into(), |url| Value::String(url.to_string()))
    };
    Kind::new(ALLOWED, |value| parse(value.as_str()?).ok(), to_value)
        .explained_by(|value| parse(value.as_str()?).err())
}

fn parse(text: &str) -> Result<Option<DatabaseUrl>, String> {
    match text.trim() {
        "" => Ok(None),
        _ if cfg!(not(feature = "postgres")) => Err(
            "must be empty, because this binary was built without PostgreSQL (the Cargo feature \
                 `postgres`); leave it empty to use the SQLite file in `data_dir`, or install a \
                 binary with that feature"
                .to_owned(),
        ),
        text => {
            let url: DatabaseUrl = text.parse().map_err(|error| format!("{error}"))?;
            if url.secret_password() == Some(HIDDEN_PASSWORD) {
                return Err(
                    "has `***` as its password, which `config` prints instead of the real \
                            one; write the password"
                        .to_owned(),
                );
            }
            Ok(Some(url))
        }
    }
}

/// Scheduled backups copy a file. Ignoring them would leave the data without any.
#[derive(Debug, thiserror::Error)]
#[error(
    "`backup.every` is set, but the database is on PostgreSQL, where the server makes no backups; \
     set `backup.every` to \"off\" and run `{command}` on a schedule of your own"
)]
pub struct BackupsOnPostgres {
    command: String,
}

pub(super) fn check_backups(settings: &Settings) -> Result<(), BackupsOnPostgres> {
    match settings.backup_command() {
        Some(command) if settings.backup.every.is_some() => Err(BackupsOnPostgres { command }),
        _ => Ok(()),
    }
}
