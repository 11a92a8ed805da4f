//! Interrupts a query at its limit, between two steps of SQLite's virtual machine.

use super::damage::Generation;
use super::reader_pool::ReaderManager;
use crate::store::engine::read_limit::ReadLimit;
use crate::store::error::StoreError;

/// SQLite virtual machine steps between two checks of the limit: well below a millisecond.
const STEPS_PER_CHECK: i32 = 5_000;

/// A pooled connection whose queries are interrupted at a limit. The limit is removed before the
/// connection returns to the pool.
pub(in crate::store) struct LimitedConnection(r2d2::PooledConnection<ReaderManager>);

impl LimitedConnection {
    pub fn new(
        mut pooled: r2d2::PooledConnection<ReaderManager>,
        limit: ReadLimit,
    ) -> Result<Self, StoreError> {
        // A read that spent its time waiting for a thread might end before the first check.
        if limit.is_over() {
            return Err(StoreError::Interrupted);
        }
        pooled.conn.progress_handler(STEPS_PER_CHECK, Some(move || limit.is_over()))?;
        Ok(Self(pooled))
    }

    pub fn conn(&self) -> &rusqlite::Connection {
        &self.0.conn
    }

    pub fn generation(&self) -> Generation {
        self.0.generation
    }
}

impl Drop for LimitedConnection {
    fn drop(&mut self) {
        // This cannot fail on an open connection.
        let _ = self.0.conn.progress_handler(0, None::<fn() -> bool>);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::model::clock::SystemClock;
    use crate::store::{DataDir, Reader, Store};

    const FOREVER: &str =
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
                           SELECT count(*) FROM numbers";

    fn count(reader: &Reader<'_>) -> Result<i64, StoreError> {
        Ok(reader.conn.prepare_cached(FOREVER)?.query_row((), |row| row.get(0))?)
    }

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock)).unwrap();
        (dir, store)
    }

    #[track_caller]
    fn assert_clean(store: &Store) {
        // Long enough to be interrupted by a handler that was left behind.
        let finite = FOREVER.replace("FROM numbers)", "FROM numbers LIMIT 100000)");
        let read = |reader: &Reader<'_>| {
            Ok(reader.conn.query_row(&finite, (), |row| row.get::<_, i64>(0))?)
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
    fn an_abandoned_read_is_interrupted() {
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
