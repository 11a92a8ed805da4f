//! Forms that do something only once, however often a session submits them.

use crate::store::engine::params;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::tx::Tx;

impl Reader<'_> {
    /// Returns whether a session has submitted a form.
    pub fn is_form_submitted(
        &self,
        session: &[u8; 32],
        form: &[u8; 32],
    ) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM admin_submissions WHERE session = ?1 AND form = ?2";
        Ok(self.conn.prepare_cached(sql)?.exists(params![session, form])?)
    }
}

impl Tx<'_> {
    /// Records that a session has submitted a form, in the same transaction as what the form does.
    /// Returns false if it had already been submitted. A submission that another server has not
    /// committed yet is awaited.
    pub fn record_form(&self, session: &[u8; 32], form: &[u8; 32]) -> Result<bool, StoreError> {
        let sql = "INSERT INTO admin_submissions (session, form, submitted_at) VALUES (?1, ?2, ?3)
                   ON CONFLICT (session, form) DO NOTHING";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.execute(params![session, form, self.now.as_micros()])? > 0)
    }
}
