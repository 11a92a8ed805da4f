//! Which deliveries start next: bounded in total and per endpoint, so that endpoints that don't
//! answer leave room for those that do.

use std::collections::HashMap;

use crate::store::webhooks::numbers::{DeliveryNo, EndpointNo};
use crate::store::webhooks::queue::EndpointQueue;

/// Requests in flight to an endpoint whose last attempt succeeded.
const PER_ENDPOINT: usize = 4;
/// The share of all requests in flight that endpoints without a success can use.
const UNPROVEN_SHARE: (usize, usize) = (3, 4);
/// Attempts in flight, or finished and not recorded yet, per request that may be in flight. While
/// the writer is slow, results wait in memory, and a crash would repeat their attempts.
const MAX_TAKEN: usize = 4;
/// Lanes that are kept in memory when they are idle.
const MAX_IDLE: usize = 1000;

/// What is in flight.
pub(super) struct Lanes {
    concurrency: usize,
    lanes: HashMap<EndpointNo, Lane>,
    /// In flight, or finished and not recorded yet: still pending in the database.
    taken: HashMap<DeliveryNo, EndpointNo>,
    active: usize,
    active_unproven: usize,
    /// How many attempts were started.
    started: u64,
}

#[derive(Default)]
struct Lane {
    active: usize,
    /// Finished and not recorded yet.
    unrecorded: usize,
    /// Whether the last attempt succeeded.
    proven: bool,
    /// Whether a retry comes before a first attempt next time.
    retry_first: bool,
    /// The number of its last attempt, among those of all lanes.
    last_started: u64,
}

impl Lane {
    fn limit(&self) -> usize {
        if self.proven { PER_ENDPOINT } else { 1 }
    }
}

impl Lanes {
    pub fn new(concurrency: usize) -> Self {
        Self {
            concurrency,
            lanes: HashMap::new(),
            taken: HashMap::new(),
            active: 0,
            active_unproven: 0,
            started: 0,
        }
    }

    /// How many due deliveries of an endpoint to look at: what may start, and what is in flight and
    /// therefore still at the front of its queue.
    pub fn wanted(&self, endpoint: EndpointNo) -> usize {
        let Some(lane) = self.lanes.get(&endpoint) else { return 1 };
        let free = lane.limit().saturating_sub(lane.active);
        if free == 0 { 0 } else { free + lane.active + lane.unrecorded }
    }

    /// Whether anything can start.
    pub fn has_room(&self) -> bool {
        self.active < self.concurrency && self.taken.len() < self.concurrency * MAX_TAKEN
    }

    pub fn is_idle(&self) -> bool {
        self.taken.is_empty()
    }

    /// Takes the deliveries that start now: one of each endpoint in turn, beginning with the
    /// endpoints that have the fewest requests in flight and have waited longest, so that busy ones
    /// don't keep the others from starting.
    pub fn take(&mut self, queues: &[EndpointQueue]) -> Vec<(EndpointNo, DeliveryNo)> {
        let mut started = Vec::new();
        let mut order: Vec<&EndpointQueue> = queues.iter().collect();
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

    /// The next delivery of an endpoint: first attempts and retries in turn, so that neither keeps
    /// the other waiting.
    fn next(&self, queue: &EndpointQueue) -> Option<DeliveryNo> {
        let is_free = |no: &&DeliveryNo| !self.taken.contains_key(*no);
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

    /// An attempt ended. `succeeded` is `None` when there was nothing to send.
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

    /// An attempt was recorded: its delivery is due again when the database says so.
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
