//! The API keys that a connection has read, kept until something in the database changes. Every
//! request needs its key, and it is almost always the same as that of the request before it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::connection;
use crate::model::key::secret::Prefix;
use crate::store::error::StoreError;
use crate::store::keys::{self, Credentials};

/// The maximum number of keys that a connection caches.
const MAX_KEYS: usize = 1000;

/// The cache of one connection.
#[derive(Debug, Default)]
pub(in crate::store) struct KeyCache(RefCell<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// The version of the database that the keys were read from.
    version: Option<i64>,
    keys: HashMap<Prefix, Arc<Credentials>>,
}

impl KeyCache {
    /// Returns the key with this prefix, revoked or not, as seen by the connection's current
    /// transaction.
    pub fn find(
        &self,
        conn: &Connection,
        prefix: &Prefix,
    ) -> Result<Option<Arc<Credentials>>, StoreError> {
        let version = connection::data_version(conn)?;
        let mut entries = self.0.borrow_mut();
        if entries.version != Some(version) || entries.keys.len() >= MAX_KEYS {
            *entries = Entries { version: Some(version), keys: HashMap::new() };
        }
        if let Some(found) = entries.keys.get(prefix) {
            return Ok(Some(Arc::clone(found)));
        }
        let found = keys::find_by_prefix(conn.into(), prefix)?.map(Arc::new);
        if let Some(found) = &found {
            entries.keys.insert(prefix.clone(), Arc::clone(found));
        }
        Ok(found)
    }
}
