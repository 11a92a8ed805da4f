//! The limit on file descriptors, which bounds the connections: each needs one.

/// Descriptors for the log, the sockets, the writer, backups, and whatever libraries open.
const OTHERS: u64 = 64;
/// Descriptors that each worker thread uses to poll its connections.
const PER_WORKER: u64 = 6;

/// Returns how many connections the server can have: `max`, or fewer if the limit on descriptors is
/// too low even after raising it.
pub(super) fn connection_limit(
    max: usize,
    workers: usize,
    database: u64,
    webhooks: usize,
) -> usize {
    let Some(limit) = raised_limit() else { return max };
    let possible = slots_within(limit, workers, database, webhooks);
    if possible < max {
        log::warn!(
            "connections.max is reduced from {max} to {possible}: the process can open only \
             {limit} files (raise `ulimit -Hn`, or LimitNOFILE with systemd)"
        );
    }
    possible.min(max)
}

/// Returns how many connections fit within a limit. However low it is, a quarter of it goes to
/// connections: the server may then run out of descriptors, but it is usable until it does.
fn slots_within(limit: u64, workers: usize, database: u64, webhooks: usize) -> usize {
    let own = OTHERS + PER_WORKER * workers as u64 + database + webhooks as u64;
    let left = limit.saturating_sub(own).max(limit / 4);
    usize::try_from(left).unwrap_or(usize::MAX)
}

/// Raises the soft limit to the hard one and returns it; `None` means no limit. The soft limit is
/// low only for programs that use `select`, which this one doesn't.
#[cfg(unix)]
fn raised_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Some systems refuse this, and the limit stays as it was.
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
    fn descriptors_are_reserved_for_the_store_and_the_workers() {
        assert_eq!(slots_within(1024, 2, 40, 256), 1024 - 64 - 12 - 40 - 256);
        assert_eq!(slots_within(1 << 20, 2, 40, 0), (1 << 20) - 64 - 12 - 40);
        assert_eq!(slots_within(64, 2, 40, 256), 16);
        assert_eq!(slots_within(1024, 256, 5120, 256), 256);
    }
}
