//! The loads: which requests each of them sends over how many connections, and how wrk sends them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;

use crate::database::Sample;
use crate::process::Process;
use crate::{Outcome, rows};

/// Connections of the loads that do not say otherwise.
const CONNECTIONS: u32 = 64;
/// Threads of wrk. One can send more than a server on the same machine answers.
const THREADS: u32 = 1;
/// Different bodies that are sent.
const BODIES: u64 = 2000;

/// One kind of traffic.
#[derive(Clone)]
pub struct Load {
    /// What `--only` calls it.
    pub name: &'static str,
    /// What the table calls it.
    pub title: &'static str,
    /// Connections, each with one request at a time.
    pub connections: u32,
    /// Each request is one of these lines, which `load.lua` reads.
    pub requests: Vec<String>,
}

impl Load {
    fn new(name: &'static str, title: &'static str, requests: Vec<String>) -> Self {
        Self { name, title, connections: CONNECTIONS, requests }
    }

    fn over(self, connections: u32) -> Self {
        Self { connections, ..self }
    }

    /// The same requests to the floor.
    pub fn floor(&self, name: &'static str, title: &'static str) -> Self {
        Self { name, title, ..self.clone() }
    }
}

/// The loads on a database of which this is a sample.
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
    /// All of them.
    pub fn on(sample: &Sample) -> Self {
        let by_cuid = each(&sample.cuids, |id| format!("GET /api/v1/customers/{id}"));
        let posts: Vec<String> = (0..BODIES).map(post).collect();
        // Nine reads for each of the bodies.
        let reads = by_cuid.iter().cycle().take(9 * posts.len());
        let mix = reads.chain(&posts).cloned().collect();
        let post =
            |name, title, connections| Load::new(name, title, posts.clone()).over(connections);
        Self {
            get_display_id: Load::new(
                "get-display-id",
                "GET a customer by display_id",
                each(&sample.display_ids, |id| format!("GET /api/v1/customers/{id}")),
            ),
            list_first: Load::new("list-first", "GET the first page of 100", vec![page("")]),
            list_deep: Load::new(
                "list-deep",
                "GET a page of 100, deep",
                each(&sample.deep_cursors, |cursor| page(&format!("&cursor={cursor}"))),
            ),
            list_status: Load::new(
                "list-status",
                "GET a page of 100 of one status, deep",
                each(&sample.deep_cursors, |cursor| {
                    page(&format!("&status=active&cursor={cursor}"))
                }),
            ),
            list_domain: Load::new(
                "list-domain",
                "GET the list of one domain",
                each(&sample.domains, |domain| page(&format!("&domain={domain}"))),
            ),
            posts: [
                post("post-1", "POST a customer", 1),
                post("post-8", "POST a customer", 8),
                post("post-64", "POST a customer", 64),
            ],
            patch: Load::new("patch", "PATCH a customer", each(&sample.cuids, |id| patch(id))),
            mix: Load::new("mix", "nine GET by cuid, one POST", mix),
            get_while_writing: Load::new(
                "get-while-writing",
                "GET by cuid beside 8 writers",
                by_cuid.clone(),
            )
            // As few as the writers, so that the requests wait for the writers and not for each
            // other.
            .over(8),
            writers: post("writers", "those 8 writers: POST a customer", 8),
            get_cuid: Load::new("get-cuid", "GET a customer by cuid", by_cuid),
        }
    }
}

fn each<T>(items: &[T], line: impl Fn(&T) -> String) -> Vec<String> {
    items.iter().map(line).collect()
}

fn page(query: &str) -> String {
    format!("GET /api/v1/customers?limit=100{query}")
}

/// Numbers of rows that were not made with the database.
const NEW: u64 = 1 << 40;

fn post(n: u64) -> String {
    format!("POST /api/v1/customers {}", rows::customer(NEW + n, "@@@@"))
}

/// Half of what it changes stands in an index.
fn patch(id: &str) -> String {
    let status = if id.ends_with(|last: char| last < 'i') { "active" } else { "churned" };
    let body = serde_json::json!({ "status": status, "slack_channel_id": "C@@@@" });
    format!("PATCH /api/v1/customers/{id} {body}")
}

/// What wrk counted.
#[derive(Deserialize)]
pub struct Counts {
    /// Requests that were answered.
    pub requests: u64,
    /// In this time.
    pub micros: u64,
    /// The median of their latencies, in microseconds.
    pub p50: u64,
    /// The latency that one in a hundred exceeds, in microseconds.
    pub p99: u64,
    /// Connections that failed, answers that did not come, and those from 400 on.
    pub errors: u64,
}

/// Whether wrk is there.
pub fn find_wrk() -> Outcome<()> {
    // It has no option that only tells its version and succeeds.
    let started = Command::new("wrk").stdout(Stdio::null()).stderr(Stdio::null()).status();
    started.map(drop).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "wrk is not installed; bench/run installs it".into(),
        _ => format!("cannot start wrk: {error}").into(),
    })
}

/// A run of wrk.
pub struct Run(Child);

impl Run {
    /// Lets wrk begin. What it is to send is left in a file below `work`.
    pub fn start(load: &Load, on: &Process, key: &str, seconds: u64, work: &Path) -> Outcome<Self> {
        /// Each run makes other names.
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
            .arg(format!("http://{}", on.address))
            .args(["--", &run.to_string()])
            .arg(&requests)
            // Not an argument: those can be read by everybody on the machine.
            .env("BENCH_KEY", key)
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(wrk))
    }

    /// Waits until its time is over.
    pub fn end(self) -> Outcome<Counts> {
        let said = String::from_utf8(self.0.wait_with_output()?.stdout)?;
        let counts = said.lines().last().unwrap_or_default();
        serde_json::from_str(counts).map_err(|_| format!("wrk failed: {said}").into())
    }
}
