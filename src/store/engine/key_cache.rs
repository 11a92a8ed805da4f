//! The keys that a connection has read, for as long as nothing in the file has changed since. Every
//! request needs its key, and hardly any finds another one than the request before it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use crate::model::key::secret::Prefix;
use crate::store::error::StoreError;
use crate::store::keys::{self, Credentials};

/// Keys of which a connection knows.
const MAX_KEYS: usize = 1000;

/// What one connection knows.
#[derive(Debug, Default)]
pub(in crate::store) struct KeyCache(RefCell<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// The state of the file in which they were read.
    version: Option<i64>,
    keys: HashMap<Prefix, Arc<Credentials>>,
}

impl KeyCache {
    /// The key with this visible prefix, revoked or not, as it is in the transaction that this
    /// connection has begun.
    pub fn find(
        &self,
        conn: &Connection,
        prefix: &Prefix,
    ) -> Result<Option<Arc<Credentials>>, StoreError> {
        let version = data_version(conn)?;
        let mut known = self.0.borrow_mut();
        if known.version != Some(version) || known.keys.len() >= MAX_KEYS {
            *known = Entries { version: Some(version), keys: HashMap::new() };
        }
        if let Some(found) = known.keys.get(prefix) {
            return Ok(Some(Arc::clone(found)));
        }
        let found = keys::find_by_prefix(conn, prefix)?.map(Arc::new);
        if let Some(found) = &found {
            known.keys.insert(prefix.clone(), Arc::clone(found));
        }
        Ok(found)
    }
}

/// A number that is another one on this connection whenever any other connection, of whichever
/// process, has committed something meanwhile (SQLite manual, "PRAGMA data_version"). Within a
/// transaction it stays what it is.
fn data_version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}
