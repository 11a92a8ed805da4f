//! Whether the server keeps what it has acknowledged.

use std::fmt::{self, Display, Formatter};

use super::connection::PgConnection;

const RELOAD: &str = "SELECT pg_reload_conf();";
/// The settings of the session, and where each value comes from.
const SETTINGS: &str = "
    SELECT name, setting, source FROM pg_settings
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
}

impl Durability {
    /// Reads the settings that hold for the connection.
    pub fn read(connection: &PgConnection) -> Result<Self, postgres::Error> {
        let rows = connection.with_client(|client| client.query(SETTINGS, &[]))?;
        let (mut found, mut source) = (std::collections::BTreeMap::new(), String::new());
        for row in rows {
            let name: String = row.try_get(0)?;
            if name == "synchronous_commit" {
                source = row.try_get(2)?;
            }
            found.insert(name, row.try_get::<_, String>(1)?);
        }
        let mut take = |name: &str| found.remove(name).unwrap_or_default();
        Ok(Self {
            fsync: take("fsync") != "off",
            full_page_writes: take("full_page_writes") != "off",
            synchronous_commit: take("synchronous_commit"),
            source,
            synchronous_standby_names: take("synchronous_standby_names"),
        })
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
        match self.source.as_str() {
            "client" => "remove synchronous_commit from the options in the URL".to_owned(),
            "user" | "database" | "database user" => format!(
                "it is set for the {}; run ALTER ROLE … RESET synchronous_commit and ALTER DATABASE … RESET synchronous_commit, and restart this server",
                if self.source == "database" { "database" } else { "role" }
            ),
            "command line" => {
                "remove it from the command line of the server, and restart it".to_owned()
            }
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
