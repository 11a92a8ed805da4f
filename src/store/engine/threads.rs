//! What a server tells the store about its threads.

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
