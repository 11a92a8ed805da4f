//! API keys: their methods of [`Reader`] and [`Tx`].

use std::sync::Arc;

use super::error::StoreError;
use super::reader::{Reader, WorkspaceReader};
use super::rows::record::Subject;
use super::rows::row::enum_value;
use super::tx::Tx;
use super::workspaces;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventType};
use crate::model::key::issued::IssuedKey;
use crate::model::key::secret::Prefix;
use crate::model::key::{Key, KeyId, KeyUse, Mode, Scopes};
use crate::model::resource::ResourceType;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;
use crate::store::engine::{self, Conn, OptionalExtension, Row, params};

/// An API key with what is needed to authenticate a request and to act on its behalf.
#[derive(Debug, PartialEq, Eq)]
pub struct Credentials {
    pub key: Key,
    /// The Argon2id hash of the whole key, as a PHC string.
    pub hash: String,
    /// The key as an actor in its workspace.
    pub caller: Arc<Caller>,
}

/// Builds the query for keys, each joined with its workspace.
fn select(condition: &str) -> String {
    format!(
        "SELECT k.id, k.lookup, k.name, k.mode, k.tier, k.scopes, k.created_at, k.last_used_at,
             k.last_used_ip, k.request_count, k.revoked_at, k.replaces, k.expires_at, k.hash, {}
         FROM api_keys AS k JOIN workspaces AS w ON w.no = k.workspace_no
         WHERE {condition}",
        workspaces::COLUMNS
    )
}

fn from_row(row: &Row<'_>) -> engine::Result<Credentials> {
    let workspace = workspaces::from_row(row)?;
    let mode: Mode = enum_value(row, "mode")?;
    let time = |column| {
        Ok::<_, engine::Error>(row.get::<&str, Option<_>>(column)?.map(Timestamp::from_micros))
    };
    let key = Key {
        id: Id::from_stored(row.get("id")?),
        prefix: Prefix::new(mode, row.get_ref("lookup")?.as_str()?),
        name: Name::from_stored(row.get("name")?),
        mode,
        workspace: workspace.slug.clone(),
        tier: enum_value(row, "tier")?,
        scopes: Scopes::from_stored(row.get_ref("scopes")?.as_str()?),
        created_at: Timestamp::from_micros(row.get("created_at")?),
        expires_at: time("expires_at")?,
        last_used_at: time("last_used_at")?,
        last_used_ip: row.get("last_used_ip")?,
        request_count: row.get("request_count")?,
        revoked_at: time("revoked_at")?,
        replaces: row.get::<_, Option<_>>("replaces")?.map(Id::from_stored),
    };
    let actor = Actor::key(&key.id, &key.name);
    let caller = Arc::new(Caller { workspace, actor, livemode: mode.is_live() });
    Ok(Credentials { key, hash: row.get("hash")?, caller })
}

/// Finds a key by its lookup ID.
const BY_LOOKUP_ID: &str = "k.lookup = ?1";

/// Returns the key with this prefix, revoked or not.
pub(super) fn find_by_prefix(
    conn: Conn<'_>,
    prefix: &Prefix,
) -> Result<Option<Credentials>, StoreError> {
    let sql = select(BY_LOOKUP_ID);
    let found = conn.prepare_cached(&sql)?.query_row([prefix.lookup_id()], from_row).optional()?;
    Ok(found.filter(|found: &Credentials| found.key.prefix == *prefix))
}

fn find_by_id(conn: Conn<'_>, id: &KeyId) -> Result<Option<Credentials>, StoreError> {
    let sql = select("k.id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([id], from_row).optional()?)
}

impl Reader<'_> {
    /// Returns the key with this prefix, revoked or not.
    pub fn credentials(&self, prefix: &Prefix) -> Result<Option<Credentials>, StoreError> {
        find_by_prefix(self.conn, prefix)
    }

    /// Reads something for a key that was read before. Returns `None` if the key is no longer the
    /// same. PostgreSQL gets both queries in one round trip, that for the key first.
    pub fn read_with<T>(
        &self,
        known: &Credentials,
        read: impl FnOnce(&Self) -> T,
    ) -> Result<Option<T>, StoreError> {
        let (sql, id) = (select(BY_LOOKUP_ID), known.key.prefix.lookup_id());
        let (current, result) = self.conn.query_ahead(&sql, [id], from_row, || read(self))?;
        Ok(current.filter(|current| current == known).map(|_| result))
    }

    /// Returns the key with this ID, revoked or not.
    pub fn credentials_by_id(&self, id: &KeyId) -> Result<Option<Credentials>, StoreError> {
        find_by_id(self.conn, id)
    }

    /// Returns all keys, or those of one workspace, newest first.
    pub fn keys(&self, workspace: Option<&Slug>) -> Result<Vec<Key>, StoreError> {
        let sql = select("w.slug = ?1 OR ?1 IS NULL ORDER BY k.created_at DESC, k.id DESC");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([workspace.map(Slug::as_str)], from_row)?;
        Ok(rows.map(|row| row.map(|found| found.key)).collect::<engine::Result<_>>()?)
    }
}

impl WorkspaceReader<'_> {
    /// Returns the keys of the workspace, newest first.
    pub fn keys(&self) -> Result<Vec<Key>, StoreError> {
        let sql = select("k.workspace_no = ?1 ORDER BY k.created_at DESC, k.id DESC");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([self.workspace.0], from_row)?;
        Ok(rows.map(|row| row.map(|found| found.key)).collect::<engine::Result<_>>()?)
    }
}

impl Tx<'_> {
    /// Stores a new key. The store never sees its secret.
    pub fn create_key(
        &self,
        actor: Actor,
        workspace: &Workspace,
        issued: IssuedKey,
    ) -> Result<Key, StoreError> {
        let IssuedKey { new, prefix, hash } = issued;
        let key = Key {
            id: Id::generate(),
            prefix,
            name: new.name,
            mode: new.mode,
            workspace: workspace.slug.clone(),
            tier: new.tier,
            scopes: new.scopes,
            created_at: self.now,
            expires_at: new.expires_at,
            last_used_at: None,
            last_used_ip: None,
            request_count: 0,
            revoked_at: None,
            replaces: new.replaces,
        };
        let sql = "INSERT INTO api_keys (id, workspace_no, lookup, hash, name, mode, tier, scopes,
                       created_at, expires_at, replaces)
                   SELECT ?, no, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM workspaces WHERE id = ?";
        self.conn.prepare_cached(sql)?.execute(params![
            key.id,
            key.prefix.lookup_id(),
            hash,
            key.name.as_str(),
            <&str>::from(key.mode),
            <&str>::from(key.tier),
            key.scopes.to_stored(),
            key.created_at.as_micros(),
            key.expires_at.map(Timestamp::as_micros),
            key.replaces,
            // Its number changes when test control resets it.
            workspace.id,
        ])?;
        self.mark_first_keys_shown()?;
        self.record_key_event(actor, workspace, EventType::ApiKeyCreated, &key)?;
        Ok(key)
    }

    /// Stores a key that its owner brought along. Returns `None` if its lookup ID is taken.
    pub fn import_key(
        &self,
        actor: Actor,
        workspace: &Workspace,
        issued: IssuedKey,
    ) -> Result<Option<Key>, StoreError> {
        let sql = "SELECT 1 FROM api_keys WHERE lookup = ?1";
        if self.conn.prepare_cached(sql)?.exists([issued.prefix.lookup_id()])? {
            return Ok(None);
        }
        self.create_key(actor, workspace, issued).map(Some)
    }

    /// Stores a replacement key for a key, which stays as it is. Returns `None` if the old key is
    /// not active or already has a replacement that is.
    pub fn create_replacement_key(
        &self,
        actor: Actor,
        old: &KeyId,
        issued: IssuedKey,
    ) -> Result<Option<Key>, StoreError> {
        let Some(Credentials { key, caller, .. }) = find_by_id(self.conn, old)? else {
            return Ok(None);
        };
        let sql = "SELECT EXISTS (SELECT 1 FROM api_keys WHERE replaces = ?1 AND revoked_at IS NULL
                 AND coalesce(expires_at > ?2, true))";
        let has_replacement: bool = self
            .conn
            .prepare_cached(sql)?
            .query_row(params![old, self.now.as_micros()], |row| row.get(0))?;
        if has_replacement || !key.is_active(self.now) {
            return Ok(None);
        }
        self.create_key(actor, &caller.workspace, issued).map(Some)
    }

    /// Revokes a key permanently, unless it is already revoked. Returns `None` if there is no such
    /// key.
    pub fn revoke_key(&self, actor: Actor, id: &KeyId) -> Result<Option<Key>, StoreError> {
        let Some(Credentials { mut key, caller, .. }) = find_by_id(self.conn, id)? else {
            return Ok(None);
        };
        if key.revoked_at.is_none() {
            key.revoked_at = Some(self.now);
            let sql = "UPDATE api_keys SET revoked_at = ?1 WHERE id = ?2";
            self.conn.prepare_cached(sql)?.execute(params![self.now.as_micros(), key.id])?;
            self.record_key_event(actor, &caller.workspace, EventType::ApiKeyRevoked, &key)?;
        }
        Ok(Some(key))
    }

    /// Gives a key another name. The audit log keeps the old one. Returns `None` if there is no such
    /// key.
    pub fn rename_key(&self, id: &KeyId, name: &Name) -> Result<Option<Key>, StoreError> {
        let sql = "UPDATE api_keys SET name = ?1 WHERE id = ?2";
        self.conn.prepare_cached(sql)?.execute(params![name.as_str(), id])?;
        Ok(find_by_id(self.conn, id)?.map(|found| found.key))
    }

    /// Adds to the usage statistics of keys of one workspace.
    pub fn record_key_uses(&self, uses: &[(KeyId, KeyUse)]) -> Result<(), StoreError> {
        let sql = "UPDATE api_keys SET request_count = request_count + ?1,
                       last_used_at = max(?2, coalesce(last_used_at, 0)), last_used_ip = ?3
                   WHERE id = ?4";
        let mut statement = self.conn.prepare_cached(sql)?;
        for (id, used) in uses {
            statement.execute(params![
                used.requests,
                used.last_used_at.as_micros(),
                used.from.to_string(),
                id
            ])?;
        }
        Ok(())
    }

    fn record_key_event(
        &self,
        actor: Actor,
        workspace: &Workspace,
        kind: EventType,
        key: &Key,
    ) -> Result<(), StoreError> {
        let caller = Caller { workspace: workspace.clone(), actor, livemode: key.mode.is_live() };
        let subject = Subject {
            resource: ResourceType::ApiKey,
            resource_id: key.id.as_str(),
            customer_id: None,
        };
        let object = serde_json::to_string(key)?;
        self.for_caller(&caller).record(&[kind], &subject, &object, None, None)
    }
}
