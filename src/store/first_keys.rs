//! Whether anybody has seen the keys that the first start made.

use super::error::StoreError;
use super::reader::Reader;
use super::tx::Tx;
use crate::model::key::Key;

impl Reader<'_> {
    /// The keys of the first start that can still be used, although they may never have been
    /// printed; nothing when they were, or when a key was created after them.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn unshown_keys(&self) -> Result<Option<Vec<Key>>, StoreError> {
        let sql = "SELECT 1 FROM database WHERE first_keys_unshown = 1";
        if !self.conn.prepare_cached(sql)?.exists([])? {
            return Ok(None);
        }
        // A later key would have cleared the mark, so there are no others.
        let mut keys = self.keys(None)?;
        keys.retain(|key| key.revoked_at.is_none());
        keys.reverse();
        Ok(Some(keys))
    }
}

impl Tx<'_> {
    /// Marks the keys that were just created as the first ones, which nobody has seen yet.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn mark_first_keys_unshown(&self) -> Result<(), StoreError> {
        self.set_unshown(true)
    }

    /// Removes that mark: they were printed, or another key takes their place.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn mark_first_keys_shown(&self) -> Result<(), StoreError> {
        self.set_unshown(false)
    }

    fn set_unshown(&self, unshown: bool) -> Result<(), StoreError> {
        let sql = "UPDATE database SET first_keys_unshown = ?1 WHERE first_keys_unshown <> ?1";
        self.conn.prepare_cached(sql)?.execute([unshown])?;
        Ok(())
    }
}
