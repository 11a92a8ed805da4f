//! The sender's queries: which deliveries are due, and what to send.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::endpoints::{self, Secrets};
use super::numbers::{DeliveryNo, EndpointNo};
use crate::model::event::Event;
use crate::model::values::time::Timestamp;
use crate::model::webhook::envelope::Envelope;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::webhook::url::EndpointUrl;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, Conn, OptionalExtension, Row, params};
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
    pub workspace: WorkspaceNo,
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

/// The part of a request that is the same for all deliveries of an endpoint.
struct Target {
    workspace: WorkspaceNo,
    endpoint: EndpointId,
    url: EndpointUrl,
    secrets: Secrets,
}

impl Reader<'_> {
    /// Runs several reads in one snapshot, which costs less than one for each.
    pub fn in_one_snapshot<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.conn.begin_read()?;
        let found = read(self);
        // If this fails, the pool discards the connection because its transaction is still open.
        self.conn.end_read()?;
        found
    }

    /// Returns the queues of the enabled endpoints that have one. `limit` gives the maximum number
    /// of due deliveries to return for an endpoint; with 0, its queue isn't read. It is called for
    /// every enabled endpoint that has pending deliveries.
    pub fn webhook_queues(
        &self,
        now: Timestamp,
        mut limit: impl FnMut(EndpointNo) -> usize,
    ) -> Result<Vec<EndpointQueue>, StoreError> {
        let mut queues = Vec::new();
        let mut last = i64::MIN;
        while let Some(endpoint) = next_with_pending(self.conn, last)? {
            last = endpoint.0;
            if !is_enabled(self.conn, endpoint, now)? {
                continue;
            }
            let limit = limit(endpoint);
            if limit == 0 {
                continue;
            }
            queues.push(EndpointQueue {
                endpoint,
                first_attempts: due(self.conn, endpoint, (i64::MIN, 0), limit)?,
                retries: due(self.conn, endpoint, (1, now.as_micros()), limit)?,
                next_due: next_due(self.conn, endpoint, now)?,
            });
        }
        Ok(queues)
    }

    /// Returns the request to send for each delivery; `None` if it should no longer be sent.
    pub fn outgoing_requests(
        &self,
        deliveries: &[(EndpointNo, DeliveryNo)],
        now: Timestamp,
    ) -> Result<Vec<Option<OutgoingRequest>>, StoreError> {
        // Only for these requests: a change must apply to the next ones.
        let mut targets = HashMap::new();
        let mut requests = Vec::with_capacity(deliveries.len());
        for &(endpoint, delivery) in deliveries {
            let target = match targets.entry(endpoint) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(self.target(endpoint, now)?),
            };
            requests.push(match target {
                Some(target) => self.outgoing_request(endpoint, delivery, target, now)?,
                None => None,
            });
        }
        Ok(requests)
    }

    fn target(&self, no: EndpointNo, now: Timestamp) -> Result<Option<Target>, StoreError> {
        if !is_enabled(self.conn, no, now)? {
            return Ok(None);
        }
        let found = endpoints::find_by_no(self.conn, no)?;
        Ok(found.map(|found| Target {
            workspace: found.workspace.no,
            endpoint: found.endpoint.id,
            url: found.endpoint.url,
            secrets: found.secrets,
        }))
    }

    fn outgoing_request(
        &self,
        endpoint: EndpointNo,
        delivery: DeliveryNo,
        target: &Target,
        now: Timestamp,
    ) -> Result<Option<OutgoingRequest>, StoreError> {
        // Row numbers are reused after deletions, so that it may have become another delivery.
        let sql = "SELECT id, event_id, body, step FROM webhook_deliveries
                   WHERE no = ?1 AND endpoint_no = ?2 AND status = 'pending' AND held = 0
                       AND next_attempt_at <= ?3";
        let read = |row: &Row<'_>| {
            let (id, event_id, body): (String, String, Option<String>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((id, event_id, body, row.get::<_, u32>(3)?))
        };
        let found = self
            .conn
            .prepare_cached(sql)?
            .query_row(params![delivery.0, endpoint.0, now.as_micros()], read)
            .optional()?;
        let Some((id, event_id, body, step)) = found else { return Ok(None) };
        let body = match body {
            Some(body) => Some(body),
            None => event_body(self.conn, &event_id)?,
        };
        Ok(Some(OutgoingRequest {
            workspace: target.workspace,
            delivery,
            id: DeliveryId::from_stored(id),
            endpoint: target.endpoint.clone(),
            url: target.url.clone(),
            secrets: target.secrets.clone(),
            body: body.map(String::into_bytes),
            step: step as usize,
        }))
    }
}

/// Returns the first endpoint after this number that has pending deliveries.
fn next_with_pending(conn: Conn<'_>, after: i64) -> Result<Option<EndpointNo>, StoreError> {
    let sql = "SELECT endpoint_no FROM webhook_deliveries
               WHERE status = 'pending' AND held = 0 AND endpoint_no > ?1
               ORDER BY endpoint_no LIMIT 1";
    let read = |row: &Row<'_>| Ok(EndpointNo(row.get(0)?));
    Ok(conn.prepare_cached(sql)?.query_row([after], read).optional()?)
}

fn is_enabled(conn: Conn<'_>, no: EndpointNo, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM webhook_endpoints
               WHERE no = ?1 AND disabled_at IS NULL AND deleted_at IS NULL
                   AND (expires_at IS NULL OR expires_at > ?2)";
    let values = [no.0, now.as_micros()];
    Ok(conn.prepare_cached(sql)?.query_row(values, |_| Ok(())).optional()?.is_some())
}

/// Returns the request body for a stored event; `None` if the event was removed.
pub(super) fn event_body(conn: Conn<'_>, event_id: &str) -> Result<Option<String>, StoreError> {
    let sql = format!("SELECT {} FROM events WHERE id = ?1", Event::COLUMNS);
    let event = conn.prepare_cached(&sql)?.query_row([event_id], Event::from_row).optional()?;
    Ok(event.map(|event| serde_json::to_string(&Envelope::new(&event))).transpose()?)
}

fn due(
    conn: Conn<'_>,
    endpoint: EndpointNo,
    (from, to): (i64, i64),
    limit: usize,
) -> Result<Vec<DeliveryNo>, StoreError> {
    let sql = "SELECT no FROM webhook_deliveries
               WHERE endpoint_no = ?1 AND status = 'pending' AND held = 0
                   AND next_attempt_at BETWEEN ?2 AND ?3
               ORDER BY next_attempt_at, no LIMIT ?4";
    let mut statement = conn.prepare_cached(sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement
        .query_map(params![endpoint.0, from, to, limit], |row| Ok(DeliveryNo(row.get(0)?)))?;
    Ok(rows.collect::<engine::Result<_>>()?)
}

fn next_due(
    conn: Conn<'_>,
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
        Ok(self.conn.prepare_cached(sql)?.execute(())?)
    }

    fn all_endpoints(&self) -> Result<Vec<EndpointNo>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT no FROM webhook_endpoints")?;
        let rows = statement.query_map((), |row| Ok(EndpointNo(row.get(0)?)))?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }
}
