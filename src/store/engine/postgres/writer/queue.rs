//! The jobs that wait to be written, by what they touch. Jobs with the same scope are taken together
//! and in the order in which they came, and never by two threads at the same time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::store::write_scope::WriteScope;

/// Why a job was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

/// Jobs to be written in one transaction. The next ones with this scope are only taken after
/// [`GroupQueue::finish`].
#[derive(Debug)]
pub(super) struct Group<J> {
    pub scope: WriteScope,
    pub jobs: Vec<J>,
}

pub(super) struct GroupQueue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
    capacity: usize,
    max_group: usize,
}

struct State<J> {
    lines: HashMap<WriteScope, Line<J>>,
    /// The scopes with waiting jobs that no thread works on, in the order of their first jobs:
    /// a busy workspace can't keep the others waiting.
    ready: VecDeque<WriteScope>,
    waiting: usize,
    is_closed: bool,
}

/// The jobs of one scope.
struct Line<J> {
    jobs: VecDeque<J>,
    is_taken: bool,
}

impl<J> GroupQueue<J> {
    pub fn new(capacity: usize, max_group: usize) -> Self {
        let state =
            State { lines: HashMap::new(), ready: VecDeque::new(), waiting: 0, is_closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new(), capacity, max_group }
    }

    pub fn push(&self, scope: WriteScope, job: J) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Refused::Closed);
        }
        if state.waiting >= self.capacity {
            return Err(Refused::Full);
        }
        state.waiting += 1;
        let new = || Line { jobs: VecDeque::new(), is_taken: false };
        let line = state.lines.entry(scope).or_insert_with(new);
        line.jobs.push_back(job);
        if line.jobs.len() == 1 && !line.is_taken {
            state.ready.push_back(scope);
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Waits for jobs and takes those of one scope. Returns `None` once the queue is closed and
    /// empty.
    pub fn take(&self) -> Option<Group<J>> {
        let mut state = self.lock();
        loop {
            if let Some(scope) = state.ready.pop_front() {
                return Some(self.take_from(&mut state, scope));
            }
            // The jobs of scopes that are taken are left to the threads that have them.
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take_from(&self, state: &mut State<J>, scope: WriteScope) -> Group<J> {
        // Each has a transaction of its own: it must not hold a row while it waits for another one.
        let max = if scope == WriteScope::SingleRow { 1 } else { self.max_group };
        let Some(line) = state.lines.get_mut(&scope) else {
            return Group { scope, jobs: Vec::new() };
        };
        line.is_taken = true;
        let jobs: Vec<J> = line.jobs.drain(..line.jobs.len().min(max)).collect();
        state.waiting -= jobs.len();
        Group { scope, jobs }
    }

    /// Lets the next jobs of a scope be taken.
    pub fn finish(&self, scope: WriteScope) {
        let mut state = self.lock();
        let Some(line) = state.lines.get_mut(&scope) else { return };
        line.is_taken = false;
        if line.jobs.is_empty() {
            state.lines.remove(&scope);
        } else {
            state.ready.push_back(scope);
            self.changed.notify_one();
        }
    }

    /// Refuses further jobs, and ends the threads once those that wait are written.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::workspace::WorkspaceNo;

    const ONE: WriteScope = WriteScope::Workspace(WorkspaceNo(1));
    const TWO: WriteScope = WriteScope::Workspace(WorkspaceNo(2));

    fn queue(jobs: &[(WriteScope, u32)]) -> GroupQueue<u32> {
        let queue = GroupQueue::new(10, 3);
        for &(scope, job) in jobs {
            queue.push(scope, job).unwrap();
        }
        queue
    }

    fn take(queue: &GroupQueue<u32>) -> (WriteScope, Vec<u32>) {
        let group = queue.take().unwrap();
        (group.scope, group.jobs)
    }

    #[test]
    fn jobs_of_a_scope_are_taken_together_and_in_their_order() {
        let queue = queue(&[(ONE, 1), (TWO, 2), (ONE, 3), (WriteScope::Database, 4), (ONE, 5)]);
        assert_eq!(take(&queue), (ONE, vec![1, 3, 5]));
        assert_eq!(take(&queue), (TWO, vec![2]));
        assert_eq!(take(&queue), (WriteScope::Database, vec![4]));
    }

    #[test]
    fn a_scope_is_not_taken_twice_at_the_same_time() {
        let queue = queue(&[(ONE, 1)]);
        assert_eq!(take(&queue), (ONE, vec![1]));
        queue.push(ONE, 2).unwrap();
        queue.push(TWO, 3).unwrap();
        assert_eq!(take(&queue), (TWO, vec![3]));
        queue.finish(ONE);
        assert_eq!(take(&queue), (ONE, vec![2]));
    }

    #[test]
    fn a_scope_with_many_jobs_lets_others_go_first_in_between() {
        let queue = queue(&[(ONE, 1), (ONE, 2), (ONE, 3), (ONE, 4), (TWO, 5)]);
        assert_eq!(take(&queue), (ONE, vec![1, 2, 3]));
        queue.finish(ONE);
        assert_eq!(take(&queue), (TWO, vec![5]));
        assert_eq!(take(&queue), (ONE, vec![4]));
    }

    #[test]
    fn changes_of_single_rows_are_not_grouped() {
        let queue = queue(&[(WriteScope::SingleRow, 1), (WriteScope::SingleRow, 2)]);
        assert_eq!(take(&queue), (WriteScope::SingleRow, vec![1]));
        queue.finish(WriteScope::SingleRow);
        assert_eq!(take(&queue), (WriteScope::SingleRow, vec![2]));
    }

    #[test]
    fn a_full_queue_refuses_jobs_until_some_are_taken() {
        let queue = GroupQueue::new(2, 3);
        queue.push(ONE, 1).unwrap();
        queue.push(TWO, 2).unwrap();
        assert_eq!(queue.push(ONE, 3), Err(Refused::Full));
        take(&queue);
        queue.push(ONE, 3).unwrap();
    }

    #[test]
    fn a_closed_queue_gives_out_what_is_left() {
        let queue = queue(&[(ONE, 1)]);
        assert_eq!(take(&queue), (ONE, vec![1]));
        queue.push(ONE, 2).unwrap();
        queue.close();
        assert_eq!(queue.push(TWO, 3), Err(Refused::Closed));
        assert!(queue.take().is_none(), "the thread that has the scope gets the rest");
        queue.finish(ONE);
        assert_eq!(take(&queue), (ONE, vec![2]));
        queue.finish(ONE);
        assert!(queue.take().is_none());
    }
}
