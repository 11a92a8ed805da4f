//! Whether the server keeps what it has acknowledged.

use std::fmt::{self, Display, Formatter};

use super::connection::PgConnection;

const RELOAD: &str = "SELECT pg_reload_conf();";
/// The settings of the session, where each value comes from, and whose session it is.
const SETTINGS: &str = "
    SELECT name, setting, source, quote_ident(current_user), quote_ident(current_database())
    FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names')";

/// Where an acknowledged change must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Copies {
    /// On the disk of the primary.
    One,
    /// Also on the disk of a standby.
    Two,
}

/// The server's settings for commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Durability {
    fsync: bool,
    full_page_writes: bool,
    synchronous_commit: String,
    /// Where the value of `synchronous_commit` comes from, as in `pg_settings`.
    source: String,
    synchronous_standby_names: String,
    /// Quoted for SQL.
    role: String,
    database: String,
}

impl Durability {
    /// Reads the settings that hold for the connection.
    pub fn read(connection: &PgConnection) -> Result<Self, tokio_postgres::Error> {
        let rows = connection.rows(SETTINGS, &[])?;
        let mut durability = Self {
            fsync: false,
            full_page_writes: false,
            synchronous_commit: String::new(),
            source: String::new(),
            synchronous_standby_names: String::new(),
            role: String::new(),
            database: String::new(),
        };
        for row in rows {
            let value: String = row.try_get(1)?;
            match row.try_get(0)? {
                "fsync" => durability.fsync = value == "on",
                "full_page_writes" => durability.full_page_writes = value == "on",
                "synchronous_commit" => {
                    durability.synchronous_commit = value;
                    durability.source = row.try_get(2)?;
                    durability.role = row.try_get(3)?;
                    durability.database = row.try_get(4)?;
                }
                _ => durability.synchronous_standby_names = value,
            }
        }
        Ok(durability)
    }

    /// # Errors
    /// Says which settings to change, and how, if the server can lose what it has acknowledged.
    pub fn check(&self, copies: Copies) -> Result<(), NotDurable> {
        let mut problems = Vec::new();
        for (name, is_on) in [("fsync", self.fsync), ("full_page_writes", self.full_page_writes)] {
            if !is_on {
                problems.push(format!(
                    "{name} is off, so a crash can damage the database: run ALTER SYSTEM SET {name} = on; {RELOAD}"
                ));
            }
        }
        let level = self.synchronous_commit.as_str();
        // With `remote_write`, a standby may have a change only in its memory.
        let is_enough = match copies {
            Copies::One => level != "off",
            Copies::Two => matches!(level, "on" | "remote_apply"),
        };
        if !is_enough {
            problems.push(format!(
                "synchronous_commit is {level}, so a change can get lost after it was acknowledged: {}",
                self.how_to_reset()
            ));
        }
        if copies == Copies::Two && self.synchronous_standby_names.trim().is_empty() {
            problems.push(format!(
                "synchronous_standby_names is empty, so a change is acknowledged before a standby has it: run ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (n2, n3)'; {RELOAD} with the application_name of each standby in place of n2 and n3, or set require_sync to false"
            ));
        }
        if problems.is_empty() { Ok(()) } else { Err(NotDurable(problems)) }
    }

    /// A setting of a role or a database overrides that of the server.
    fn how_to_reset(&self) -> String {
        let (role, database) = (&self.role, &self.database);
        let reset = "RESET synchronous_commit; and restart this server";
        match self.source.as_str() {
            "client" => "remove synchronous_commit from the options in the URL".to_owned(),
            "user" => format!("run ALTER ROLE {role} {reset}"),
            "database" => format!("run ALTER DATABASE {database} {reset}"),
            "database user" => format!("run ALTER ROLE {role} IN DATABASE {database} {reset}"),
            "command line" => "remove it from PostgreSQL's command line and restart it".to_owned(),
            _ => format!("run ALTER SYSTEM SET synchronous_commit = on; {RELOAD}"),
        }
    }
}

/// The server can lose what it has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct NotDurable(Vec<String>);

impl Display for NotDurable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL can lose acknowledged changes: {}", self.0.join("; "))
    }
}

impl std::error::Error for NotDurable {}

#[cfg(test)]
mod tests {
    use super::*;

    fn durability(synchronous_commit: &str, standbys: &str) -> Durability {
        Durability {
            fsync: true,
            full_page_writes: true,
            synchronous_commit: synchronous_commit.to_owned(),
            source: "default".to_owned(),
            synchronous_standby_names: standbys.to_owned(),
            role: "pivotal".to_owned(),
            database: "\"Crm\"".to_owned(),
        }
    }

    #[test]
    fn two_copies_need_a_standby_that_confirms_to_have_synced() {
        for (level, standbys, one, two) in [
            ("on", "ANY 1 (n2, n3)", true, true),
            ("remote_apply", "n2", true, true),
            ("remote_write", "n2", true, false),
            ("local", "n2", true, false),
            ("off", "n2", false, false),
            ("on", " ", true, false),
        ] {
            let durability = durability(level, standbys);
            assert_eq!(durability.check(Copies::One).is_ok(), one, "{level} {standbys}");
            assert_eq!(durability.check(Copies::Two).is_ok(), two, "{level} {standbys}");
        }
        let unsafe_disk = Durability { fsync: false, ..durability("on", "n2") };
        let why = unsafe_disk.check(Copies::One).unwrap_err().to_string();
        assert!(why.contains("ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();"), "{why}");
    }

    #[test]
    fn the_advice_fits_where_the_value_was_set() {
        for (source, advice) in [
            ("configuration file", "ALTER SYSTEM SET synchronous_commit = on; SELECT pg_reload"),
            ("user", "ALTER ROLE pivotal RESET synchronous_commit;"),
            ("database", "ALTER DATABASE \"Crm\" RESET synchronous_commit;"),
            ("database user", "ALTER ROLE pivotal IN DATABASE \"Crm\" RESET"),
            ("client", "options in the URL"),
        ] {
            let durability = Durability { source: source.to_owned(), ..durability("off", "n2") };
            let why = durability.check(Copies::Two).unwrap_err().to_string();
            assert!(why.contains(advice), "{why}");
        }
        let why = durability("on", "").check(Copies::Two).unwrap_err().to_string();
        assert!(why.contains("SET synchronous_standby_names = 'ANY 1 (n2, n3)'; SELECT pg_rel"));
    }
}
