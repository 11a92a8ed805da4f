//! The delivery log.

use std::time::Duration;

use super::endpoints;
use super::queue::event_body;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{Attempt, Delivery};
use crate::model::webhook::endpoint::Endpoint;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, OptionalExtension, Row, ToValue, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::rows::row::enum_value;

/// Selects deliveries of an endpoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryFilter {
    /// Only failed and skipped ones.
    pub unsuccessful: bool,
    /// Only those of events created at or after this time.
    pub since: Option<Timestamp>,
    /// Only those before this position, for the next page: a time and a row number.
    pub before: Option<(Timestamp, i64)>,
    pub limit: u32,
}

/// A page of the log, newest first.
#[derive(Debug)]
pub struct DeliveryPage {
    pub deliveries: Vec<Delivery>,
    /// Where the next page begins.
    pub next: Option<(Timestamp, i64)>,
}

/// A delivery with its request body and attempts.
#[derive(Debug)]
pub struct DeliveryDetails {
    pub delivery: Delivery,
    pub endpoint: Endpoint,
    /// The request body; `None` if the event was removed.
    pub body: Option<String>,
    /// Oldest first.
    pub attempts: Vec<Attempt>,
}

const COLUMNS: &str = "d.id, d.event_id, d.type, d.status, d.attempts, d.created_at,
    d.next_attempt_at, d.held, a.number, a.started_at, a.duration, a.url, a.status, a.error,
    a.response, d.no";
const FROM: &str = "webhook_deliveries AS d
    LEFT JOIN webhook_attempts AS a ON a.delivery_no = d.no AND a.number = d.attempts";

fn delivery(row: &Row<'_>) -> engine::Result<Delivery> {
    let created_at = Timestamp::from_micros(row.get(5)?);
    let next: Option<i64> = row.get(6)?;
    let has_attempt: Option<u32> = row.get(8)?;
    Ok(Delivery {
        id: DeliveryId::from_stored(row.get(0)?),
        event_id: row.get(1)?,
        kind: row.get(2)?,
        status: enum_value(row, 3)?,
        attempts: row.get(4)?,
        created_at,
        // 0 or less means immediately, so it has been due since the event.
        next_attempt_at: next
            .map(|micros| if micros <= 0 { created_at } else { Timestamp::from_micros(micros) }),
        held: row.get(7)?,
        last_attempt: has_attempt.map(|_| attempt(row, 8)).transpose()?,
    })
}

/// Reads an attempt from seven columns.
fn attempt(row: &Row<'_>, first: usize) -> engine::Result<Attempt> {
    let response: Vec<u8> = row.get(first + 6)?;
    Ok(Attempt {
        number: row.get(first)?,
        started_at: Timestamp::from_micros(row.get(first + 1)?),
        duration: Duration::from_micros(row.get::<_, i64>(first + 2)?.unsigned_abs()),
        url: row.get(first + 3)?,
        status: row.get(first + 4)?,
        error: row.get(first + 5)?,
        response: String::from_utf8_lossy(&response).into_owned(),
    })
}

impl Reader<'_> {
    /// Returns a page of an endpoint's deliveries; `None` if the endpoint doesn't exist.
    pub fn deliveries(
        &self,
        endpoint: &EndpointId,
        filter: &DeliveryFilter,
    ) -> Result<Option<DeliveryPage>, StoreError> {
        let Some(found) = endpoints::find(self.conn, endpoint)? else { return Ok(None) };
        let unsuccessful =
            if filter.unsuccessful { " AND d.status IN ('failed', 'skipped')" } else { "" };
        let since = filter.since.map_or(i64::MIN, Timestamp::as_micros);
        let (before, row) =
            filter.before.map_or((i64::MAX, i64::MAX), |(time, row)| (time.as_micros(), row));
        let sql = format!(
            "SELECT {COLUMNS} FROM {FROM} WHERE d.endpoint_no = ?1{unsuccessful}
                 AND d.created_at >= ?2 AND (d.created_at, d.no) < (?3, ?4)
             ORDER BY d.created_at DESC, d.no DESC LIMIT ?5"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(
            params![found.no.0, since, before, row, filter.limit.saturating_add(1)],
            |row| Ok((delivery(row)?, row.get(15)?)),
        )?;
        let mut page = rows.collect::<engine::Result<Vec<(Delivery, i64)>>>()?;
        let more = page.len() > filter.limit as usize;
        page.truncate(filter.limit as usize);
        let next = page.last().filter(|_| more).map(|(last, no)| (last.created_at, *no));
        let deliveries = page.into_iter().map(|(delivery, _)| delivery).collect();
        Ok(Some(DeliveryPage { deliveries, next }))
    }

    /// Returns a delivery with its request body and attempts.
    pub fn delivery(&self, id: &DeliveryId) -> Result<Option<DeliveryDetails>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, d.body, (SELECT e.id FROM webhook_endpoints AS e
                                        WHERE e.no = d.endpoint_no)
             FROM {FROM} WHERE d.id = ?1"
        );
        let read = |row: &Row<'_>| {
            let no: i64 = row.get(15)?;
            let body: Option<String> = row.get(16)?;
            Ok((delivery(row)?, no, body, EndpointId::from_stored(row.get(17)?)))
        };
        let found = self.conn.prepare_cached(&sql)?.query_row([id.as_str()], read).optional()?;
        let Some((delivery, no, body, endpoint)) = found else { return Ok(None) };
        let Some(endpoint) = endpoints::find(self.conn, &endpoint)? else { return Ok(None) };
        let body = match body {
            Some(body) => Some(body),
            None => event_body(self.conn, &delivery.event_id)?,
        };
        let sql = "SELECT number, started_at, duration, url, status, error, response
                   FROM webhook_attempts WHERE delivery_no = ?1 ORDER BY number";
        let mut statement = self.conn.prepare_cached(sql)?;
        let attempts = statement
            .query_map([no], |row| attempt(row, 0))?
            .collect::<engine::Result<Vec<_>>>()?;
        Ok(Some(DeliveryDetails { delivery, endpoint: endpoint.endpoint, body, attempts }))
    }

    /// Returns the workspace of a delivery.
    pub fn workspace_of_delivery(
        &self,
        id: &DeliveryId,
    ) -> Result<Option<WorkspaceNo>, StoreError> {
        let sql = "SELECT e.workspace_no FROM webhook_deliveries AS d
                       JOIN webhook_endpoints AS e ON e.no = d.endpoint_no
                   WHERE d.id = ?1";
        let read = |row: &Row<'_>| Ok(WorkspaceNo(row.get(0)?));
        Ok(self.conn.prepare_cached(sql)?.query_row([id.as_str()], read).optional()?)
    }

    /// Returns the deliveries of events with the ids of their endpoints, for timelines.
    pub fn deliveries_of_events(
        &self,
        events: &[&str],
    ) -> Result<Vec<(Delivery, EndpointId)>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let places = vec!["?"; events.len()].join(", ");
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT e.id FROM webhook_endpoints AS e
                                WHERE e.no = d.endpoint_no)
             FROM {FROM} WHERE d.event_id IN ({places}) ORDER BY d.event_id, d.no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let events: Vec<_> = events.iter().map(ToValue::to_value).collect();
        let rows = statement
            .query_map(events, |row| Ok((delivery(row)?, EndpointId::from_stored(row.get(16)?))))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    /// Counts the deliveries on hold since the database was restored from a backup, up to a limit.
    pub fn held_deliveries(&self, limit: u32) -> Result<u32, StoreError> {
        let sql = "SELECT count(*) FROM (SELECT 1 FROM webhook_deliveries WHERE held = 1
                       AND endpoint_no IN (SELECT no FROM webhook_endpoints WHERE deleted_at IS NULL)
                       LIMIT ?1) AS held";
        Ok(self.conn.prepare_cached(sql)?.query_row([limit], |row| row.get(0))?)
    }
}
