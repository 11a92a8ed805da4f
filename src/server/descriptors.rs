//! How many files the process may open, which bounds the connections: each needs one.

use crate::store::Threads;

/// Descriptors of the log, the sockets, the writer, backups and whatever libraries open.
const OTHERS: u64 = 64;
/// What a thread that answers requests has for waiting on its connections.
const PER_WORKER: u64 = 6;
/// The database file and its log, of each connection to it.
const PER_READER: u64 = 2;

/// How many connections there can be: what is asked for, or fewer when the limit on descriptors
/// does not allow it even after it was raised.
pub(super) fn connections(asked: usize, workers: usize, threads: Threads) -> usize {
    let Some(limit) = raised_limit() else { return asked };
    let most = slots_within(limit, workers, threads);
    if most < asked {
        log::warn!(
            "at most {most} connections instead of {asked} (connections.max): \
             the process may only open {limit} files (ulimit -Hn, or LimitNOFILE of systemd)"
        );
    }
    most.min(asked)
}

/// How many connections a limit leaves. However low it is, there are some: the server may then
/// run out of descriptors, but it is of use until it does.
fn slots_within(limit: u64, workers: usize, threads: Threads) -> usize {
    // Both pools of the store may open as many connections as there are threads.
    let readers = 2 * (u64::from(threads.lookups) + u64::from(threads.lists));
    let own = OTHERS + PER_WORKER * workers as u64 + PER_READER * readers;
    let left = limit.saturating_sub(own).max(limit / 4);
    usize::try_from(left).unwrap_or(usize::MAX)
}

/// The limit of the process, after the soft limit was raised to the hard one. The soft one is low
/// for the sake of programs that use `select`, which this is not. Nothing without a limit.
#[cfg(unix)]
fn raised_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Some systems refuse; the limit then is what it was.
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        let _ = setrlimit(Resource::Nofile, raised);
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn raised_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_and_the_workers_keep_their_descriptors() {
        let threads = Threads { lookups: 2, lists: 8 };
        assert_eq!(slots_within(1024, 2, threads), 1024 - 64 - 12 - 40);
        assert_eq!(slots_within(1 << 20, 2, threads), (1 << 20) - 64 - 12 - 40);
        assert_eq!(slots_within(64, 2, threads), 16);
        let many = Threads { lookups: 256, lists: 1024 };
        assert_eq!(slots_within(1024, 256, many), 256);
    }
}
