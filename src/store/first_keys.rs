//! Tracks whether the API keys created at the first start have been shown.

use super::error::StoreError;
use super::reader::Reader;
use super::tx::Tx;
use crate::model::key::Key;

impl Reader<'_> {
    /// Returns the active keys from the first start if they have not been shown yet. Returns `None`
    /// once they have been shown or a later key has been created.
    pub fn unshown_keys(&self) -> Result<Option<Vec<Key>>, StoreError> {
        let sql = "SELECT 1 FROM database WHERE first_keys_unshown = 1";
        if !self.conn.prepare_cached(sql)?.exists(())? {
            return Ok(None);
        }
        // Creating another key would have cleared the mark, so these are the only keys.
        let mut keys = self.keys(None)?;
        keys.retain(|key| key.revoked_at.is_none());
        keys.reverse();
        Ok(Some(keys))
    }
}

impl Tx<'_> {
    /// Records that the keys just created are the first ones and have not been shown yet.
    pub fn mark_first_keys_unshown(&self) -> Result<(), StoreError> {
        self.set_unshown(true)
    }

    /// Clears that mark, because the keys have been shown or another key was created.
    pub fn mark_first_keys_shown(&self) -> Result<(), StoreError> {
        self.set_unshown(false)
    }

    fn set_unshown(&self, unshown: bool) -> Result<(), StoreError> {
        let sql = "UPDATE database SET first_keys_unshown = ?1 WHERE first_keys_unshown <> ?1";
        self.conn.prepare_cached(sql)?.execute([unshown])?;
        Ok(())
    }
}
