//! Runs loads with wrk.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;

use super::Load;
use crate::Outcome;
use crate::servers::process::Process;

/// Threads of wrk. One thread can send more requests than a server on the same machine can handle.
const THREADS: u32 = 1;

/// The results of wrk.
#[derive(Deserialize)]
pub struct Counts {
    /// Requests that got a response.
    pub requests: u64,
    /// Duration of the run in microseconds.
    pub micros: u64,
    /// Median latency in microseconds.
    pub p50: u64,
    /// 99th percentile of the latency in microseconds.
    pub p99: u64,
    /// Failed connections, missing responses, and responses with a status of 400 or above.
    pub errors: u64,
}

/// Returns an error if wrk is not installed.
pub fn check_installed() -> Outcome<()> {
    // wrk exits with a failure even for `--version`, so only check that it starts.
    let started = Command::new("wrk").stdout(Stdio::null()).stderr(Stdio::null()).status();
    started.map(drop).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "wrk is not installed; use bench/run, which installs it".into(),
        _ => format!("cannot start wrk: {error}").into(),
    })
}

/// A running wrk process.
pub struct Run(Child);

impl Run {
    /// Starts wrk. Writes its requests to a file in `work`.
    pub fn start(
        load: &Load,
        target: &Process,
        key: &str,
        seconds: u64,
        work: &Path,
    ) -> Outcome<Self> {
        /// Makes the names in each run unique.
        static RUNS: AtomicU32 = AtomicU32::new(1);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let requests = work.join(format!("{}.requests", load.name));
        fs::write(&requests, load.requests.join("\n"))?;
        let wrk = Command::new("wrk")
            .arg(format!("--threads={}", THREADS.min(load.connections)))
            .arg(format!("--connections={}", load.connections))
            .arg(format!("--duration={seconds}s"))
            .args(["--timeout=10s", "--script"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/loads/load.lua"))
            .arg(format!("http://{}", target.address))
            .args(["--", &run.to_string()])
            .arg(&requests)
            .arg(load.pause.to_string())
            // Not an argument, because every user on the machine can read those.
            .env("BENCH_KEY", key)
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(wrk))
    }

    /// Waits until wrk is done.
    pub fn finish(self) -> Outcome<Counts> {
        let output = String::from_utf8(self.0.wait_with_output()?.stdout)?;
        let counts = output.lines().last().unwrap_or_default();
        serde_json::from_str(counts).map_err(|_| format!("wrk failed: {output}").into())
    }
}
