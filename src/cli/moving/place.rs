//! Where one of the databases of a move is, as it is written on the command line. This is not a
//! parser of clap, whose errors would repeat the password in a URL.

use std::path::Path;

use crate::settings::Settings;
#[cfg(feature = "postgres")]
use crate::store::PostgresLocation;
use crate::store::{DataDir, Location};

/// Comes before the name of a variable that contains the URL.
const VARIABLE: &str = "env:";
const ALLOWED: &str = "must be postgres://USER@HOST/NAME, sqlite:///DIR or the path of a data \
                       directory, or env:VARIABLE, where the variable contains one of these";

/// Finds the database that the text of an option names. The error completes "`--to` …".
pub fn find_place(
    text: &str,
    settings: &Settings,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Location, String> {
    let Some(name) = text.strip_prefix(VARIABLE) else { return parse(text, settings) };
    let value = variable(name).filter(|value| !value.trim().is_empty());
    let value = value.ok_or_else(|| format!("names the variable {name}, which is not set"))?;
    parse(&value, settings).map_err(|why| format!("names the variable {name}, which {why}"))
}

fn parse(text: &str, settings: &Settings) -> Result<Location, String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    match scheme.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" => postgres(text, settings),
        "sqlite" => match rest.strip_prefix("//") {
            Some(path) if !path.starts_with('/') => {
                Err("must have three slashes before an absolute path: sqlite:///DIR".to_owned())
            }
            path => directory(path.unwrap_or(rest)),
        },
        _ if text.contains("://") => Err(ALLOWED.to_owned()),
        _ => directory(text),
    }
}

fn directory(path: &str) -> Result<Location, String> {
    match Path::new(path) {
        _ if path.is_empty() => Err(ALLOWED.to_owned()),
        path if path.is_file() => Err("must be the data directory, not a file in it".to_owned()),
        path => Ok(Location::Files(DataDir::new(path))),
    }
}

#[cfg(feature = "postgres")]
fn postgres(text: &str, settings: &Settings) -> Result<Location, String> {
    let url: crate::model::database_url::DatabaseUrl =
        text.parse().map_err(|error| format!("{error}"))?;
    let require_sync = settings.require_sync.unwrap_or_else(|| url.has_several_hosts());
    let connections = settings.postgres.connections;
    Ok(Location::Postgres(PostgresLocation { url, require_sync, connections }))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str, _: &Settings) -> Result<Location, String> {
    Err("needs a binary with the Cargo feature `postgres`, without which this one was built"
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<String, String> {
        let variable = |name: &str| (name == "OLD").then(|| "/srv/old".to_owned());
        find_place(text, &Settings::default(), variable).map(|location| location.place())
    }

    #[test]
    fn a_directory_is_a_path_or_a_url() {
        for (text, path) in [
            ("/srv/a b", "/srv/a b/pivotal.db"),
            ("data", "data/pivotal.db"),
            ("c:data", "c:data/pivotal.db"),
            ("sqlite:///srv/a", "/srv/a/pivotal.db"),
            ("SQLite:data", "data/pivotal.db"),
            ("env:OLD", "/srv/old/pivotal.db"),
        ] {
            assert_eq!(place(text).as_deref(), Ok(path));
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_postgresql_database_is_a_url() {
        assert_eq!(place("postgres://ann:x@db/crm").as_deref(), Ok("db:5432/crm"));
        assert_eq!(place("postgresql://db:5433/crm").as_deref(), Ok("db:5433/crm"));
        let refused = place("postgres://ann:s3c@ret@/crm").unwrap_err();
        assert!(!refused.contains("s3c"), "{refused}");
    }

    #[test]
    fn anything_else_is_refused_with_what_is_allowed() {
        for (text, why) in [
            ("", "sqlite:///DIR"),
            ("mysql://ann:s3cret@db/crm", "sqlite:///DIR"),
            ("sqlite://srv/a", "three slashes"),
            ("sqlite:", "sqlite:///DIR"),
            ("env:NEW", "the variable NEW, which is not set"),
            (file!(), "the data directory"),
        ] {
            let refused = place(text).unwrap_err();
            assert!(refused.contains(why) && !refused.contains("s3cret"), "{text}: {refused}");
        }
    }
}
