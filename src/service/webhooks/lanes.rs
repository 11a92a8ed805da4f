//! Chooses the deliveries to start next. Limits how many are in flight in total and per endpoint,
//! so that endpoints that don't respond leave room for those that do.

use std::collections::HashMap;

use crate::store::webhooks::numbers::{DeliveryNo, EndpointNo};
use crate::store::webhooks::queue::EndpointQueue;

/// The maximum number of requests in flight to an endpoint whose last attempt succeeded.
const PER_ENDPOINT: usize = 4;
/// How many more deliveries to read for such an endpoint than can start.
const READ_AHEAD: usize = 60;
/// The share of all requests in flight that endpoints without a success can use.
const UNPROVEN_SHARE: (usize, usize) = (3, 4);
/// The maximum number of attempts in flight or waiting to be recorded, per allowed request in
/// flight. While the database is slow, results wait in memory, and a crash would repeat their
/// attempts.
const MAX_TAKEN: usize = 4;
/// The maximum number of idle lanes kept in memory.
const MAX_IDLE: usize = 1000;

/// The attempts in flight, by endpoint. The default allows none.
#[derive(Default)]
pub(super) struct Lanes {
    concurrency: usize,
    lanes: HashMap<EndpointNo, Lane>,
    /// Attempts in flight or not recorded yet: still pending in the database.
    taken: HashMap<DeliveryNo, EndpointNo>,
    active: usize,
    active_unproven: usize,
    /// The number of attempts started so far.
    started: u64,
}

#[derive(Default)]
struct Lane {
    active: usize,
    /// Finished but not recorded yet.
    unrecorded: usize,
    /// Whether the last attempt succeeded.
    proven: bool,
    /// Whether the next delivery is a retry rather than a first attempt, if both are due.
    retry_first: bool,
    /// The number of its last attempt, counted across all lanes.
    last_started: u64,
}

impl Lane {
    fn limit(&self) -> usize {
        if self.proven { PER_ENDPOINT } else { 1 }
    }
}

impl Lanes {
    pub fn new(concurrency: usize) -> Self {
        Self { concurrency, ..Self::default() }
    }

    /// Returns how many requests to an endpoint may start.
    pub fn free(&self, endpoint: EndpointNo) -> usize {
        self.lanes.get(&endpoint).map_or(1, |lane| lane.limit().saturating_sub(lane.active))
    }

    /// Returns how many of an endpoint's due deliveries to read if any may start: those, plus those
    /// in flight, which are still at the front of its queue, plus the next ones if they will
    /// probably start soon.
    pub fn wanted(&self, endpoint: EndpointNo) -> usize {
        let Some(lane) = self.lanes.get(&endpoint) else { return 1 };
        let ahead = if lane.proven { READ_AHEAD } else { 0 };
        lane.limit().max(lane.active) + lane.unrecorded + ahead
    }

    /// Returns whether a delivery is in flight or not recorded yet.
    pub fn is_taken(&self, delivery: DeliveryNo) -> bool {
        self.taken.contains_key(&delivery)
    }

    /// Returns whether anything can start.
    pub fn has_room(&self) -> bool {
        self.active < self.concurrency && self.taken.len() < self.concurrency * MAX_TAKEN
    }

    pub fn is_idle(&self) -> bool {
        self.taken.is_empty()
    }

    /// Takes the deliveries to start: one from each endpoint in turn. Endpoints with the fewest
    /// requests in flight come first, and among those, the ones that have waited longest, so that
    /// busy endpoints don't hold up the others.
    pub fn take<'q>(
        &mut self,
        queues: impl IntoIterator<Item = &'q EndpointQueue>,
    ) -> Vec<(EndpointNo, DeliveryNo)> {
        let mut started = Vec::new();
        let mut order: Vec<&EndpointQueue> = queues.into_iter().collect();
        loop {
            order.sort_by_key(|queue| {
                self.lanes
                    .get(&queue.endpoint)
                    .map_or((0, 0), |lane| (lane.active, lane.last_started))
            });
            let before = started.len();
            for queue in &order {
                if self.may_start(queue.endpoint)
                    && let Some(delivery) = self.next(queue)
                {
                    self.start(queue.endpoint, delivery);
                    started.push((queue.endpoint, delivery));
                }
            }
            if started.len() == before {
                return started;
            }
        }
    }

    fn may_start(&self, endpoint: EndpointNo) -> bool {
        let (proven, active) =
            self.lanes.get(&endpoint).map_or((false, 0), |lane| (lane.proven, lane.active));
        let (part, whole) = UNPROVEN_SHARE;
        let unproven_limit = (self.concurrency * part / whole).max(1);
        let limit = if proven { PER_ENDPOINT } else { 1 };
        self.has_room() && active < limit && (proven || self.active_unproven < unproven_limit)
    }

    /// Returns an endpoint's next delivery. Alternates between first attempts and retries so that
    /// neither holds up the other.
    fn next(&self, queue: &EndpointQueue) -> Option<DeliveryNo> {
        let is_free = |no: &&DeliveryNo| !self.is_taken(**no);
        let first = queue.first_attempts.iter().find(is_free).copied();
        let retry = queue.retries.iter().find(is_free).copied();
        let retry_first = self.lanes.get(&queue.endpoint).is_some_and(|lane| lane.retry_first);
        if retry_first { retry.or(first) } else { first.or(retry) }
    }

    fn start(&mut self, endpoint: EndpointNo, delivery: DeliveryNo) {
        let lane = self.lanes.entry(endpoint).or_default();
        self.started += 1;
        lane.active += 1;
        lane.last_started = self.started;
        lane.retry_first = !lane.retry_first;
        self.active += 1;
        self.active_unproven += usize::from(!lane.proven);
        self.taken.insert(delivery, endpoint);
    }

    /// Marks an attempt as ended. `succeeded` is `None` if there was nothing to send.
    pub fn end(&mut self, delivery: DeliveryNo, succeeded: Option<bool>) {
        let Some(endpoint) = self.taken.get(&delivery) else { return };
        let Some(lane) = self.lanes.get_mut(endpoint) else { return };
        lane.active = lane.active.saturating_sub(1);
        self.active = self.active.saturating_sub(1);
        match succeeded {
            Some(succeeded) => {
                lane.proven = succeeded;
                lane.unrecorded += 1;
            }
            None => {
                self.taken.remove(&delivery);
            }
        }
        self.active_unproven =
            self.lanes.values().filter(|lane| !lane.proven).map(|lane| lane.active).sum();
    }

    /// Marks an attempt as recorded: from now on, the database says when its delivery is due.
    pub fn recorded(&mut self, delivery: DeliveryNo) {
        let Some(endpoint) = self.taken.remove(&delivery) else { return };
        if let Some(lane) = self.lanes.get_mut(&endpoint) {
            lane.unrecorded = lane.unrecorded.saturating_sub(1);
        }
        if self.lanes.len() > MAX_IDLE {
            self.lanes.retain(|_, lane| lane.active + lane.unrecorded > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(delivery: i64) -> DeliveryNo {
        DeliveryNo::for_test(delivery)
    }

    fn endpoint(no: i64) -> EndpointNo {
        EndpointNo::for_test(no)
    }

    /// Returns an endpoint's queue with these first attempts and retries.
    fn queue(no_of_endpoint: i64, first: &[i64], retries: &[i64]) -> EndpointQueue {
        EndpointQueue {
            endpoint: endpoint(no_of_endpoint),
            first_attempts: first.iter().copied().map(no).collect(),
            retries: retries.iter().copied().map(no).collect(),
            next_due: None,
        }
    }

    fn take(lanes: &mut Lanes, queues: &[EndpointQueue]) -> Vec<DeliveryNo> {
        lanes.take(queues).into_iter().map(|(_, delivery)| delivery).collect()
    }

    fn nos(deliveries: &[i64]) -> Vec<DeliveryNo> {
        deliveries.iter().copied().map(no).collect()
    }

    /// Ends an attempt and records it.
    fn finish(lanes: &mut Lanes, delivery: i64, succeeded: bool) {
        lanes.end(no(delivery), Some(succeeded));
        lanes.recorded(no(delivery));
    }

    /// Makes one delivery to the endpoint succeed.
    fn prove(lanes: &mut Lanes, endpoint: i64, delivery: i64) {
        assert_eq!(take(lanes, &[queue(endpoint, &[delivery], &[])]), nos(&[delivery]));
        finish(lanes, delivery, true);
    }

    #[test]
    fn an_endpoint_gets_one_attempt_until_it_succeeds_then_four_and_one_while_it_fails() {
        let mut lanes = Lanes::new(100);
        let queues =
            |first: i64| [queue(1, &[first, first + 1, first + 2, first + 3, first + 4], &[])];
        assert_eq!(take(&mut lanes, &queues(1)), nos(&[1]));
        assert_eq!(take(&mut lanes, &queues(1)), []);
        finish(&mut lanes, 1, true);
        assert_eq!(take(&mut lanes, &queues(2)), nos(&[2, 3, 4, 5]), "in the order of the events");
        finish(&mut lanes, 2, false);
        assert_eq!(take(&mut lanes, &queues(3)), []);
        for delivery in 3..=5 {
            finish(&mut lanes, delivery, false);
        }
        assert_eq!(take(&mut lanes, &queues(6)), nos(&[6]));
    }

    #[test]
    fn first_attempts_and_retries_take_turns() {
        let mut lanes = Lanes::new(100);
        let (mut first, mut retries) = (vec![1, 2, 3], vec![11, 12]);
        let mut order = Vec::new();
        while let [delivery] = take(&mut lanes, &[queue(1, &first, &retries)])[..] {
            lanes.end(delivery, Some(false));
            lanes.recorded(delivery);
            first.retain(|&other| no(other) != delivery);
            retries.retain(|&other| no(other) != delivery);
            order.push(delivery);
        }
        assert_eq!(order, nos(&[1, 11, 2, 12, 3]));
    }

    #[test]
    fn a_delivery_is_not_started_again_before_its_result_is_recorded() {
        let mut lanes = Lanes::new(100);
        let due = [queue(1, &[1], &[])];
        assert_eq!(take(&mut lanes, &due), nos(&[1]));
        assert_eq!(take(&mut lanes, &due), []);
        lanes.end(no(1), Some(false));
        assert_eq!(take(&mut lanes, &due), []);
        assert!(!lanes.is_idle());
        assert_eq!(lanes.wanted(endpoint(1)), 2, "the one that waits to be recorded, and the next");
        lanes.recorded(no(1));
        assert!(lanes.is_idle());
        assert_eq!(take(&mut lanes, &due), nos(&[1]));
        lanes.end(no(1), None);
        assert!(lanes.is_idle(), "there was nothing to send");
    }

    #[test]
    fn enough_due_deliveries_are_read_to_see_past_those_in_flight() {
        let mut lanes = Lanes::new(100);
        assert_eq!((lanes.free(endpoint(1)), lanes.wanted(endpoint(1))), (1, 1));
        prove(&mut lanes, 1, 1);
        assert_eq!((lanes.free(endpoint(1)), lanes.wanted(endpoint(1))), (4, 4 + READ_AHEAD));
        take(&mut lanes, &[queue(1, &[2, 3, 4], &[])]);
        assert_eq!((lanes.free(endpoint(1)), lanes.wanted(endpoint(1))), (1, 4 + READ_AHEAD));
        lanes.end(no(2), Some(true));
        assert_eq!((lanes.free(endpoint(1)), lanes.wanted(endpoint(1))), (2, 5 + READ_AHEAD));
        lanes.end(no(3), Some(false));
        assert_eq!((lanes.free(endpoint(1)), lanes.wanted(endpoint(1))), (0, 1 + 2));
    }

    #[test]
    fn endpoints_without_a_success_leave_a_quarter_of_all_slots_free() {
        let mut lanes = Lanes::new(8);
        prove(&mut lanes, 1, 1);
        let mut queues = vec![queue(1, &[2, 3, 4, 5], &[])];
        queues.extend((0..20).map(|n| queue(100 + n, &[1000 + n], &[])));
        let unproven = |taken: &[DeliveryNo]| {
            taken.iter().filter(|&&one| !nos(&[2, 3, 4, 5]).contains(&one)).count()
        };
        let dead = take(&mut lanes, &queues[1..]);
        assert_eq!(unproven(&dead), 6);
        assert_eq!(take(&mut lanes, &queues), nos(&[2, 3]));
        finish(&mut lanes, 2, true);
        queues[0] = queue(1, &[3, 4, 5], &[]);
        assert_eq!(take(&mut lanes, &queues), nos(&[4]), "it doesn't wait for the dead ones");
    }

    #[test]
    fn busy_endpoints_do_not_take_slots_from_waiting_ones() {
        let mut lanes = Lanes::new(4);
        for endpoint in 1..=3 {
            prove(&mut lanes, endpoint, endpoint);
        }
        let backlog = |endpoint: i64| {
            queue(endpoint, &(0..10).map(|n| endpoint * 100 + n).collect::<Vec<_>>(), &[])
        };
        assert_eq!(take(&mut lanes, &[backlog(1)]), nos(&[100, 101, 102, 103]));
        let all = [backlog(1), backlog(2), backlog(3)];
        let mut started = Vec::new();
        for ended in [100, 101, 102] {
            finish(&mut lanes, ended, true);
            started.extend(lanes.take(&all).into_iter().map(|(endpoint, _)| endpoint));
        }
        assert_eq!(started, [endpoint(2), endpoint(3), endpoint(1)]);
    }

    #[test]
    fn with_a_single_slot_endpoints_take_turns() {
        let mut lanes = Lanes::new(1);
        let mut order = Vec::new();
        for n in 0..6 {
            let queues =
                [queue(1, &[10 + n], &[]), queue(2, &[20 + n], &[]), queue(3, &[30 + n], &[])];
            for (endpoint, delivery) in lanes.take(&queues) {
                order.push(endpoint);
                lanes.end(delivery, Some(true));
                lanes.recorded(delivery);
            }
        }
        assert_eq!(order, [1, 2, 3, 1, 2, 3].map(endpoint));
    }

    #[test]
    fn nothing_starts_while_too_many_results_wait_to_be_recorded() {
        let mut lanes = Lanes::new(2);
        prove(&mut lanes, 1, 0);
        let mut waiting = Vec::new();
        for n in 1.. {
            let Some(&delivery) = take(&mut lanes, &[queue(1, &[n], &[])]).first() else { break };
            lanes.end(delivery, Some(true));
            waiting.push(delivery);
        }
        assert_eq!(waiting.len(), 2 * MAX_TAKEN);
        assert!(!lanes.has_room());
        lanes.recorded(waiting[0]);
        assert_eq!(take(&mut lanes, &[queue(1, &[1000], &[])]), nos(&[1000]));
    }

    #[test]
    fn idle_lanes_are_forgotten_when_there_are_many() {
        let mut lanes = Lanes::new(4);
        for n in 0..2 * MAX_IDLE as i64 {
            prove(&mut lanes, n, n);
        }
        assert!(lanes.lanes.len() <= MAX_IDLE + 1, "{}", lanes.lanes.len());
    }
}
