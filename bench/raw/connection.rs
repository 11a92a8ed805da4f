//! Opens connections with the same pragmas as `src/store/engine/sqlite.rs`.

use pivotal_server::store::DataDir;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::database::seed;

pub fn open_writer(dir: &DataDir) -> rusqlite::Result<Connection> {
    let conn = open(dir)?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(conn)
}

pub fn open_reader(dir: &DataDir) -> rusqlite::Result<Connection> {
    let conn = open(dir)?;
    conn.execute_batch("PRAGMA query_only = ON")?;
    Ok(conn)
}

fn open(dir: &DataDir) -> rusqlite::Result<Connection> {
    let conn = Connection::open(dir.database())?;
    conn.set_prepared_statement_cache_capacity(128);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.execute_batch(
        "PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(conn)
}

/// Returns the number of the workspace that has the rows.
pub fn workspace(conn: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT no FROM workspaces WHERE slug = ?1";
    conn.query_row(sql, [seed::WORKSPACE], |row| row.get(0))
}
