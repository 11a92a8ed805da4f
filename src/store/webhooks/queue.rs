//! The sender's queries: which deliveries are due, and what to send.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::endpoints::{self, Secrets};
use super::numbers::{DeliveryNo, EndpointNo};
use crate::model::event::Event;
use crate::model::values::time::Timestamp;
use crate::model::webhook::envelope::Envelope;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::webhook::url::EndpointUrl;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::rows::resource::Listed;
use crate::store::tx::Tx;

/// The deliveries queued for an endpoint.
#[derive(Debug)]
pub struct EndpointQueue {
    pub endpoint: EndpointNo,
    /// The earliest due deliveries: first attempts in the order of their events, and retries in the
    /// order in which they became due.
    pub first_attempts: Vec<DeliveryNo>,
    pub retries: Vec<DeliveryNo>,
    /// When the next delivery becomes due; `None` if none is scheduled.
    pub next_due: Option<Timestamp>,
}

/// A request to send.
#[derive(Debug)]
pub struct OutgoingRequest {
    pub delivery: DeliveryNo,
    pub id: DeliveryId,
    pub endpoint: EndpointId,
    pub url: EndpointUrl,
    pub secrets: Secrets,
    /// `None` if its event was removed.
    pub body: Option<Vec<u8>>,
    /// The number of attempts since it was queued or replayed.
    pub step: usize,
}

impl Reader<'_> {
    /// Returns the queues of all enabled endpoints that have one. `limit` gives the maximum number
    /// of due deliveries to return for an endpoint.
    pub fn webhook_queues(
        &self,
        now: Timestamp,
        limit: impl Fn(EndpointNo) -> usize,
    ) -> Result<Vec<EndpointQueue>, StoreError> {
        let sql = "SELECT no FROM webhook_endpoints
                   WHERE disabled_at IS NULL AND deleted_at IS NULL
                       AND (expires_at IS NULL OR expires_at > ?1)
                   ORDER BY no";
        let mut statement = self.conn.prepare_cached(sql)?;
        let endpoints = statement
            .query_map([now.as_micros()], |row| Ok(EndpointNo(row.get(0)?)))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut queues = Vec::new();
        for endpoint in endpoints {
            let limit = limit(endpoint);
            let queue = EndpointQueue {
                endpoint,
                first_attempts: due(self.conn, endpoint, (i64::MIN, 0), limit)?,
                retries: due(self.conn, endpoint, (1, now.as_micros()), limit)?,
                next_due: next_due(self.conn, endpoint, now)?,
            };
            let is_empty = queue.first_attempts.is_empty() && queue.retries.is_empty();
            if !is_empty || queue.next_due.is_some() {
                queues.push(queue);
            }
        }
        Ok(queues)
    }

    /// Returns the request to send for a delivery; `None` if it should no longer be sent.
    pub fn outgoing_request(
        &self,
        delivery: DeliveryNo,
    ) -> Result<Option<OutgoingRequest>, StoreError> {
        let sql = "SELECT d.id, d.event_id, d.body, e.id, d.step FROM webhook_deliveries AS d
                       JOIN webhook_endpoints AS e ON e.no = d.endpoint_no
                   WHERE d.no = ?1 AND d.status = 'pending' AND d.held = 0
                       AND e.disabled_at IS NULL";
        let read = |row: &Row<'_>| {
            let body: Option<String> = row.get(2)?;
            Ok((row.get(0)?, row.get::<_, String>(1)?, body, row.get(3)?, row.get::<_, u32>(4)?))
        };
        let found = self.conn.prepare_cached(sql)?.query_row([delivery.0], read).optional()?;
        let Some((id, event_id, body, endpoint_id, step)) = found else { return Ok(None) };
        let body = match body {
            Some(body) => Some(body),
            None => event_body(self.conn, &event_id)?,
        };
        let Some(found) = endpoints::find(self.conn, &EndpointId::from_stored(endpoint_id))? else {
            return Ok(None);
        };
        Ok(Some(OutgoingRequest {
            delivery,
            id: DeliveryId::from_stored(id),
            endpoint: found.endpoint.id,
            url: found.endpoint.url,
            secrets: found.secrets,
            body: body.map(String::into_bytes),
            step: step as usize,
        }))
    }
}

/// Returns the request body for a stored event; `None` if the event was removed.
pub(super) fn event_body(conn: &Connection, event_id: &str) -> Result<Option<String>, StoreError> {
    let sql = format!("SELECT {} FROM events WHERE id = ?1", Event::COLUMNS);
    let event = conn.prepare_cached(&sql)?.query_row([event_id], Event::from_row).optional()?;
    Ok(event.map(|event| serde_json::to_string(&Envelope::new(&event))).transpose()?)
}

fn due(
    conn: &Connection,
    endpoint: EndpointNo,
    (from, to): (i64, i64),
    limit: usize,
) -> Result<Vec<DeliveryNo>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT no FROM webhook_deliveries
               WHERE endpoint_no = ?1 AND status = 'pending' AND held = 0
                   AND next_attempt_at BETWEEN ?2 AND ?3
               ORDER BY next_attempt_at, no LIMIT ?4";
    let mut statement = conn.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement
        .query_map(params![endpoint.0, from, to, limit], |row| Ok(DeliveryNo(row.get(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn next_due(
    conn: &Connection,
    endpoint: EndpointNo,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(next_attempt_at) FROM webhook_deliveries
               WHERE endpoint_no = ?1 AND status = 'pending' AND held = 0
                   AND next_attempt_at > ?2";
    let next: Option<i64> =
        conn.prepare_cached(sql)?.query_row([endpoint.0, now.as_micros()], |row| row.get(0))?;
    Ok(next.map(Timestamp::from_micros))
}

impl Tx<'_> {
    /// Makes deliveries due now if they are scheduled further ahead than the retry schedule allows,
    /// which happens after the clock was set back. `max_delays` holds the longest delay of each
    /// step, in microseconds. Returns how many were changed.
    pub fn bring_forward(&self, max_delays: &[i64]) -> Result<usize, StoreError> {
        let (Some(shortest), Some(last)) = (max_delays.iter().min(), max_delays.iter().max())
        else {
            return Ok(0);
        };
        let mut changed = 0;
        for endpoint in self.all_endpoints()? {
            // The schedule may have had more steps before.
            let limit = |step: usize| {
                self.now.as_micros().saturating_add(*max_delays.get(step).unwrap_or(last))
            };
            let sql = "SELECT no, step, next_attempt_at FROM webhook_deliveries
                       WHERE endpoint_no = ?1 AND status = 'pending' AND held = 0
                           AND next_attempt_at > ?2";
            let mut statement = self.conn.prepare_cached(sql)?;
            let mut rows =
                statement.query([endpoint.0, self.now.as_micros().saturating_add(*shortest)])?;
            let mut too_far_ahead: Vec<i64> = Vec::new();
            while let Some(row) = rows.next()? {
                if row.get::<_, i64>(2)? > limit(row.get::<_, u32>(1)? as usize) {
                    too_far_ahead.push(row.get(0)?);
                }
            }
            drop(rows);
            for no in &too_far_ahead {
                self.conn
                    .prepare_cached(
                        "UPDATE webhook_deliveries SET next_attempt_at = ?1 WHERE no = ?2",
                    )?
                    .execute([self.now.as_micros(), *no])?;
            }
            changed += too_far_ahead.len();
        }
        Ok(changed)
    }

    /// Releases the deliveries that were put on hold when the database was restored from a backup.
    /// Returns how many were released.
    pub fn resume_deliveries(&self) -> Result<usize, StoreError> {
        let sql = "UPDATE webhook_deliveries SET held = 0 WHERE held = 1
                       AND endpoint_no IN (SELECT no FROM webhook_endpoints
                                           WHERE deleted_at IS NULL)";
        Ok(self.conn.prepare_cached(sql)?.execute([])?)
    }

    fn all_endpoints(&self) -> Result<Vec<EndpointNo>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT no FROM webhook_endpoints")?;
        let rows = statement.query_map([], |row| Ok(EndpointNo(row.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
