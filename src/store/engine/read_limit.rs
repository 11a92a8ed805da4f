//! How long a read may take, and for whom: a query that is too slow, or whose client has gone, is
//! interrupted between two steps of SQLite's virtual machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::damage::Generation;
use super::reader_pool::ReaderManager;
use crate::store::error::StoreError;

/// Virtual machine steps between two looks at the limit, which is well below a millisecond.
const STEPS_PER_CHECK: i32 = 5_000;

/// The limit of a read.
#[derive(Clone, Debug)]
pub struct ReadLimit {
    deadline: Instant,
    is_abandoned: Arc<AtomicBool>,
}

/// Somebody who waits for a read. The read is abandoned when this is dropped.
#[derive(Debug)]
pub struct AbandonOnDrop(Arc<AtomicBool>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl ReadLimit {
    /// The limit of a read that may end this much later.
    pub fn new(timeout: Duration) -> (Self, AbandonOnDrop) {
        let is_abandoned = Arc::new(AtomicBool::new(false));
        let waiting = AbandonOnDrop(Arc::clone(&is_abandoned));
        (Self { deadline: Instant::now() + timeout, is_abandoned }, waiting)
    }

    /// Whether the read has to end.
    pub fn is_over(&self) -> bool {
        self.is_abandoned.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}

/// A connection of the pool whose queries are interrupted beyond a limit. It goes back without one.
pub(in crate::store) struct LimitedConnection(r2d2::PooledConnection<ReaderManager>);

impl LimitedConnection {
    pub fn new(
        mut pooled: r2d2::PooledConnection<ReaderManager>,
        limit: ReadLimit,
    ) -> Result<Self, StoreError> {
        // A read that waited for a thread for too long would not see a step.
        if limit.is_over() {
            return Err(StoreError::Interrupted);
        }
        pooled.conn.progress_handler(STEPS_PER_CHECK, Some(move || limit.is_over()))?;
        Ok(Self(pooled))
    }

    pub fn conn(&self) -> &rusqlite::Connection {
        &self.0.conn
    }

    /// Which generation of connections it belongs to.
    pub fn generation(&self) -> Generation {
        self.0.generation
    }
}

impl Drop for LimitedConnection {
    fn drop(&mut self) {
        // It cannot fail on a connection that is open.
        let _ = self.0.conn.progress_handler(0, None::<fn() -> bool>);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::model::clock::SystemClock;
    use crate::store::{DataDir, Reader, Store};

    const FOREVER: &str =
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
                           SELECT count(*) FROM numbers";

    fn count(reader: &Reader<'_>) -> Result<i64, StoreError> {
        Ok(reader.conn.prepare_cached(FOREVER)?.query_row([], |row| row.get(0))?)
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock)).unwrap();
        (dir, store)
    }

    #[track_caller]
    fn assert_clean(store: &Store) {
        // Long enough for a handler that was left behind to end it.
        let some = FOREVER.replace("FROM numbers)", "FROM numbers LIMIT 100000)");
        let read = |reader: &Reader<'_>| {
            Ok(reader.conn.query_row(&some, [], |row| row.get::<_, i64>(0))?)
        };
        assert_eq!(store.read(read).unwrap(), 100_000);
        store.ensure_intact().unwrap();
    }

    #[test]
    fn a_read_that_takes_too_long_is_interrupted_and_leaves_a_clean_connection() {
        let (_dir, store) = store();
        let (limit, _waiting) = ReadLimit::new(Duration::from_millis(50));
        let read = store.read_within(limit, count);
        assert!(matches!(read, Err(StoreError::Interrupted)), "{read:?}");
        assert_clean(&store);
    }

    #[test]
    fn a_read_that_nobody_waits_for_is_interrupted() {
        let (_dir, store) = store();
        let (limit, waiting) = ReadLimit::new(Duration::from_secs(3600));
        std::thread::scope(|scope| {
            let read = scope.spawn(|| store.read_within(limit, count));
            drop(waiting);
            assert!(matches!(read.join().unwrap(), Err(StoreError::Interrupted)));
        });
        assert_clean(&store);
    }

    #[test]
    fn a_read_that_panics_leaves_a_clean_connection() {
        let (_dir, store) = store();
        let (limit, waiting) = ReadLimit::new(Duration::from_secs(3600));
        let panics = |_: &Reader<'_>| -> Result<(), StoreError> { panic!("on purpose") };
        assert!(catch_unwind(AssertUnwindSafe(|| store.read_within(limit, panics))).is_err());
        drop(waiting);
        assert_clean(&store);
    }
}
