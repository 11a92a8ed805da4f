//! The endpoints of a workspace. Every change of one writes an event for the audit log.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::numbers::EndpointNo;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventType};
use crate::model::resource::ResourceType;
use crate::model::values::slug::Slug;
use crate::model::values::text::Text;
use crate::model::values::time::Timestamp;
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::endpoint::{
    Disabled, DisabledReason, Endpoint, EndpointPatch, MAX_ENDPOINTS, NewEndpoint, OVERLAP_MILLIS,
};
use crate::model::webhook::envelope::SyntheticEvent;
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::subscription::Subscription;
use crate::model::webhook::url::EndpointUrl;
use crate::model::workspace::{Workspace, WorkspaceId, WorkspaceNo};
use crate::store::error::StoreError;
use crate::store::reader::{Reader, WorkspaceReader};
use crate::store::rows::record::Subject;
use crate::store::rows::row::{conversion_error, enum_value};
use crate::store::tx::Tx;
use crate::store::workspaces;

/// The secrets of an endpoint as they are stored.
#[derive(Clone, Debug)]
pub struct Secrets {
    pub current: StoredSecret,
    /// The one before the last rotation, with the time until which it is valid.
    pub old: Option<(StoredSecret, Timestamp)>,
}

/// An endpoint with what the store needs to work on it.
pub(super) struct Found {
    pub no: EndpointNo,
    pub workspace: Workspace,
    pub endpoint: Endpoint,
    pub secrets: Secrets,
}

const COLUMNS: &str = "e.no, e.id, w.slug, e.url, e.description, e.mode, e.types, e.fields,
    e.disabled_at, e.disabled_reason, e.failures, e.created_at, e.updated_at, e.expires_at,
    e.old_secret_expires_at, e.secret, e.secret_key, e.old_secret, e.old_secret_key,
    e.workspace_no";
const FROM: &str = "webhook_endpoints AS e JOIN workspaces AS w ON w.no = e.workspace_no";

fn endpoint(row: &Row<'_>) -> rusqlite::Result<Endpoint> {
    let url: String = row.get(3)?;
    let (types, fields): (String, String) = (row.get(6)?, row.get(7)?);
    let disabled_at: Option<i64> = row.get(8)?;
    let time = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(Endpoint {
        id: EndpointId::stored(row.get(1)?),
        workspace: Slug::from_stored(row.get(2)?),
        url: EndpointUrl::stored(&url).map_err(|error| conversion_error(3, error))?,
        description: Text::from_stored(row.get(4)?),
        mode: enum_value(row, 5)?,
        subscription: Subscription::from_texts(&types, &fields)
            .ok_or_else(|| conversion_error(6, "an event type that this version doesn't know"))?,
        disabled: match disabled_at {
            Some(micros) => Some(Disabled {
                since: Timestamp::from_micros(micros),
                reason: enum_value(row, 9)?,
            }),
            None => None,
        },
        failures: row.get(10)?,
        created_at: Timestamp::from_micros(row.get(11)?),
        updated_at: Timestamp::from_micros(row.get(12)?),
        expires_at: time(row.get(13)?),
        old_secret_expires_at: time(row.get(14)?),
    })
}

fn secrets(row: &Row<'_>) -> rusqlite::Result<Secrets> {
    let current = StoredSecret { bytes: row.get(15)?, encrypted_with: row.get(16)? };
    let old: Option<Vec<u8>> = row.get(17)?;
    let expires_at: Option<i64> = row.get(14)?;
    let old = match (old, expires_at) {
        (Some(bytes), Some(expires_at)) => {
            let secret = StoredSecret { bytes, encrypted_with: row.get(18)? };
            Some((secret, Timestamp::from_micros(expires_at)))
        }
        _ => None,
    };
    Ok(Secrets { current, old })
}

pub(super) fn find(conn: &Connection, id: &EndpointId) -> Result<Option<Found>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE e.id = ?1 AND e.deleted_at IS NULL");
    let read = |row: &Row<'_>| {
        Ok((EndpointNo(row.get(0)?), endpoint(row)?, secrets(row)?, row.get::<_, i64>(19)?))
    };
    let found = conn.prepare_cached(&sql)?.query_row([id.as_str()], read).optional()?;
    let Some((no, endpoint, secrets, workspace_no)) = found else { return Ok(None) };
    let workspace = workspaces::by_no(conn, WorkspaceNo(workspace_no))?;
    Ok(Some(Found { no, workspace, endpoint, secrets }))
}

impl Reader<'_> {
    /// An endpoint with its secrets.
    pub fn endpoint(&self, id: &EndpointId) -> Result<Option<(Endpoint, Secrets)>, StoreError> {
        Ok(find(self.conn, id)?.map(|found| (found.endpoint, found.secrets)))
    }

    /// The endpoints of all workspaces, oldest first.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {FROM} WHERE e.deleted_at IS NULL ORDER BY w.slug, e.no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([], endpoint)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every endpoint with its secrets, for encrypting them with another key.
    pub fn endpoint_secrets(&self) -> Result<Vec<(EndpointId, Secrets)>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE e.deleted_at IS NULL ORDER BY e.no");
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows =
            statement.query_map([], |row| Ok((EndpointId::stored(row.get(1)?), secrets(row)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WorkspaceReader<'_> {
    /// The endpoints of the workspace, oldest first.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {FROM} WHERE e.workspace_no = ?1 AND e.deleted_at IS NULL
             ORDER BY e.no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([self.workspace.0], endpoint)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Tx<'_> {
    /// Adds an endpoint and queues its first ping.
    ///
    /// # Errors
    /// [`StoreError::TooManyEndpoints`].
    pub fn create_endpoint(
        &self,
        actor: Actor,
        workspace: &Workspace,
        new: NewEndpoint,
        secret: StoredSecret,
    ) -> Result<Endpoint, StoreError> {
        let sql = "SELECT count(*) FROM webhook_endpoints
                   WHERE workspace_no = ?1 AND deleted_at IS NULL";
        let count: u32 =
            self.conn.prepare_cached(sql)?.query_row([workspace.no.0], |row| row.get(0))?;
        if count >= MAX_ENDPOINTS {
            return Err(StoreError::TooManyEndpoints);
        }
        let (types, fields) = new.subscription.to_texts();
        let sql = "INSERT INTO webhook_endpoints (id, workspace_no, url, description, mode, types,
                       fields, secret, secret_key, created_at, updated_at, expires_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?10, ?10, ?11)";
        self.conn.prepare_cached(sql)?.execute(params![
            new.id.as_str(),
            workspace.no.0,
            new.url.as_str(),
            new.description.as_str(),
            <&str>::from(new.mode),
            types,
            fields,
            secret.bytes,
            secret.encrypted_with,
            self.now.as_micros(),
            new.expires_at.map(Timestamp::as_micros),
        ])?;
        let found = self.existing_endpoint(&new.id)?;
        self.record_endpoint(actor, &found, EventType::WebhookEndpointCreated, None)?;
        self.queue_ping(&found)?;
        Ok(found.endpoint)
    }

    /// Changes an endpoint; `None` when there is none.
    pub fn update_endpoint(
        &self,
        actor: Actor,
        id: &EndpointId,
        patch: EndpointPatch,
    ) -> Result<Option<Endpoint>, StoreError> {
        let Some(before) = find(self.conn, id)? else { return Ok(None) };
        let mut after = before.endpoint.clone();
        after.url = patch.url.unwrap_or(after.url);
        after.description = patch.description.unwrap_or(after.description);
        after.subscription = patch.subscription.unwrap_or(after.subscription);
        let (types, fields) = after.subscription.to_texts();
        let sql =
            "UPDATE webhook_endpoints SET url = ?1, description = ?2, types = ?3, fields = ?4,
                       updated_at = ?5 WHERE no = ?6";
        self.conn.prepare_cached(sql)?.execute(params![
            after.url.as_str(),
            after.description.as_str(),
            types,
            fields,
            self.now.as_micros(),
            before.no.0,
        ])?;
        self.record_endpoint_change(actor, &before, EventType::WebhookEndpointUpdated)
    }

    /// Enables an endpoint and pings it; one that is enabled stays as it is.
    pub fn enable_endpoint(
        &self,
        actor: Actor,
        id: &EndpointId,
    ) -> Result<Option<Endpoint>, StoreError> {
        let Some(before) = find(self.conn, id)? else { return Ok(None) };
        if before.endpoint.is_enabled() {
            return Ok(Some(before.endpoint));
        }
        let sql = "UPDATE webhook_endpoints SET disabled_at = NULL, disabled_reason = NULL,
                       failures = 0, updated_at = ?1 WHERE no = ?2";
        self.conn.prepare_cached(sql)?.execute([self.now.as_micros(), before.no.0])?;
        self.queue_ping(&self.existing_endpoint(id)?)?;
        self.record_endpoint_change(actor, &before, EventType::WebhookEndpointEnabled)
    }

    /// Disables an endpoint and skips what is pending, a large backlog in the background; one that
    /// is disabled stays as it is.
    pub fn disable_endpoint(
        &self,
        actor: Actor,
        id: &EndpointId,
        reason: DisabledReason,
    ) -> Result<Option<Endpoint>, StoreError> {
        let Some(before) = find(self.conn, id)? else { return Ok(None) };
        if !before.endpoint.is_enabled() {
            return Ok(Some(before.endpoint));
        }
        let sql = "UPDATE webhook_endpoints SET disabled_at = ?1, disabled_reason = ?2,
                       updated_at = ?1 WHERE no = ?3";
        let reason = <&str>::from(reason);
        self.conn.prepare_cached(sql)?.execute(params![
            self.now.as_micros(),
            reason,
            before.no.0
        ])?;
        self.skip_pending(before.no)?;
        self.record_endpoint_change(actor, &before, EventType::WebhookEndpointDisabled)
    }

    /// Replaces the secret. The one that was current until now signs too for a day; one from before
    /// that stops at once.
    pub fn rotate_endpoint_secret(
        &self,
        actor: Actor,
        id: &EndpointId,
        secret: StoredSecret,
    ) -> Result<Option<Endpoint>, StoreError> {
        let Some(before) = find(self.conn, id)? else { return Ok(None) };
        let sql = "UPDATE webhook_endpoints SET old_secret = secret, old_secret_key = secret_key,
                       old_secret_expires_at = ?1, secret = ?2, secret_key = ?3, updated_at = ?4
                   WHERE no = ?5";
        self.conn.prepare_cached(sql)?.execute(params![
            self.now.plus_millis(OVERLAP_MILLIS).as_micros(),
            secret.bytes,
            secret.encrypted_with,
            self.now.as_micros(),
            before.no.0,
        ])?;
        self.record_endpoint_change(actor, &before, EventType::WebhookEndpointRotated)
    }

    /// Stores the same secrets encrypted with another key, unless they were rotated since `from`
    /// was read.
    pub fn reencrypt_endpoint(
        &self,
        id: &EndpointId,
        from: &Secrets,
        to: &Secrets,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE webhook_endpoints SET secret = ?1, secret_key = ?2, old_secret = ?3,
                       old_secret_key = ?4
                   WHERE id = ?5 AND secret = ?6 AND old_secret IS ?7";
        let old = to.old.as_ref().map(|(secret, _)| secret);
        self.conn.prepare_cached(sql)?.execute(params![
            to.current.bytes,
            to.current.encrypted_with,
            old.map(|secret| &secret.bytes),
            old.and_then(|secret| secret.encrypted_with.as_ref()),
            id.as_str(),
            from.current.bytes,
            from.old.as_ref().map(|(secret, _)| &secret.bytes),
        ])?;
        Ok(())
    }

    /// Deletes an endpoint; its deliveries are removed in the background. Returns whether there was
    /// one.
    pub fn delete_endpoint(&self, actor: Actor, id: &EndpointId) -> Result<bool, StoreError> {
        let Some(found) = find(self.conn, id)? else { return Ok(false) };
        self.record_endpoint(actor, &found, EventType::WebhookEndpointDeleted, None)?;
        let sql = "UPDATE webhook_endpoints SET deleted_at = ?1 WHERE no = ?2";
        self.conn.prepare_cached(sql)?.execute([self.now.as_micros(), found.no.0])?;
        Ok(true)
    }

    /// Postpones the removal of a temporary endpoint. Returns whether it is still there.
    pub fn renew_endpoint(
        &self,
        id: &EndpointId,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE webhook_endpoints SET expires_at = ?1
                   WHERE id = ?2 AND expires_at IS NOT NULL";
        let changed =
            self.conn.prepare_cached(sql)?.execute(params![expires_at.as_micros(), id.as_str()])?;
        Ok(changed > 0)
    }

    /// Queues a ping. Returns whether there is such an endpoint.
    ///
    /// # Errors
    /// [`StoreError::EndpointDisabled`].
    pub fn ping_endpoint(&self, id: &EndpointId) -> Result<bool, StoreError> {
        let Some(found) = find(self.conn, id)? else { return Ok(false) };
        if !found.endpoint.is_enabled() {
            return Err(StoreError::EndpointDisabled);
        }
        self.queue_ping(&found)?;
        Ok(true)
    }

    /// Queues an event that nobody caused. `event` gets the organization's id. Returns whether there
    /// is such an endpoint.
    ///
    /// # Errors
    /// [`StoreError::EndpointDisabled`].
    pub fn send_test_event(
        &self,
        id: &EndpointId,
        event: impl FnOnce(&WorkspaceId, Timestamp) -> serde_json::Result<SyntheticEvent>,
    ) -> Result<bool, StoreError> {
        let Some(found) = find(self.conn, id)? else { return Ok(false) };
        if !found.endpoint.is_enabled() {
            return Err(StoreError::EndpointDisabled);
        }
        self.queue_synthetic(found.no, &event(&found.workspace.id, self.now)?)?;
        Ok(true)
    }

    fn queue_ping(&self, found: &Found) -> Result<(), StoreError> {
        let ping = SyntheticEvent::ping(&found.endpoint, &found.workspace.id, self.now)?;
        self.queue_synthetic(found.no, &ping)
    }

    fn existing_endpoint(&self, id: &EndpointId) -> Result<Found, StoreError> {
        find(self.conn, id)?.ok_or(StoreError::NotFound(ResourceType::WebhookEndpoint))
    }

    fn record_endpoint_change(
        &self,
        actor: Actor,
        before: &Found,
        kind: EventType,
    ) -> Result<Option<Endpoint>, StoreError> {
        let after = self.existing_endpoint(&before.endpoint.id)?;
        self.record_endpoint(actor, &after, kind, Some(&before.endpoint))?;
        Ok(Some(after.endpoint))
    }

    /// Writes the event of a change, with the earlier values of the fields that differ.
    fn record_endpoint(
        &self,
        actor: Actor,
        found: &Found,
        kind: EventType,
        before: Option<&Endpoint>,
    ) -> Result<(), StoreError> {
        let object = serde_json::to_value(&found.endpoint)?;
        let previous = match before {
            Some(before) => {
                let mut before = serde_json::to_value(before)?;
                if let Some(fields) = before.as_object_mut() {
                    fields.retain(|name, value| object.get(name) != Some(value));
                }
                Some(before.to_string())
            }
            None => None,
        };
        let livemode = found.endpoint.mode.is_live();
        let caller = Caller { workspace: found.workspace.clone(), actor, livemode };
        let subject = Subject {
            resource: ResourceType::WebhookEndpoint,
            resource_id: found.endpoint.id.as_str(),
            customer_id: None,
        };
        self.for_caller(&caller).record(
            &[kind],
            &subject,
            &object.to_string(),
            previous.as_deref(),
            None,
        )
    }
}
