//! A queue for slow hashes: a few run at a time, off the web workers, and a bounded number waits.
//!
//! Clients take turns, so that one that sends many requests delays itself and not the others. If
//! the queue is full, a new request takes the place of one that would be served after it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web;
use tokio::sync::oneshot;

use crate::model::values::argon2id::HashError;
use crate::service::client_networks::{MAX_CLIENTS, networks_around};

/// How far a waiting client is trusted, most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// The client has sent a correct secret before.
    Verified,
    Unknown,
    /// Attempts from the client's IP address or the networks around it have failed.
    Suspect,
}

impl Trust {
    /// Returns how many of the places in the queue clients with this trust or less can take. The
    /// others are reserved for clients with more trust.
    fn places(self, total: usize) -> usize {
        match self {
            Self::Verified => total,
            Self::Unknown => total - total / 4,
            Self::Suspect => total / 4,
        }
    }

    /// Returns a factor for how long clients with this trust wait.
    fn weight(self) -> u64 {
        match self {
            Self::Verified => 0,
            Self::Unknown => 1,
            Self::Suspect => 4,
        }
    }
}

pub(super) struct HashQueue(Arc<Shared>);

struct Shared {
    /// The number of hashes to compute at the same time. Each takes 19 MiB and a core.
    max_running: usize,
    max_waiting: usize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    running: usize,
    /// The rank of the request that was served last.
    served: u64,
    /// In order of arrival.
    waiting: Vec<Waiting>,
}

struct Waiting {
    address: IpAddr,
    trust: Trust,
    /// The lowest rank is served first.
    rank: u64,
    slot: oneshot::Sender<HashSlot>,
}

/// The right to compute a hash. Dropping it passes it on to the next request.
pub(super) struct HashSlot(Arc<Shared>);

/// Why a secret was not hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashingError {
    /// Too many attempts have failed. Contains the seconds to wait.
    #[error("too many failed attempts; retry after {0} seconds")]
    TooManyFailures(i64),
    #[error("too many secrets are waiting to be checked")]
    Busy,
    /// The server is stopping, so the thread ended.
    #[error("the server is stopping")]
    Stopping,
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl HashQueue {
    pub fn new(max_running: usize, max_waiting: usize) -> Self {
        Self(Arc::new(Shared { max_running, max_waiting, queue: Mutex::default() }))
    }

    /// Waits for a slot. Dropping the future gives up the place in the queue.
    ///
    /// # Errors
    /// Returns [`HashingError::Busy`] if the queue is full, or if another request took the place.
    pub async fn wait(&self, address: IpAddr, trust: Trust) -> Result<HashSlot, HashingError> {
        let waiting = {
            let mut queue = self.0.lock();
            if queue.running < self.0.max_running {
                queue.running += 1;
                return Ok(HashSlot(Arc::clone(&self.0)));
            }
            queue.enqueue(address, trust, self.0.max_waiting)?
        };
        waiting.await.map_err(|_| HashingError::Busy)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Adds a request to the queue. If the queue is full, evicts the request that would be served
    /// last, provided that it would be served after the new one.
    fn enqueue(
        &mut self,
        address: IpAddr,
        trust: Trust,
        max_waiting: usize,
    ) -> Result<oneshot::Receiver<HashSlot>, HashingError> {
        self.waiting.retain(|waiting| !waiting.slot.is_closed());
        let rank = self.rank(address, trust);
        let full = [Trust::Suspect, Trust::Unknown, Trust::Verified]
            .into_iter()
            .filter(|&level| level <= trust)
            .find(|level| self.with_trust_up_to(*level).count() >= level.places(max_waiting));
        if let Some(level) = full {
            let last = self.with_trust_up_to(level).max_by_key(|&(_, waiting)| waiting.rank);
            let (last, _) = last.filter(|(_, last)| last.rank > rank).ok_or(HashingError::Busy)?;
            // Dropping the sender notifies the evicted request.
            self.waiting.remove(last);
        }
        let (slot, waiting) = oneshot::channel();
        self.waiting.push(Waiting { address, trust, rank, slot });
        Ok(waiting)
    }

    /// Returns the waiting requests with this trust or less, with their positions.
    fn with_trust_up_to(&self, trust: Trust) -> impl Iterator<Item = (usize, &Waiting)> {
        let waiting = self.waiting.iter().enumerate();
        waiting.filter(move |(_, waiting)| waiting.trust >= trust)
    }

    /// Returns the rank of a new request. The more requests of its networks are waiting, the later
    /// it is served; large networks count for less.
    fn rank(&self, address: IpAddr, trust: Trust) -> u64 {
        let load = networks_around(address).map(|(network, clients)| {
            let waiting = self.waiting.iter().filter(|other| {
                // `contains` is false if the address families differ.
                network.contains(&other.address.to_canonical())
            });
            (waiting.count() as u64 + 1) * u64::from(MAX_CLIENTS / clients)
        });
        self.served + load.max().unwrap_or(1) * trust.weight()
    }

    /// Removes the request to serve next.
    fn pop_next(&mut self) -> Option<Waiting> {
        let next = self.waiting.iter().enumerate().min_by_key(|(_, waiting)| waiting.rank);
        let next = self.waiting.remove(next?.0);
        self.served = self.served.max(next.rank);
        Some(next)
    }
}

impl HashSlot {
    /// Runs the work. The slot is held until the work ends, even if its result is no longer needed.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let work = move || {
            let done = work();
            drop(self);
            done
        };
        Ok(web::block(work).await.map_err(|_| HashingError::Stopping)??)
    }
}

impl Drop for HashSlot {
    fn drop(&mut self) {
        let next = {
            let mut queue = self.0.lock();
            let next = queue.pop_next();
            if next.is_none() {
                queue.running -= 1;
            }
            next
        };
        if let Some(next) = next {
            // If the receiver is gone, the slot is dropped, which passes it on in the same way.
            drop(next.slot.send(HashSlot(Arc::clone(&self.0))));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::sync::mpsc;

    use futures_util::FutureExt;
    use proptest::prelude::*;
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    /// Returns a client that shares no network with another one.
    fn unrelated_client(n: u32) -> IpAddr {
        Ipv4Addr::from(0x0b00_0000 + (n << 8)).into()
    }

    /// Returns a client with its own /64 in the same /48 as the others.
    fn client_in_same_48(n: u16) -> IpAddr {
        Ipv6Addr::new(0x2001, 0xdb8, 1, n, 0, 0, 0, 1).into()
    }

    fn order(mut queue: Queue) -> Vec<IpAddr> {
        std::iter::from_fn(move || queue.pop_next()).map(|next| next.address).collect()
    }

    #[test]
    fn clients_take_turns() {
        let mut queue = Queue::default();
        let (busy, quiet, late) = (unrelated_client(1), unrelated_client(2), unrelated_client(3));
        let arrivals = [busy, busy, busy, quiet, late, quiet];
        let _places = arrivals.map(|from| queue.enqueue(from, Trust::Unknown, 64).unwrap());
        assert_eq!(order(queue), [busy, quiet, late, busy, quiet, busy]);
    }

    #[test]
    fn a_newcomer_evicts_a_request_of_a_network_that_fills_the_queue() {
        let mut queue = Queue::default();
        let mut flood: Vec<_> = (0..200)
            .filter_map(|n| queue.enqueue(client_in_same_48(n), Trust::Unknown, 64).ok())
            .collect();
        assert_eq!(queue.waiting.len(), 48);
        let _newcomer = queue.enqueue(unrelated_client(1), Trust::Unknown, 64).unwrap();
        let received = flood.iter_mut().map(oneshot::Receiver::try_recv);
        let evicted = received.filter(|result| matches!(result, Err(TryRecvError::Closed))).count();
        assert_eq!((queue.waiting.len(), evicted), (48, 1));
        let position = order(queue).into_iter().position(|address| address == unrelated_client(1));
        assert!(position.unwrap() < 5);
    }

    #[test]
    fn places_are_reserved_for_trusted_clients() {
        let mut queue = Queue::default();
        let mut enqueue = |n, trust| queue.enqueue(unrelated_client(n), trust, 64);
        let suspects: Vec<_> = (0..64).filter_map(|n| enqueue(n, Trust::Suspect).ok()).collect();
        assert_eq!(suspects.len(), 16);
        let unknown: Vec<_> = (100..164).filter_map(|n| enqueue(n, Trust::Unknown).ok()).collect();
        assert!(unknown.len() >= 32);
        assert!(matches!(enqueue(200, Trust::Unknown), Err(HashingError::Busy)));
        assert!(matches!(enqueue(201, Trust::Suspect), Err(HashingError::Busy)));
        let _verified =
            [enqueue(300, Trust::Verified).unwrap(), enqueue(301, Trust::Verified).unwrap()];
        let order = order(queue);
        assert_eq!(order[..2], [unrelated_client(300), unrelated_client(301)]);
        assert_eq!(order[2], unrelated_client(100));
    }

    #[test]
    fn a_suspect_is_served_even_if_others_keep_arriving() {
        let mut queue = Queue::default();
        let mut waiting = vec![queue.enqueue(unrelated_client(0), Trust::Suspect, 64).unwrap()];
        for n in 1..10 {
            waiting.push(queue.enqueue(unrelated_client(n), Trust::Unknown, 64).unwrap());
        }
        let served = (10..200).position(|n| {
            waiting.push(queue.enqueue(unrelated_client(n), Trust::Unknown, 64).unwrap());
            queue.pop_next().unwrap().trust == Trust::Suspect
        });
        assert!(served.unwrap() < 60);
    }

    #[test]
    fn a_request_that_stops_waiting_gives_up_its_place_and_slot() {
        let queue = HashQueue::new(1, 4);
        let wait = |n| Box::pin(queue.wait(unrelated_client(n), Trust::Unknown));
        let first = wait(1).now_or_never().unwrap().unwrap();
        let mut waiting = [2, 3, 4].map(wait);
        assert!(waiting.iter_mut().all(|place| place.now_or_never().is_none()));
        let [second, third, mut fourth] = waiting;
        drop(second);
        drop(first);
        // The third one has the slot but is dropped before it receives it.
        assert!(fourth.as_mut().now_or_never().is_none());
        drop(third);
        let last = fourth.now_or_never().unwrap().unwrap();
        drop(last);
        assert!(wait(5).now_or_never().unwrap().is_ok());
        let queue = queue.0.lock();
        assert_eq!((queue.running, queue.waiting.len()), (0, 0));
    }

    #[actix_web::test]
    async fn a_slot_is_held_until_its_work_ends_not_its_request() {
        let queue = HashQueue::new(1, 4);
        let (finish, finished) = mpsc::channel::<()>();
        let slot = queue.wait(unrelated_client(1), Trust::Unknown).await.unwrap();
        let mut run = Box::pin(slot.run(move || Ok(finished.recv().is_ok())));
        assert!(run.as_mut().now_or_never().is_none());
        drop(run);
        let mut next = Box::pin(queue.wait(unrelated_client(2), Trust::Unknown));
        assert!(next.as_mut().now_or_never().is_none());
        finish.send(()).unwrap();
        next.await.unwrap();
    }

    proptest! {
        #[test]
        fn the_queue_is_bounded_and_serves_all_requests(
            steps in prop::collection::vec((0u32..40, 0..3, any::<bool>()), 1..300),
        ) {
            let mut queue = Queue::default();
            let mut waiting = Vec::new();
            for (n, trust, serve) in steps {
                let trust = [Trust::Verified, Trust::Unknown, Trust::Suspect][trust as usize];
                waiting.extend(queue.enqueue(unrelated_client(n % 7), trust, 16).ok());
                prop_assert!(queue.waiting.len() <= 16);
                let suspects = queue.waiting.iter().filter(|w| w.trust == Trust::Suspect);
                prop_assert!(suspects.count() <= 4);
                if serve {
                    let served = queue.served;
                    queue.pop_next();
                    prop_assert!(queue.served >= served);
                }
            }
            let left = queue.waiting.len();
            prop_assert_eq!(order(queue).len(), left);
        }
    }
}
