//! Command-line arguments.

use std::path::PathBuf;

use clap::Parser;

/// Benchmark the server with wrk, against baselines measured in the same run
#[derive(Clone, Parser)]
#[command(name = "bench/run")]
pub struct Args {
    /// Number of customers in the database, which also gets 2 N contacts and N onboardings
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = parse_size)]
    pub customers: u64,
    /// Number of customers in a second database, to see the effect of size; skipped if 0 or not
    /// smaller than --customers
    #[arg(long, value_name = "M", default_value_t = 10_000, value_parser = parse_size_or_zero)]
    pub compare: u64,
    /// How long to measure each load
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// How long to run each load before measuring it
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    pub warm_up: u64,
    /// Run only these loads, such as get-cuid; can be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = parse_name)]
    pub only: Vec<String>,
    /// Keep the databases in this directory, and reuse the ones that are already there
    #[arg(long, value_name = "DIR")]
    pub database: Option<PathBuf>,
    /// Also measure this other build of the server, and compare
    #[arg(long, value_name = "BINARY")]
    pub baseline: Option<PathBuf>,
    /// Where the baseline's databases are, if it can't use the same ones
    #[arg(long, value_name = "DIR", requires = "baseline")]
    pub baseline_database: Option<PathBuf>,
    /// How often to run each load; the median counts [default: 1, or 3 with a baseline]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    pub json: PathBuf,
    /// Log level of the server, which logs to /dev/null; `info` logs every request
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: String,

    // Internal: the bench starts itself with this to serve responses of this size.
    /// Serve constant responses of this many bytes
    #[arg(long, hide = true, value_name = "BYTES")]
    pub floor: Option<usize>,
    // `cargo bench` passes this and `cargo test` doesn't.
    /// Run the benchmark
    #[arg(long, hide = true)]
    pub bench: bool,
}

impl Args {
    pub fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.baseline.is_some() { 3 } else { 1 })
    }

    /// Returns whether the load with this name should run.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// The names of all loads, in the order in which they run. `webhooks` stands for several.
pub const NAMES: [&str; 27] = [
    "fsync",
    "floor-get",
    "get-cuid",
    "get-display-id",
    "floor-list",
    "raw-list",
    "list-first",
    "list-deep",
    "list-status",
    "list-domain",
    "floor-post",
    "post-1",
    "post-8",
    "post-64",
    "patch",
    "mix",
    "get-while-writing",
    "get-beside-writers",
    "raw-1",
    "raw-64",
    "ephemeral",
    "snapshot",
    "restore",
    "restore-reset",
    "restore-all",
    "reset",
    "webhooks",
];

/// With fewer customers, no page of 100 would be deep.
const MIN_CUSTOMERS: u64 = 1000;

fn parse_size(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|&number| number >= MIN_CUSTOMERS);
    number.ok_or_else(|| format!("must be a whole number of at least {MIN_CUSTOMERS}"))
}

fn parse_size_or_zero(text: &str) -> Result<u64, String> {
    if text == "0" { Ok(0) } else { parse_size(text).map_err(|error| format!("{error}, or 0")) }
}

fn parse_name(text: &str) -> Result<String, String> {
    if NAMES.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("must be one of: {}", NAMES.join(", ")))
}
