//! The loads: the requests and the number of connections of each, and running them with wrk.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;

use crate::database::Sample;
use crate::process::Process;
use crate::{Outcome, rows};

/// The default number of connections.
const CONNECTIONS: u32 = 64;
/// Threads of wrk. One thread can send more requests than a server on the same machine can handle.
const THREADS: u32 = 1;
/// The number of different request bodies.
const BODIES: u64 = 2000;

/// A kind of traffic to measure.
#[derive(Clone)]
pub struct Load {
    /// The name for `--only`.
    pub name: &'static str,
    /// The description in the table.
    pub title: &'static str,
    /// The number of connections, each with one request at a time.
    pub connections: u32,
    /// The mean pause between a response and the next request on its connection, in milliseconds.
    pub pause: u64,
    /// The requests to choose from, as lines in the format that `load.lua` reads.
    pub requests: Vec<String>,
}

impl Load {
    fn new(name: &'static str, title: &'static str, requests: Vec<String>) -> Self {
        Self { name, title, connections: CONNECTIONS, pause: 0, requests }
    }

    fn with_connections(self, connections: u32) -> Self {
        Self { connections, ..self }
    }

    /// Returns a load with the same requests and another name.
    pub fn renamed(&self, name: &'static str, title: &'static str) -> Self {
        Self { name, title, ..self.clone() }
    }

    /// Returns a load with fewer requests per second.
    pub fn paced(self, connections: u32, pause: u64) -> Self {
        Self { connections, pause, ..self }
    }
}

/// All loads.
pub struct Loads {
    pub get_cuid: Load,
    pub get_display_id: Load,
    pub list_first: Load,
    pub list_deep: Load,
    pub list_status: Load,
    pub list_domain: Load,
    pub posts: [Load; 3],
    pub patch: Load,
    pub mix: Load,
    pub get_while_writing: Load,
    pub writers: Load,
}

impl Loads {
    /// Creates the loads for the database that `sample` was taken from.
    pub fn new(sample: &Sample) -> Self {
        let by_cuid = lines(&sample.cuids, |id| format!("GET /api/v1/customers/{id}"));
        let posts: Vec<String> = (0..BODIES).map(post).collect();
        // Nine reads for each of the bodies.
        let reads = by_cuid.iter().cycle().take(9 * posts.len());
        let mix = reads.chain(&posts).cloned().collect();
        let post = |name, title, connections| {
            Load::new(name, title, posts.clone()).with_connections(connections)
        };
        Self {
            get_display_id: Load::new(
                "get-display-id",
                "GET a customer by display_id",
                lines(&sample.display_ids, |id| format!("GET /api/v1/customers/{id}")),
            ),
            list_first: Load::new("list-first", "GET the first page of 100", vec![page("")]),
            list_deep: Load::new(
                "list-deep",
                "GET a deep page of 100",
                lines(&sample.deep_cursors, |cursor| page(&format!("&cursor={cursor}"))),
            ),
            list_status: Load::new(
                "list-status",
                "GET a deep page of 100, filtered by status",
                lines(&sample.deep_cursors, |cursor| {
                    page(&format!("&status=active&cursor={cursor}"))
                }),
            ),
            list_domain: Load::new(
                "list-domain",
                "GET a list filtered by domain",
                lines(&sample.domains, |domain| page(&format!("&domain={domain}"))),
            ),
            posts: [
                post("post-1", "POST a customer", 1),
                post("post-8", "POST a customer", 8),
                post("post-64", "POST a customer", 64),
            ],
            patch: Load::new("patch", "PATCH a customer", lines(&sample.cuids, |id| patch(id))),
            mix: Load::new("mix", "nine GETs by cuid per POST", mix),
            get_while_writing: Load::new(
                "get-while-writing",
                "GET by cuid with 8 writers",
                by_cuid.clone(),
            )
            // No more than the writers, so that requests wait for writers rather than for each
            // other.
            .with_connections(8),
            writers: post("writers", "the 8 writers: POST a customer", 8),
            get_cuid: Load::new("get-cuid", "GET a customer by cuid", by_cuid),
        }
    }
}

fn lines<T>(items: &[T], line: impl Fn(&T) -> String) -> Vec<String> {
    items.iter().map(line).collect()
}

fn page(query: &str) -> String {
    format!("GET /api/v1/customers?limit=100{query}")
}

/// The first number for rows that the database doesn't contain yet.
const FIRST_NEW: u64 = 1 << 40;

fn post(n: u64) -> String {
    format!("POST /api/v1/customers {}", rows::customer(FIRST_NEW + n, "@@@@"))
}

/// Updates one indexed field and one that is not indexed.
fn patch(id: &str) -> String {
    let status = if id.ends_with(|last: char| last < 'i') { "active" } else { "churned" };
    let body = serde_json::json!({ "status": status, "slack_channel_id": "C@@@@" });
    format!("PATCH /api/v1/customers/{id} {body}")
}

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
pub fn check_wrk() -> Outcome<()> {
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
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/load.lua"))
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
