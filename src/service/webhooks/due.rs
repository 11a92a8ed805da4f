//! Takes the deliveries that are due, and reads what is sent. It owns all that reading needs, because
//! it moves to another thread to read from a database on another machine.

use super::ahead::{Limit, Now, ReadAhead};
use super::lanes::Lanes;
use crate::store::webhooks::queue::OutgoingRequest;
use crate::store::{Reader, Store, StoreError};

#[derive(Default)]
pub(super) struct DueDeliveries {
    pub lanes: Lanes,
    pub ahead: ReadAhead,
}

impl DueDeliveries {
    pub fn new(concurrency: usize) -> Self {
        Self { lanes: Lanes::new(concurrency), ahead: ReadAhead::default() }
    }

    /// Takes everything that can start now. If reading fails, what was taken before must be sent
    /// anyway: it is already marked as in flight.
    pub fn take(
        &mut self,
        store: &Store,
        now: Now,
    ) -> (Vec<OutgoingRequest>, Result<(), StoreError>) {
        let mut taken = Vec::new();
        let read = store.read(|reader| {
            reader.in_one_snapshot(|reader| {
                while self.take_some(reader, now, &mut taken)? {}
                Ok(())
            })
        });
        if read.is_err() {
            self.ahead.clear();
        }
        (taken, read)
    }

    /// Returns whether there may be more: deliveries that should no longer be sent have left their
    /// places to others.
    fn take_some(
        &mut self,
        reader: &Reader<'_>,
        now: Now,
        taken: &mut Vec<OutgoingRequest>,
    ) -> Result<bool, StoreError> {
        let read = |limit: Limit<'_>| reader.webhook_queues(now.due, limit);
        let next = self.ahead.take(&mut self.lanes, now, read)?;
        let requests = reader.outgoing_requests(&next, now.due).inspect_err(|_| {
            next.iter().for_each(|(_, delivery)| self.lanes.end(*delivery, None));
        })?;
        let mut is_any_left_out = false;
        for ((_, delivery), request) in next.into_iter().zip(requests) {
            match request {
                Some(request) => taken.push(request),
                // Replayed, skipped, or removed since it was read.
                None => {
                    self.lanes.end(delivery, None);
                    is_any_left_out = true;
                }
            }
        }
        Ok(is_any_left_out)
    }
}
