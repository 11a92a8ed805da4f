//! Changes that the triggers and foreign keys of the schema would refuse or slow down.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

#[cfg(feature = "postgres")]
use super::params;
use super::{Conn, Result};
use crate::model::workspace::WorkspaceNo;

const ENABLE_TRIGGER: DbConfig = DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER;
const ENABLE_FKEY: DbConfig = DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;

/// While this exists, the connection does not check foreign keys in SQLite: finding the references
/// to a deleted customer can mean reading all contacts. PostgreSQL has indexes for that, and only a
/// superuser can turn its checks off. Temporary triggers stay on.
pub(in crate::store) enum Unchecked<'c> {
    Sqlite {
        conn: &'c Connection,
        off: &'static [DbConfig],
    },
    #[cfg(feature = "postgres")]
    Postgres {
        conn: Conn<'c>,
        /// The row of `purges` that lets events be deleted.
        permit: Option<i64>,
    },
}

impl<'c> Unchecked<'c> {
    /// Also lets any event of this workspace be deleted. In SQLite, turns all triggers off.
    #[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "SQLite ignores it"))]
    pub fn events_of(conn: Conn<'c>, workspace: WorkspaceNo) -> Result<Self> {
        match conn {
            Conn::Sqlite(conn) => Self::without(conn, &[ENABLE_TRIGGER, ENABLE_FKEY]),
            #[cfg(feature = "postgres")]
            Conn::Postgres(_) => {
                let sql = "INSERT INTO purges (workspace_no, resource, resource_id, purged_at,
                               actor_type, actor_id, open)
                           VALUES (?1, 'workspace', '', 0, 'system', '', 0) RETURNING no";
                let no = conn.query_row(sql, params![workspace.0], |row| row.get(0))?;
                Ok(Self::Postgres { conn, permit: Some(no) })
            }
        }
    }

    pub fn references(conn: Conn<'c>) -> Result<Self> {
        match conn {
            Conn::Sqlite(conn) => Self::without(conn, &[ENABLE_FKEY]),
            #[cfg(feature = "postgres")]
            Conn::Postgres(_) => Ok(Self::Postgres { conn, permit: None }),
        }
    }

    fn without(conn: &'c Connection, off: &'static [DbConfig]) -> Result<Self> {
        let unchecked = Self::Sqlite { conn, off };
        unchecked.set(false)?;
        Ok(unchecked)
    }

    fn set(&self, enabled: bool) -> Result<()> {
        match self {
            Self::Sqlite { conn, off } => {
                for &config in *off {
                    conn.set_db_config(config, enabled)?;
                }
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres { permit: None, .. } => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres { conn, permit: Some(no) } => {
                conn.execute("DELETE FROM purges WHERE no = ?1", [*no]).map(drop)
            }
        }
    }
}

impl Drop for Unchecked<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.set(true) {
            log::error!("can't turn the checks of the database on again: {error}");
        }
    }
}
