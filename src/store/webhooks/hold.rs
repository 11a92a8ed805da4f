//! Holds back deliveries in a copy of a database, so that a clone stays silent.

use rusqlite::Connection;

/// Holds back what is pending. A database of an earlier version has nothing to hold back.
pub(in crate::store) fn hold_pending(conn: &Connection) -> rusqlite::Result<()> {
    if !conn.table_exists(None, "webhook_deliveries")? {
        return Ok(());
    }
    let sql = "UPDATE webhook_deliveries SET held = 1 WHERE status = 'pending' AND held = 0";
    conn.execute(sql, []).map(drop)
}
