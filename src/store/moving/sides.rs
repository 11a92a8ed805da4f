//! The database that is moved, and the one that it is moved to. Nobody else uses either of them.

use std::sync::Arc;

use super::error::MoveError;
#[cfg(feature = "postgres")]
use super::tables::OF_NEW_DATABASES;
use super::tables::Table;
use crate::store::Reader;
use crate::store::engine::Conn;
#[cfg(feature = "postgres")]
use crate::store::engine::postgres::exclusive::PgExclusive;
use crate::store::error::{CopyWarning, StoreError};
#[cfg(feature = "postgres")]
use crate::store::files::IfMissing;
use crate::store::files::watch::Watch;
use crate::store::files::{LockedFile, NewFile};
use crate::store::location::Location;

/// The database that is moved. It is read at one moment, and not changed.
pub(super) enum Source {
    Sqlite(LockedFile),
    #[cfg(feature = "postgres")]
    Postgres(Box<PgExclusive>),
}

impl Source {
    pub fn open(location: &Location) -> Result<Self, MoveError> {
        let source = match location {
            Location::Files(dir) => Self::Sqlite(dir.open_locked()?),
            #[cfg(feature = "postgres")]
            Location::Postgres(postgres) => {
                Self::Postgres(Box::new(PgExclusive::open(postgres, IfMissing::Fail)?))
            }
        };
        // The transaction ends with the connection.
        source.conn().begin_read().map_err(StoreError::from)?;
        Ok(source)
    }

    pub fn conn(&self) -> Conn<'_> {
        match self {
            Self::Sqlite(file) => file.conn().into(),
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => postgres.conn(),
        }
    }

    pub fn reader(&self) -> Reader<'_> {
        Reader { conn: self.conn() }
    }

    /// Fails if a server has started.
    pub fn ensure_unused(&self) -> Result<(), MoveError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => Ok(postgres.ensure_unused()?),
        }
    }
}

/// The new database. Unless it is published, nothing of it remains.
pub(super) enum Target {
    Sqlite(NewFile),
    #[cfg(feature = "postgres")]
    Postgres(Box<PgExclusive>),
}

impl Target {
    /// Opens or creates the database, and begins to change it. Its tables are empty.
    pub fn create(
        location: &Location,
        #[cfg_attr(not(feature = "postgres"), allow(unused_variables))] tables: &[Table],
    ) -> Result<Self, MoveError> {
        match location {
            Location::Files(dir) => match dir.create_locked()? {
                Some(file) => Ok(Self::Sqlite(file)),
                None => Err(MoveError::OccupiedDir(dir.path().to_owned())),
            },
            #[cfg(feature = "postgres")]
            Location::Postgres(postgres) => {
                let database = PgExclusive::open(postgres, IfMissing::Create)?;
                database.begin_write()?;
                let conn = database.conn();
                match first_occupied(conn, tables)? {
                    Some(table) => {
                        let place = location.place();
                        return Err(MoveError::Occupied { place, table: table.to_owned() });
                    }
                    None => clear(conn)?,
                }
                Ok(Self::Postgres(Box::new(database)))
            }
        }
    }

    pub fn conn(&self) -> Conn<'_> {
        match self {
            Self::Sqlite(file) => file.conn().into(),
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => postgres.conn(),
        }
    }

    pub fn reader(&self) -> Reader<'_> {
        Reader { conn: self.conn() }
    }

    /// Completes the database after all rows are there.
    pub fn complete(
        &mut self,
        #[cfg_attr(not(feature = "postgres"), allow(unused_variables))] tables: &[Table],
        watch: &Arc<dyn Watch>,
    ) -> Result<(), MoveError> {
        match self {
            Self::Sqlite(file) => Ok(file.complete(watch)?),
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => {
                let names: Vec<&str> = tables.iter().map(|table| &*table.name).collect();
                Ok(postgres.complete(&names)?)
            }
        }
    }

    /// Makes the database visible to others.
    pub fn publish(self) -> Result<Option<CopyWarning>, MoveError> {
        match self {
            Self::Sqlite(file) => Ok(file.publish()?),
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => {
                postgres.ensure_unused()?;
                postgres.commit()?;
                Ok(None)
            }
        }
    }
}

/// Returns a table with rows that a new database doesn't have.
#[cfg(feature = "postgres")]
fn first_occupied<'t>(conn: Conn<'_>, tables: &'t [Table]) -> Result<Option<&'t str>, StoreError> {
    for table in tables.iter().filter(|table| !OF_NEW_DATABASES.contains(&&*table.name)) {
        let sql = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if conn.prepare_cached(&sql)?.exists(())? {
            return Ok(Some(&table.name));
        }
    }
    Ok(None)
}

#[cfg(feature = "postgres")]
fn clear(conn: Conn<'_>) -> Result<(), StoreError> {
    for table in OF_NEW_DATABASES {
        conn.execute(&format!("DELETE FROM {table}"), ())?;
    }
    Ok(())
}
