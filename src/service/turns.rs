//! A queue for slow hashing: a few run at a time, off the web workers, and a bounded number wait.
//! Turns go around between clients, so that one that sends much waits for itself and not the others
//! for it. When the queue is full, a newcomer takes the place of whoever would be served after it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web;
use tokio::sync::oneshot;

use super::neighbors::{self, networks};
use crate::model::values::argon2id::HashError;

/// What is known of the client that waits, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// A secret from its address was right.
    Proven,
    /// Nothing.
    Unknown,
    /// Attempts from its address or its networks have failed.
    Suspect,
}

impl Standing {
    /// How many of this many places those of this standing or a worse one may take: the rest is
    /// reserved for those of a better one.
    fn share(self, places: usize) -> usize {
        match self {
            Self::Proven => places,
            Self::Unknown => places - places / 4,
            Self::Suspect => places / 4,
        }
    }

    /// How much longer than others those of this standing wait.
    fn weight(self) -> u64 {
        match self {
            Self::Proven => 0,
            Self::Unknown => 1,
            Self::Suspect => 4,
        }
    }
}

/// A queue.
pub(super) struct Turns(Arc<Shared>);

struct Shared {
    /// Hashes that are computed at the same time; each takes 19 MiB and a core.
    running: usize,
    /// Requests that may wait.
    places: usize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    running: usize,
    /// The rank of the last one that was served.
    served: u64,
    /// In the order of arrival.
    waiting: Vec<Waiting>,
}

struct Waiting {
    address: IpAddr,
    standing: Standing,
    /// The lowest is served first.
    rank: u64,
    turn: oneshot::Sender<Turn>,
}

/// A turn. It ends when it is dropped.
pub(super) struct Turn(Arc<Shared>);

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TurnError {
    /// Too many attempts have failed; allowed again after so many seconds.
    #[error("too many attempts have failed; wait {0} seconds")]
    TooMany(i64),
    /// Too many are waiting.
    #[error("too many secrets are waiting to be checked")]
    Busy,
    /// The thread ended, as the server does.
    #[error("the server is stopping")]
    Stopping,
    /// The hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl Turns {
    /// A queue in which nobody waits yet.
    pub fn new(running: usize, places: usize) -> Self {
        Self(Arc::new(Shared { running, places, queue: Mutex::default() }))
    }

    /// Waits for a turn. Whoever stops waiting gives the place up.
    ///
    /// # Errors
    /// [`TurnError::Busy`] when there is no place, or somebody else has taken it.
    pub async fn wait(&self, address: IpAddr, standing: Standing) -> Result<Turn, TurnError> {
        let waiting = {
            let mut queue = self.0.lock();
            if queue.running < self.0.running {
                queue.running += 1;
                return Ok(Turn(Arc::clone(&self.0)));
            }
            queue.join(address, standing, self.0.places)?
        };
        waiting.await.map_err(|_| TurnError::Busy)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Takes a place, from somebody who would be served later if there is none.
    fn join(
        &mut self,
        address: IpAddr,
        standing: Standing,
        places: usize,
    ) -> Result<oneshot::Receiver<Turn>, TurnError> {
        self.waiting.retain(|waiting| !waiting.turn.is_closed());
        let rank = self.rank(address, standing);
        let full = [Standing::Suspect, Standing::Unknown, Standing::Proven]
            .into_iter()
            .filter(|&level| level <= standing)
            .find(|level| self.at_best(*level).count() >= level.share(places));
        if let Some(level) = full {
            let last = self.at_best(level).max_by_key(|&(_, waiting)| waiting.rank);
            let (last, _) = last.filter(|(_, last)| last.rank > rank).ok_or(TurnError::Busy)?;
            // Its sender is dropped, by which it learns.
            self.waiting.remove(last);
        }
        let (turn, waiting) = oneshot::channel();
        self.waiting.push(Waiting { address, standing, rank, turn });
        Ok(waiting)
    }

    /// Those of this standing or a worse one, with their positions.
    fn at_best(&self, standing: Standing) -> impl Iterator<Item = (usize, &Waiting)> {
        let waiting = self.waiting.iter().enumerate();
        waiting.filter(move |(_, waiting)| waiting.standing >= standing)
    }

    /// Where a newcomer is placed: behind those who were here before it, by so much as its own
    /// networks have waiting already. The larger a network, the less that counts.
    fn rank(&self, address: IpAddr, standing: Standing) -> u64 {
        let load = networks(address).map(|(network, clients)| {
            let waiting = self.waiting.iter().filter(|other| {
                // Contains compares families too: an IPv4 network has no IPv6 address in it.
                network.contains(&other.address.to_canonical())
            });
            (waiting.count() as u64 + 1) * u64::from(neighbors::MOST / clients)
        });
        self.served + load.max().unwrap_or(1) * standing.weight()
    }

    /// Removes whoever is next.
    fn next(&mut self) -> Option<Waiting> {
        let next = self.waiting.iter().enumerate().min_by_key(|(_, waiting)| waiting.rank);
        let next = self.waiting.remove(next?.0);
        self.served = self.served.max(next.rank);
        Some(next)
    }
}

impl Turn {
    /// Uses the turn. It ends with the work, even if nobody waits for the result any more.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, TurnError> {
        let work = move || {
            let done = work();
            drop(self);
            done
        };
        Ok(web::block(work).await.map_err(|_| TurnError::Stopping)??)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let next = {
            let mut queue = self.0.lock();
            let next = queue.next();
            if next.is_none() {
                queue.running -= 1;
            }
            next
        };
        if let Some(next) = next {
            // Whoever stopped waiting drops the turn, which passes it on in the same way.
            drop(next.turn.send(Turn(Arc::clone(&self.0))));
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

    /// A client that is in no network with any other.
    fn stranger(no: u32) -> IpAddr {
        Ipv4Addr::from(0x0b00_0000 + (no << 8)).into()
    }

    /// A client with a /64 of its own in one /48.
    fn neighbor(no: u16) -> IpAddr {
        Ipv6Addr::new(0x2001, 0xdb8, 1, no, 0, 0, 0, 1).into()
    }

    fn order(mut queue: Queue) -> Vec<IpAddr> {
        std::iter::from_fn(move || queue.next()).map(|next| next.address).collect()
    }

    #[test]
    fn turns_go_around_between_clients() {
        let mut queue = Queue::default();
        let (much, little, late) = (stranger(1), stranger(2), stranger(3));
        let arrivals = [much, much, much, little, late, little];
        let _places = arrivals.map(|from| queue.join(from, Standing::Unknown, 64).unwrap());
        assert_eq!(order(queue), [much, little, late, much, little, much]);
    }

    #[test]
    fn a_network_that_fills_the_queue_makes_room_for_a_newcomer() {
        let mut queue = Queue::default();
        let mut flood: Vec<_> = (0..200)
            .filter_map(|no| queue.join(neighbor(no), Standing::Unknown, 64).ok())
            .collect();
        assert_eq!(queue.waiting.len(), 48);
        let _newcomer = queue.join(stranger(1), Standing::Unknown, 64).unwrap();
        let told = flood.iter_mut().map(oneshot::Receiver::try_recv);
        let lost = told.filter(|told| matches!(told, Err(TryRecvError::Closed))).count();
        assert_eq!((queue.waiting.len(), lost), (48, 1));
        let before = order(queue).into_iter().position(|address| address == stranger(1));
        assert!(before.unwrap() < 5);
    }

    #[test]
    fn places_are_reserved_for_those_who_are_known_to_be_right() {
        let mut queue = Queue::default();
        let mut join = |no, standing| queue.join(stranger(no), standing, 64);
        let suspects: Vec<_> = (0..64).filter_map(|no| join(no, Standing::Suspect).ok()).collect();
        assert_eq!(suspects.len(), 16);
        let unknown: Vec<_> =
            (100..164).filter_map(|no| join(no, Standing::Unknown).ok()).collect();
        assert!(unknown.len() >= 32);
        assert!(matches!(join(200, Standing::Unknown), Err(TurnError::Busy)));
        assert!(matches!(join(201, Standing::Suspect), Err(TurnError::Busy)));
        let _proven = [join(300, Standing::Proven).unwrap(), join(301, Standing::Proven).unwrap()];
        let order = order(queue);
        assert_eq!(order[..2], [stranger(300), stranger(301)]);
        assert_eq!(order[2], stranger(100));
    }

    #[test]
    fn a_suspect_has_its_turn_although_others_keep_coming() {
        let mut queue = Queue::default();
        let mut places = vec![queue.join(stranger(0), Standing::Suspect, 64).unwrap()];
        for no in 1..10 {
            places.push(queue.join(stranger(no), Standing::Unknown, 64).unwrap());
        }
        let served = (10..200).position(|no| {
            places.push(queue.join(stranger(no), Standing::Unknown, 64).unwrap());
            queue.next().unwrap().standing == Standing::Suspect
        });
        assert!(served.unwrap() < 60);
    }

    #[test]
    fn whoever_stops_waiting_leaves_its_place_and_its_turn_to_the_next() {
        let turns = Turns::new(1, 4);
        let wait = |no| Box::pin(turns.wait(stranger(no), Standing::Unknown));
        let first = wait(1).now_or_never().unwrap().unwrap();
        let mut places = [2, 3, 4].map(wait);
        assert!(places.iter_mut().all(|place| place.now_or_never().is_none()));
        let [second, third, mut fourth] = places;
        drop(second);
        drop(first);
        // The third has the turn and goes away before it learns.
        assert!(fourth.as_mut().now_or_never().is_none());
        drop(third);
        let last = fourth.now_or_never().unwrap().unwrap();
        drop(last);
        assert!(wait(5).now_or_never().unwrap().is_ok());
        let queue = turns.0.lock();
        assert_eq!((queue.running, queue.waiting.len()), (0, 0));
    }

    #[actix_web::test]
    async fn a_turn_ends_with_its_work_and_not_with_the_request() {
        let turns = Turns::new(1, 4);
        let (finish, finished) = mpsc::channel::<()>();
        let turn = turns.wait(stranger(1), Standing::Unknown).await.unwrap();
        let mut run = Box::pin(turn.run(move || Ok(finished.recv().is_ok())));
        assert!(run.as_mut().now_or_never().is_none());
        drop(run);
        let mut next = Box::pin(turns.wait(stranger(2), Standing::Unknown));
        assert!(next.as_mut().now_or_never().is_none());
        finish.send(()).unwrap();
        next.await.unwrap();
    }

    proptest! {
        #[test]
        fn the_queue_is_bounded_and_everybody_in_it_is_served(
            steps in prop::collection::vec((0u32..40, 0..3, any::<bool>()), 1..300),
        ) {
            let mut queue = Queue::default();
            let mut places = Vec::new();
            for (no, standing, serve) in steps {
                let standing = [Standing::Proven, Standing::Unknown, Standing::Suspect][standing as usize];
                places.extend(queue.join(stranger(no % 7), standing, 16).ok());
                prop_assert!(queue.waiting.len() <= 16);
                let suspects = queue.waiting.iter().filter(|w| w.standing == Standing::Suspect);
                prop_assert!(suspects.count() <= 4);
                if serve {
                    let served = queue.served;
                    queue.next();
                    prop_assert!(queue.served >= served);
                }
            }
            let left = queue.waiting.len();
            prop_assert_eq!(order(queue).len(), left);
        }
    }
}
