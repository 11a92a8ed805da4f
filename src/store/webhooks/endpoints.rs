//! Reads endpoints and their secrets.

use super::numbers::EndpointNo;
use crate::model::audit::AuditFilter;
use crate::model::event::EventType;
use crate::model::parse::page::PageRequest;
use crate::model::values::id::ResourceId;
use crate::model::values::slug::Slug;
use crate::model::values::text::Text;
use crate::model::values::time::Timestamp;
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::endpoint::{Disabled, Endpoint};
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::subscription::Subscription;
use crate::model::webhook::url::EndpointUrl;
use crate::model::workspace::{Workspace, WorkspaceNo};
use crate::store::engine::{self, Conn, OptionalExtension, Row, ToValue};
use crate::store::error::StoreError;
use crate::store::reader::{Reader, WorkspaceReader};
use crate::store::rows::row::{conversion_error, enum_value};
use crate::store::workspaces;

/// An endpoint's secrets as stored.
#[derive(Clone, Debug)]
pub struct Secrets {
    pub current: StoredSecret,
    /// The secret before the last rotation, and when it expires.
    pub old: Option<(StoredSecret, Timestamp)>,
}

/// An endpoint with its row number and other data for the store's own use.
pub(super) struct Found {
    pub no: EndpointNo,
    pub workspace: Workspace,
    pub endpoint: Endpoint,
    pub secrets: Secrets,
}

const COLUMNS: &str = "e.no, e.id, w.slug, e.url, e.description, e.mode, e.types, e.fields,
    e.disabled_at, e.disabled_reason, e.failures, e.created_at, e.updated_at, e.expires_at,
    e.old_secret_expires_at, e.secret, e.secret_key, e.old_secret, e.old_secret_key";
const FROM: &str = "webhook_endpoints AS e JOIN workspaces AS w ON w.no = e.workspace_no";

fn endpoint(row: &Row<'_>) -> engine::Result<Endpoint> {
    let url: String = row.get(3)?;
    let (types, fields): (String, String) = (row.get(6)?, row.get(7)?);
    let disabled_at: Option<i64> = row.get(8)?;
    let time = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    Ok(Endpoint {
        id: EndpointId::from_stored(row.get(1)?),
        workspace: Slug::from_stored(row.get(2)?),
        url: EndpointUrl::from_stored(&url).map_err(|error| conversion_error(3, error))?,
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

fn secrets(row: &Row<'_>) -> engine::Result<Secrets> {
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

pub(super) fn find(conn: Conn<'_>, id: &EndpointId) -> Result<Option<Found>, StoreError> {
    find_where(conn, "e.id = ?1", id.as_str())
}

pub(super) fn find_by_no(conn: Conn<'_>, no: EndpointNo) -> Result<Option<Found>, StoreError> {
    find_where(conn, "e.no = ?1", no.0)
}

fn find_where(
    conn: Conn<'_>,
    condition: &str,
    value: impl ToValue,
) -> Result<Option<Found>, StoreError> {
    let workspace = workspaces::COLUMNS;
    let sql = format!(
        "SELECT {COLUMNS}, {workspace} FROM {FROM} WHERE {condition} AND e.deleted_at IS NULL"
    );
    let read = |row: &Row<'_>| {
        Ok(Found {
            no: EndpointNo(row.get(0)?),
            workspace: workspaces::from_row(row)?,
            endpoint: endpoint(row)?,
            secrets: secrets(row)?,
        })
    };
    Ok(conn.prepare_cached(&sql)?.query_row([value], read).optional()?)
}

impl Reader<'_> {
    /// Returns an endpoint with its secrets.
    pub fn endpoint(&self, id: &EndpointId) -> Result<Option<(Endpoint, Secrets)>, StoreError> {
        Ok(find(self.conn, id)?.map(|found| (found.endpoint, found.secrets)))
    }

    /// Returns the workspace of an endpoint.
    pub fn workspace_of_endpoint(
        &self,
        id: &EndpointId,
    ) -> Result<Option<WorkspaceNo>, StoreError> {
        Ok(find(self.conn, id)?.map(|found| found.workspace.no))
    }

    /// Returns the workspaces that have endpoints, also deleted ones whose rows are still there.
    pub fn workspaces_with_endpoints(&self) -> Result<Vec<WorkspaceNo>, StoreError> {
        let sql = "SELECT DISTINCT workspace_no FROM webhook_endpoints ORDER BY workspace_no";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((), |row| Ok(WorkspaceNo(row.get(0)?)))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    /// Returns the endpoints in all workspaces, oldest first.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {FROM} WHERE e.deleted_at IS NULL ORDER BY w.slug, e.no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map((), endpoint)?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    /// Returns every endpoint's workspace and secrets, for re-encrypting them.
    pub fn endpoint_secrets(&self) -> Result<Vec<(WorkspaceNo, EndpointId, Secrets)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, e.workspace_no FROM {FROM} WHERE e.deleted_at IS NULL ORDER BY e.no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map((), |row| {
            let workspace = WorkspaceNo(row.get(19)?);
            Ok((workspace, EndpointId::from_stored(row.get(1)?), secrets(row)?))
        })?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }
}

impl WorkspaceReader<'_> {
    /// Returns the workspace's endpoints, oldest first.
    pub fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {FROM} WHERE e.workspace_no = ?1 AND e.deleted_at IS NULL
             ORDER BY e.no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map([self.workspace.0], endpoint)?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    /// Whether an endpoint with this ID was deleted. Its event outlives its row.
    pub fn had_endpoint(&self, id: ResourceId) -> Result<bool, StoreError> {
        let filter = AuditFilter {
            resource_id: Some(id),
            kind: Some(EventType::WebhookEndpointDeleted),
            ..AuditFilter::default()
        };
        Ok(!self.audit(&filter, &PageRequest { limit: 1, before: None })?.entries.is_empty())
    }
}
