//! Changes endpoints. Every change records an event for the audit log.

use serde_json::{Map, Value};

use super::endpoints::{Found, Secrets, find};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventType};
use crate::model::previous_values::previous_values;
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::endpoint::{
    DisabledReason, Endpoint, EndpointPatch, MAX_ENDPOINTS, NewEndpoint, OVERLAP_MILLIS,
};
use crate::model::webhook::envelope::SyntheticEvent;
use crate::model::webhook::id::EndpointId;
use crate::model::workspace::{Workspace, WorkspaceId};
use crate::store::engine::params;
use crate::store::error::StoreError;
use crate::store::rows::record::Subject;
use crate::store::tx::Tx;

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
        let found = self.insert_endpoint(actor, workspace, new, secret)?;
        self.queue_ping(&found)?;
        Ok(found.endpoint)
    }

    /// Adds an endpoint that gets no ping, because an import makes no deliveries.
    ///
    /// # Errors
    /// [`StoreError::TooManyEndpoints`].
    pub fn create_endpoint_without_ping(
        &self,
        actor: Actor,
        workspace: &Workspace,
        new: NewEndpoint,
        secret: StoredSecret,
    ) -> Result<Endpoint, StoreError> {
        Ok(self.insert_endpoint(actor, workspace, new, secret)?.endpoint)
    }

    fn insert_endpoint(
        &self,
        actor: Actor,
        workspace: &Workspace,
        new: NewEndpoint,
        secret: StoredSecret,
    ) -> Result<Found, StoreError> {
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
        Ok(found)
    }

    /// Updates an endpoint. Returns `None` if it doesn't exist.
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

    /// Enables an endpoint and pings it. Does nothing if it is already enabled.
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
        let found = self.existing_endpoint(id)?;
        let ping = SyntheticEvent::ping(&found.endpoint, &found.workspace.id, self.now)?;
        // Some deliveries from before it was disabled may not have been skipped yet.
        self.queue_synthetic_first(found.no, &ping)?;
        self.record_endpoint_change(actor, &before, EventType::WebhookEndpointEnabled)
    }

    /// Disables an endpoint and skips its pending deliveries, a large backlog in the background.
    /// Does nothing if it is already disabled.
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

    /// Replaces the secret. The previous one also signs for a day; an older one stops signing
    /// immediately.
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
                       old_secret_key = ?4, old_secret_expires_at = ?5
                   WHERE id = ?6 AND secret = ?7 AND old_secret IS NOT DISTINCT FROM ?8";
        let old = to.old.as_ref().map(|(secret, _)| secret);
        self.conn.prepare_cached(sql)?.execute(params![
            to.current.bytes,
            to.current.encrypted_with,
            old.map(|secret| &secret.bytes),
            old.and_then(|secret| secret.encrypted_with.as_ref()),
            to.old.as_ref().map(|(_, expires_at)| expires_at.as_micros()),
            id.as_str(),
            from.current.bytes,
            from.old.as_ref().map(|(secret, _)| &secret.bytes),
        ])?;
        Ok(())
    }

    /// Deletes an endpoint; its deliveries are removed in the background. Returns whether it
    /// existed.
    pub fn delete_endpoint(&self, actor: Actor, id: &EndpointId) -> Result<bool, StoreError> {
        let Some(found) = find(self.conn, id)? else { return Ok(false) };
        self.record_endpoint(actor, &found, EventType::WebhookEndpointDeleted, None)?;
        let sql = "UPDATE webhook_endpoints SET deleted_at = ?1 WHERE no = ?2";
        self.conn.prepare_cached(sql)?.execute([self.now.as_micros(), found.no.0])?;
        Ok(true)
    }

    /// Postpones the removal of a temporary endpoint. Returns whether it still exists.
    pub fn renew_endpoint(
        &self,
        id: &EndpointId,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE webhook_endpoints SET expires_at = ?1
                   WHERE id = ?2 AND expires_at IS NOT NULL AND deleted_at IS NULL";
        let changed =
            self.conn.prepare_cached(sql)?.execute(params![expires_at.as_micros(), id.as_str()])?;
        Ok(changed > 0)
    }

    /// Queues a ping. Returns whether the endpoint exists.
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

    /// Queues a test event, which no change caused. Fills in the organization's id in `event`.
    /// Returns whether the endpoint exists.
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

    /// Records the event for a change, with the previous values of the changed fields.
    fn record_endpoint(
        &self,
        actor: Actor,
        found: &Found,
        kind: EventType,
        before: Option<&Endpoint>,
    ) -> Result<(), StoreError> {
        let object = serde_json::to_string(&found.endpoint)?;
        let previous = match before {
            Some(before) => {
                let fields = |text: &str| serde_json::from_str::<Map<String, Value>>(text);
                let before = fields(&serde_json::to_string(before)?)?;
                let previous = previous_values(before, &fields(&object)?);
                Some(serde_json::to_string(&previous)?)
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
        self.for_caller(&caller).record(&[kind], &subject, &object, previous.as_deref(), None)
    }
}
