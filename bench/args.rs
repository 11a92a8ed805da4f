//! What can be said to the bench.

use std::path::PathBuf;

use clap::Parser;

/// Measures the server with wrk against a floor and a raw rate taken in the same run.
#[derive(Clone, Parser)]
#[command(name = "bench/run")]
pub struct Args {
    /// Customers in the database; it has twice as many contacts and as many onboardings
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = size)]
    pub customers: u64,
    /// Customers in a second database that shows what the size costs; left out when it is 0 or not
    /// smaller
    #[arg(long, value_name = "M", default_value_t = 10_000, value_parser = size_or_none)]
    pub compare: u64,
    /// How long each load is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// How long each load runs before it is measured
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    pub warm_up: u64,
    /// Run only what has this name, such as get-cuid; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = name)]
    pub only: Vec<String>,
    /// Keep the databases here, and use those that are kept already
    #[arg(long, value_name = "DIR")]
    pub database: Option<PathBuf>,
    /// Where the figures are written as JSON
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    pub json: PathBuf,
    /// What the server logs, to /dev/null; `info`, its default, is a line for each request
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: String,

    /// Answer every request with so many bytes, which is what this process is started again for
    #[arg(long, hide = true, value_name = "BYTES")]
    pub floor: Option<usize>,
    /// What `cargo bench` adds, and `cargo test` does not
    #[arg(long, hide = true)]
    pub bench: bool,
}

impl Args {
    /// Whether something is to be run.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// Everything that can be run, in the order in which it is.
pub const NAMES: [&str; 18] = [
    "fsync",
    "floor-get",
    "get-cuid",
    "get-display-id",
    "floor-list",
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
    "raw-1",
    "raw-64",
];

/// Below this a page of 100 is not deep anywhere.
const LEAST: u64 = 1000;

fn size(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|&number| number >= LEAST);
    number.ok_or_else(|| format!("must be a whole number from {LEAST}"))
}

fn size_or_none(text: &str) -> Result<u64, String> {
    if text == "0" { Ok(0) } else { size(text).map_err(|says| format!("{says}, or 0")) }
}

fn name(text: &str) -> Result<String, String> {
    if NAMES.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("must be one of {}", NAMES.join(", ")))
}
