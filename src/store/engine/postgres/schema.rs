//! Creates the schema in a new database, and refuses databases that this version can't use.

use std::cmp::Ordering;

use tokio_postgres::error::SqlState;

use super::commit::{CommitOutcome, commit};
use super::connection::PgConnection;
use super::failure::Failure;
use crate::store::engine::dialect::for_postgres;
use crate::store::engine::identity;
use crate::store::engine::sqlite::schema::{APPLICATION_ID, VERSION};

/// Functions and operators of SQLite. The schema uses some of them.
pub(super) const DIALECT: &str = include_str!("dialect.sql");
const SCHEMA: &str = include_str!("../../../../schema.postgres.sql");

/// The second half of the key of the advisory lock that is held while the schema is created. The
/// first is [`APPLICATION_ID`], because all programs that use a database share these keys.
const LOCK: i32 = 1;

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum SchemaError {
    #[error(
        "the database was written by a newer version (schema {found}; this binary supports up to {known}) and was left unchanged; install that version"
    )]
    Newer { found: i64, known: i64 },
    #[error(
        "the database was written by an older version (schema {found}; this binary needs {known}), which this binary can't upgrade, and was left unchanged; install the version that wrote it"
    )]
    Older { found: i64, known: i64 },
    #[error(
        "the schema `{0}` of the database has tables of another program and was left unchanged; use a database of its own for pivotal-server"
    )]
    Foreign(String),
    #[error(
        "the schema `{0}` of the database is empty; run `pivotal-server serve` once to create its tables, or change the `database` setting"
    )]
    Missing(String),
    #[error(
        "the database has none of the schemas in search_path ({0}); create one, or remove search_path from the URL and from the settings of the role"
    )]
    NoSchema(String),
    #[error(
        "the database stores texts as {0}, but must store them as UTF8; create it with ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    #[error(
        "the role `{role}` can't create tables in the schema `{schema}`; run GRANT CREATE ON SCHEMA {schema} TO {role}"
    )]
    NoPermission { role: String, schema: String },
    #[error("the tables of the database could not be stored: {0:?}")]
    NotStored(Failure),
    #[error(
        "the server did not confirm the tables of the database ({0}); check that its standbys are running, and try again"
    )]
    Unconfirmed(String),
    #[error("a query that must return a row returned none")]
    NoRow,
    #[error("cannot create an ID and a secret for the database: {0}")]
    Random(#[from] getrandom::Error),
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
}

/// Creates the schema if the database is empty; otherwise, checks that it is the current version.
/// Servers can start at the same time: one of them creates it, and the others wait. Returns whether
/// it was created.
///
/// # Errors
/// See [`SchemaError`]. The database is left unchanged.
pub(in crate::store) fn ensure(conn: &PgConnection) -> Result<bool, SchemaError> {
    let place = Place::find(conn)?;
    // Without the lock, because a standby has none.
    if is_current(conn)? {
        return Ok(false);
    }
    let sql = format!("BEGIN; SELECT pg_advisory_xact_lock({APPLICATION_ID}, {LOCK})");
    conn.begin(&sql)?;
    let created = create(conn, &place);
    if !matches!(created, Ok(true)) {
        // If this fails, so does everything else on this connection.
        conn.end("ROLLBACK")?;
        return created;
    }
    match commit(conn) {
        CommitOutcome::Stored | CommitOutcome::Unchanged => Ok(true),
        CommitOutcome::NotStored(failure) => Err(SchemaError::NotStored(failure)),
        CommitOutcome::Unknown(why) => Err(SchemaError::Unconfirmed(why)),
    }
}

/// Creates the schema in the transaction of the connection, unless another server has.
fn create(conn: &PgConnection, place: &Place) -> Result<bool, SchemaError> {
    if is_current(conn)? {
        return Ok(false);
    }
    if has_tables(conn)? {
        return Err(SchemaError::Foreign(place.schema.clone()));
    }
    for sql in [DIALECT, SCHEMA] {
        conn.batch_execute(sql).map_err(|error| place.creation_error(error))?;
    }
    conn.rows("INSERT INTO pivotal_schema (no, version) VALUES (1, $1)", &[&VERSION])?;
    let (id, secret) = identity::random()?;
    conn.rows(&for_postgres(identity::INSERT), &[&&id[..], &&secret[..]])?;
    Ok(true)
}

/// Checks that the schema has been created, in the current version.
///
/// # Errors
/// See [`SchemaError`].
pub(in crate::store) fn check(conn: &PgConnection) -> Result<(), SchemaError> {
    let place = Place::find(conn)?;
    if is_current(conn)? { Ok(()) } else { Err(SchemaError::Missing(place.schema)) }
}

/// Where the tables are, and who creates them, as they are written in statements.
struct Place {
    schema: String,
    role: String,
}

impl Place {
    fn find(conn: &PgConnection) -> Result<Self, SchemaError> {
        let sql = "SELECT quote_ident(current_schema()), quote_ident(current_user),
                       current_setting('search_path'), current_setting('server_encoding')";
        let rows = conn.rows(sql, &[])?;
        let row = rows.first().ok_or(SchemaError::NoRow)?;
        let encoding: String = row.try_get(3)?;
        if encoding != "UTF8" {
            return Err(SchemaError::Encoding(encoding));
        }
        match row.try_get(0)? {
            Some(schema) => Ok(Self { schema, role: row.try_get(1)? }),
            None => Err(SchemaError::NoSchema(row.try_get(2)?)),
        }
    }

    fn creation_error(&self, error: tokio_postgres::Error) -> SchemaError {
        if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            let (role, schema) = (self.role.clone(), self.schema.clone());
            return SchemaError::NoPermission { role, schema };
        }
        error.into()
    }
}

/// The tables in the current schema, without those of extensions.
const TABLES: &str = "pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT EXISTS (
        SELECT 1 FROM pg_depend AS d
        WHERE d.classid = CAST('pg_class' AS regclass) AND d.objid = c.oid AND d.deptype = 'e')";

/// Returns whether the schema has been created. Fails if it is not the current version.
fn is_current(conn: &PgConnection) -> Result<bool, SchemaError> {
    let sql = format!("SELECT 1 FROM {TABLES} AND c.relname = 'pivotal_schema'");
    if conn.rows(&sql, &[])?.is_empty() {
        return Ok(false);
    }
    let rows = conn.rows("SELECT version FROM pivotal_schema", &[])?;
    let row = rows.first().ok_or(SchemaError::NoRow)?;
    let (found, known): (i64, i64) = (row.try_get(0)?, VERSION);
    match found.cmp(&known) {
        Ordering::Less => Err(SchemaError::Older { found, known }),
        Ordering::Equal => Ok(true),
        Ordering::Greater => Err(SchemaError::Newer { found, known }),
    }
}

fn has_tables(conn: &PgConnection) -> Result<bool, SchemaError> {
    Ok(!conn.rows(&format!("SELECT 1 FROM {TABLES} LIMIT 1"), &[])?.is_empty())
}
