//! Puts deliveries on hold in a copy of a database, so that the copy sends nothing.

use rusqlite::Connection;

/// Puts all pending deliveries on hold. A database from an earlier version has none.
pub(in crate::store) fn hold_pending(conn: &Connection) -> rusqlite::Result<()> {
    if !conn.table_exists(None, "webhook_deliveries")? {
        return Ok(());
    }
    let sql = "UPDATE webhook_deliveries SET held = 1 WHERE status = 'pending' AND held = 0";
    conn.execute(sql, []).map(drop)
}
