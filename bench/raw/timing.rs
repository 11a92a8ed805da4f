//! Repeats a step in this process and measures it.

use std::time::{Duration, Instant};

use crate::Outcome;
use crate::servers::process;

/// The result of repeating a step: a sync, a page, or a commit with its rows.
pub struct Measurement {
    /// The number of syncs, pages, or rows.
    pub count: u64,
    pub elapsed: Duration,
    /// The duration of each step, sorted.
    pub steps: Vec<Duration>,
    pub cpu: Duration,
    /// The bytes that were written to the write-ahead log, if the steps write to a database.
    pub log_bytes: Option<u64>,
}

/// Repeats a step that counts as `count_per_step` for this many seconds.
pub fn repeat(
    seconds: u64,
    count_per_step: u64,
    mut step: impl FnMut() -> Outcome<()>,
) -> Outcome<Measurement> {
    let (limit, cpu_before) = (Duration::from_secs(seconds), process::cpu(std::process::id())?);
    let started = Instant::now();
    let mut steps = Vec::new();
    while started.elapsed() < limit {
        let step_started = Instant::now();
        step()?;
        steps.push(step_started.elapsed());
    }
    let elapsed = started.elapsed();
    steps.sort_unstable();
    let cpu = process::cpu(std::process::id())? - cpu_before;
    Ok(Measurement {
        count: steps.len() as u64 * count_per_step,
        elapsed,
        steps,
        cpu,
        log_bytes: None,
    })
}
