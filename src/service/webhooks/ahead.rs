//! The due deliveries that were read ahead, so that not every attempt reads the outbox again. Only
//! row numbers: what is sent, and whether it still should be, is read when an attempt starts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::lanes::Lanes;
use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;
use crate::store::StoreError;
use crate::store::webhooks::numbers::{DeliveryNo, EndpointNo};
use crate::store::webhooks::queue::EndpointQueue;

/// How long deliveries that were read ahead are used after a change, which may have queued others
/// that go before them, such as a ping.
const MAX_AGE: Duration = Duration::from_millis(50);

/// The queues of endpoints, as far as they were read.
#[derive(Default)]
pub(super) struct ReadAhead {
    queues: BTreeMap<EndpointNo, Ahead>,
    /// Counts the changes of the outbox.
    changes: u64,
    /// Whether an endpoint may have due deliveries that `queues` doesn't show.
    is_incomplete: bool,
}

struct Ahead {
    queue: EndpointQueue,
    /// The value of `changes` when it was read, and the time.
    changes: u64,
    read_at: Monotonic,
    /// Whether more deliveries were due than were read.
    has_more: bool,
}

/// Gives the maximum number of due deliveries to read for an endpoint.
pub(super) type Limit<'a> = &'a mut dyn FnMut(EndpointNo) -> usize;

/// The current times: of the clock for due deliveries, and for measuring durations.
#[derive(Clone, Copy)]
pub(super) struct Now {
    pub due: Timestamp,
    pub monotonic: Monotonic,
}

impl ReadAhead {
    /// The outbox, an endpoint, or what may be sent to it has changed.
    pub fn mark_changed(&mut self) {
        self.changes += 1;
        self.is_incomplete = true;
    }

    /// Forgets everything that was read.
    pub fn clear(&mut self) {
        self.queues.clear();
        self.mark_changed();
    }

    /// Takes the deliveries to start. Calls `read_queues`, which reads the due deliveries of each
    /// endpoint up to a limit, if that is necessary.
    pub fn take(
        &mut self,
        lanes: &mut Lanes,
        now: Now,
        read_queues: impl FnOnce(Limit<'_>) -> Result<Vec<EndpointQueue>, StoreError>,
    ) -> Result<Vec<(EndpointNo, DeliveryNo)>, StoreError> {
        self.read(lanes, now, read_queues)?;
        let queues = self.queues.values().map(|ahead| &ahead.queue);
        let taken = lanes.take(queues);
        for (endpoint, delivery) in &taken {
            if let Some(ahead) = self.queues.get_mut(endpoint) {
                ahead.queue.first_attempts.retain(|other| other != delivery);
                ahead.queue.retries.retain(|other| other != delivery);
            }
        }
        Ok(taken)
    }

    /// Returns when the next delivery becomes due that could start then.
    pub fn next_due(&self, lanes: &Lanes) -> Option<Timestamp> {
        let can_start = |ahead: &&Ahead| lanes.free(ahead.queue.endpoint) > 0;
        self.queues.values().filter(can_start).filter_map(|ahead| ahead.queue.next_due).min()
    }

    fn read(
        &mut self,
        lanes: &Lanes,
        now: Now,
        read_queues: impl FnOnce(Limit<'_>) -> Result<Vec<EndpointQueue>, StoreError>,
    ) -> Result<(), StoreError> {
        let needs_reading = |ahead: &Ahead| self.needs_reading(ahead, lanes, now);
        if !self.is_incomplete && !self.queues.values().any(needs_reading) {
            return Ok(());
        }
        let mut pending = BTreeSet::new();
        let mut is_incomplete = false;
        let read = read_queues(&mut |endpoint| {
            pending.insert(endpoint);
            let ahead = self.queues.get(&endpoint);
            if lanes.free(endpoint) == 0 {
                is_incomplete |= ahead.is_none();
                return 0;
            }
            let is_enough = ahead.is_some_and(|ahead| !self.needs_reading(ahead, lanes, now));
            if is_enough { 0 } else { lanes.wanted(endpoint) }
        })?;
        // The others are disabled, deleted, or have nothing to send.
        self.queues.retain(|endpoint, _| pending.contains(endpoint));
        self.is_incomplete = is_incomplete;
        for mut queue in read {
            let limit = lanes.wanted(queue.endpoint);
            let has_more = queue.first_attempts.len().max(queue.retries.len()) >= limit;
            queue.first_attempts.retain(|delivery| !lanes.is_taken(*delivery));
            queue.retries.retain(|delivery| !lanes.is_taken(*delivery));
            let (changes, read_at) = (self.changes, now.monotonic);
            let ahead = Ahead { queue, changes, read_at, has_more };
            self.queues.insert(ahead.queue.endpoint, ahead);
        }
        Ok(())
    }

    /// Returns whether a queue must be read before the next delivery is taken from it.
    fn needs_reading(&self, ahead: &Ahead, lanes: &Lanes, now: Now) -> bool {
        let free = lanes.free(ahead.queue.endpoint);
        if free == 0 {
            return false;
        }
        let has_changed = ahead.changes != self.changes;
        let is_short = ahead.queue.first_attempts.len() + ahead.queue.retries.len() < free;
        ahead.queue.next_due.is_some_and(|due| due <= now.due)
            || is_short && (has_changed || ahead.has_more)
            || has_changed && now.monotonic.since(ahead.read_at) >= MAX_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: i64 = 1;

    fn endpoint() -> EndpointNo {
        EndpointNo::for_test(ENDPOINT)
    }

    fn nos(deliveries: impl IntoIterator<Item = i64>) -> Vec<DeliveryNo> {
        deliveries.into_iter().map(DeliveryNo::for_test).collect()
    }

    fn at(millis: i64) -> Now {
        Now {
            due: Timestamp::from_micros(millis * 1000),
            monotonic: Monotonic::from_micros(millis * 1000),
        }
    }

    /// An outbox with one endpoint, and what has been read of it.
    struct Outbox {
        lanes: Lanes,
        ahead: ReadAhead,
        due: Vec<DeliveryNo>,
        next_due: Option<Timestamp>,
        is_enabled: bool,
        reads: usize,
    }

    impl Outbox {
        /// The endpoint's last attempt succeeded.
        fn with_due(due: impl IntoIterator<Item = i64>) -> Self {
            let mut lanes = Lanes::new(100);
            let first = EndpointQueue {
                endpoint: endpoint(),
                first_attempts: nos([0]),
                retries: Vec::new(),
                next_due: None,
            };
            lanes.take([&first]);
            lanes.end(DeliveryNo::for_test(0), Some(true));
            lanes.recorded(DeliveryNo::for_test(0));
            let mut ahead = ReadAhead::default();
            ahead.mark_changed();
            let due = nos(due);
            Self { lanes, ahead, due, next_due: None, is_enabled: true, reads: 0 }
        }

        fn take(&mut self, now: Now) -> Vec<DeliveryNo> {
            let (due, next_due, is_enabled) = (&self.due, self.next_due, self.is_enabled);
            let reads = &mut self.reads;
            let read = |limit: Limit<'_>| {
                let limit = if is_enabled { limit(endpoint()) } else { 0 };
                if limit == 0 {
                    return Ok(Vec::new());
                }
                *reads += 1;
                Ok(vec![EndpointQueue {
                    endpoint: endpoint(),
                    first_attempts: due.iter().copied().take(limit).collect(),
                    retries: Vec::new(),
                    next_due: next_due.filter(|next| *next > now.due),
                }])
            };
            let taken = self.ahead.take(&mut self.lanes, now, read).unwrap();
            taken.into_iter().map(|(_, delivery)| delivery).collect()
        }

        /// Records a success.
        fn finish(&mut self, delivery: DeliveryNo) {
            self.lanes.end(delivery, Some(true));
            self.lanes.recorded(delivery);
            self.due.retain(|other| *other != delivery);
        }
    }

    #[test]
    fn a_backlog_is_sent_in_order_with_few_reads() {
        let mut outbox = Outbox::with_due(1..=1000);
        let mut sent = Vec::new();
        loop {
            let taken = outbox.take(at(0));
            if taken.is_empty() {
                break;
            }
            taken.iter().for_each(|delivery| outbox.finish(*delivery));
            sent.extend(taken);
        }
        assert_eq!(sent, nos(1..=1000));
        assert!(outbox.reads < 20, "{}", outbox.reads);
    }

    #[test]
    fn nothing_is_read_unless_something_has_changed_or_become_due() {
        let mut outbox = Outbox::with_due([1]);
        outbox.next_due = Some(Timestamp::from_micros(60_000));
        assert_eq!(outbox.take(at(0)), nos([1]));
        outbox.finish(DeliveryNo::for_test(1));
        assert_eq!(outbox.take(at(1)), []);
        assert_eq!(outbox.reads, 1);
        assert_eq!(outbox.ahead.next_due(&outbox.lanes), outbox.next_due);
        outbox.due = nos([2]);
        assert_eq!(outbox.take(at(60)), nos([2]), "it became due");
        outbox.due = nos([2, 3]);
        assert_eq!(outbox.take(at(61)), []);
        outbox.ahead.mark_changed();
        assert_eq!(outbox.take(at(62)), nos([3]));
        assert_eq!(outbox.reads, 3);
    }

    #[test]
    fn what_was_queued_to_go_first_waits_only_a_moment() {
        let mut outbox = Outbox::with_due(10..40);
        assert_eq!(outbox.take(at(0)), nos(10..14));
        outbox.due.insert(0, DeliveryNo::for_test(1));
        outbox.ahead.mark_changed();
        outbox.finish(DeliveryNo::for_test(10));
        assert_eq!(outbox.take(at(49)), nos([14]));
        outbox.finish(DeliveryNo::for_test(11));
        assert_eq!(outbox.take(at(50)), nos([1]));
    }

    #[test]
    fn what_is_in_flight_is_not_taken_again_after_it_was_recorded() {
        let mut outbox = Outbox::with_due([1, 2, 3]);
        assert_eq!(outbox.take(at(0)), nos([1, 2, 3]));
        outbox.ahead.mark_changed();
        assert_eq!(outbox.take(at(1)), [], "they are still due in the database");
        for delivery in nos([1, 2, 3]) {
            outbox.finish(delivery);
        }
        assert_eq!(outbox.take(at(2)), []);
    }

    #[test]
    fn a_change_while_all_requests_are_in_flight_is_read_when_one_has_ended() {
        let mut outbox = Outbox::with_due([1, 2, 3, 4]);
        assert_eq!(outbox.take(at(0)), nos([1, 2, 3, 4]));
        outbox.due.push(DeliveryNo::for_test(5));
        outbox.ahead.mark_changed();
        assert_eq!(outbox.take(at(1)), []);
        outbox.finish(DeliveryNo::for_test(1));
        assert_eq!(outbox.take(at(2)), nos([5]));
    }

    #[test]
    fn a_disabled_endpoint_is_forgotten() {
        let mut outbox = Outbox::with_due(1..=50);
        outbox.next_due = Some(Timestamp::from_micros(60_000));
        assert_eq!(outbox.take(at(0)), nos(1..=4));
        outbox.is_enabled = false;
        outbox.ahead.mark_changed();
        outbox.finish(DeliveryNo::for_test(1));
        assert_eq!(outbox.take(at(1)), []);
        assert_eq!(outbox.ahead.next_due(&outbox.lanes), None);
    }
}
