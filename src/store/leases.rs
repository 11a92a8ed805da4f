//! Leases: what only one of the servers on a database may do at a time. Only PostgreSQL has the table,
//! because a file has one server.

use super::engine::params;
use super::error::StoreError;
use super::tx::Tx;
use crate::model::values::time::Timestamp;

impl Tx<'_> {
    /// Takes or renews a lease until a time. Returns `false` if another holder has it. Takes the time
    /// in place of this transaction's, which a test can set: a lease depends on other processes.
    pub fn take_lease(
        &self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?3)
                   ON CONFLICT (name) DO UPDATE
                       SET holder = excluded.holder, expires_at = excluded.expires_at
                       WHERE leases.holder = excluded.holder OR leases.expires_at <= ?4";
        let mut statement = self.conn.prepare_cached(sql)?;
        let (until, now) = (until.as_micros(), now.as_micros());
        Ok(statement.execute(params![name, holder, until, now])? > 0)
    }

    /// Gives a lease back, so that another server need not wait until it expires.
    pub fn end_lease(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM leases WHERE name = ?1 AND holder = ?2";
        self.conn.prepare_cached(sql)?.execute(params![name, holder])?;
        Ok(())
    }
}
