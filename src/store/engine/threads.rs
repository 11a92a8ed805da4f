//! The threads of a server that read from the store.

use std::time::Duration;

/// How many threads read from the database at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// Threads that take snapshots for lookups.
    pub lookups: u32,
    /// Threads that do all other reads, such as lists.
    pub lists: u32,
    /// How long a read may take.
    pub query_timeout: Duration,
}
