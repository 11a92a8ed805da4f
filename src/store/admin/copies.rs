//! Ends the sessions in a copy of a database: a session that was signed out after a backup must not
//! be open again once the backup is restored.

use rusqlite::Connection;

/// Removes all sessions. A database from an earlier version has none.
pub(in crate::store) fn end_sessions(conn: &Connection) -> rusqlite::Result<()> {
    for table in ["admin_sessions", "admin_submissions"] {
        if conn.table_exists(None, table)? {
            conn.execute(&format!("DELETE FROM {table}"), [])?;
        }
    }
    Ok(())
}
