//! The figures of a run: of each load, and of the server itself.

use std::time::Duration;

use serde::Serialize;

use crate::loads::Load;
use crate::loads::wrk::Counts;
use crate::raw::timing::Measurement;
use crate::servers::build::Role;
use crate::servers::process::Usage;

const MIB: f64 = 1_048_576.0;

/// The figures of a load: a row of the table.
#[derive(Serialize)]
pub struct Row {
    /// The build that was measured. The floor and raw rows belong to this build, unless they are of
    /// the baseline's database.
    #[serde(skip)]
    pub role: Role,
    /// The name for `--only`.
    pub name: &'static str,
    /// The description in the table.
    pub title: String,
    /// The number of customers in the database, if that is relevant.
    pub customers: Option<u64>,
    /// The number of concurrent requests.
    pub connections: Option<u32>,
    /// Requests, rows, syncs, or deliveries per second.
    pub per_second: f64,
    /// Median latency in milliseconds.
    pub p50: Option<f64>,
    /// 99th percentile of the latency in milliseconds.
    pub p99: Option<f64>,
    /// Responses that were missing or unsuccessful.
    pub errors: u64,
    /// CPU time of the server.
    pub cpu_seconds: f64,
    /// CPU time per request, row, sync, or delivery, in microseconds.
    pub cpu_micros_each: f64,
    /// Bytes written to the write-ahead log per row, if the load only writes.
    pub log_bytes_each: Option<f64>,
    /// The number of processors that were idle during the load, on average.
    pub idle_cores: Option<f64>,
    /// Peak memory of the server.
    pub peak_mib: Option<f64>,
    /// Memory of the server after the load.
    pub resident_mib: Option<f64>,
    /// The rounds, if there is more than one. The figures above are their medians, except that the
    /// errors are their sum, and the memory is that of the last round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Row>,
}

/// The figures of the server that aren't about a load.
#[derive(Default, Serialize)]
pub struct ServerFigures {
    /// The number of customers in the database that the server was started with.
    pub customers: u64,
    /// Milliseconds from start to first response, the median of several starts.
    pub ready_millis: f64,
    /// Memory before the first request with a key.
    pub idle_mib: f64,
    /// Memory after the last load.
    pub after_mib: Option<f64>,
    /// Size of the binary.
    pub binary_mib: f64,
}

/// The figures of webhooks that aren't about a load.
#[derive(Serialize)]
pub struct WebhookFigures {
    /// The number of deliveries that wait in the memory figures.
    pub waiting: u64,
    /// Memory after a load without deliveries, and after the same load while deliveries wait.
    pub mib_without: f64,
    pub mib_with: f64,
    /// Peak memory while they are sent.
    pub peak_mib: f64,
    /// Deliveries that wait, over time, while customers are created at half the peak rate.
    pub backlog: Vec<BacklogSample>,
}

#[derive(Clone, Copy, Serialize)]
pub struct BacklogSample {
    pub seconds: f64,
    pub waiting: u64,
}

/// Converts bytes to MiB.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

impl Row {
    /// Returns the figures of a load over HTTP.
    pub fn from_load(load: &Load, customers: Option<u64>, counts: &Counts, usage: Usage) -> Self {
        let (requests, seconds) = (counts.requests, counts.micros as f64 / 1e6);
        Self {
            customers,
            connections: Some(load.connections),
            p50: Some(counts.p50 as f64 / 1e3),
            p99: Some(counts.p99 as f64 / 1e3),
            errors: counts.errors,
            log_bytes_each: usage.log_bytes.map(|bytes| bytes / at_least_one(requests)),
            idle_cores: Some(usage.idle_cores),
            peak_mib: Some(mib(usage.memory.peak)),
            resident_mib: Some(mib(usage.memory.resident)),
            ..Self::new(load.name, load.title, requests, seconds, usage.cpu)
        }
    }

    /// Returns the figures of deliveries, with the resources that the server used during them.
    pub fn from_deliveries(
        name: &'static str,
        title: &str,
        delivered: u64,
        seconds: f64,
        usage: Usage,
    ) -> Self {
        Self {
            peak_mib: Some(mib(usage.memory.peak)),
            resident_mib: Some(mib(usage.memory.resident)),
            ..Self::new(name, title, delivered, seconds, usage.cpu)
        }
    }

    /// Returns the figures of work in this process.
    pub fn from_measurement(name: &'static str, title: &str, measured: &Measurement) -> Self {
        let percentile = |fraction: f64| {
            let index = (measured.steps.len() as f64 * fraction) as usize;
            measured.steps.get(index).map_or(0.0, |step| step.as_secs_f64() * 1e3)
        };
        let count = measured.count;
        Self {
            p50: Some(percentile(0.5)),
            p99: Some(percentile(0.99)),
            log_bytes_each: measured.log_bytes.map(|bytes| bytes as f64 / at_least_one(count)),
            ..Self::new(name, title, count, measured.elapsed.as_secs_f64(), measured.cpu)
        }
    }

    /// Returns the figures that every row has.
    fn new(name: &'static str, title: &str, count: u64, seconds: f64, cpu: Duration) -> Self {
        let cpu_seconds = cpu.as_secs_f64();
        Self {
            role: Role::Current,
            name,
            title: title.to_owned(),
            customers: None,
            connections: None,
            per_second: count as f64 / seconds,
            p50: None,
            p99: None,
            errors: 0,
            cpu_seconds,
            cpu_micros_each: cpu_seconds * 1e6 / at_least_one(count),
            log_bytes_each: None,
            idle_cores: None,
            peak_mib: None,
            resident_mib: None,
            rounds: Vec::new(),
        }
    }
}

/// Returns a count to divide by.
fn at_least_one(count: u64) -> f64 {
    count.max(1) as f64
}

impl Row {
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Combines the rounds of a load.
    pub fn median(mut rounds: Vec<Self>) -> Option<Self> {
        if rounds.len() < 2 {
            return rounds.pop();
        }
        let middle = |figure: fn(&Self) -> Option<f64>| {
            let mut figures: Vec<f64> = rounds.iter().filter_map(figure).collect();
            figures.sort_unstable_by(f64::total_cmp);
            let upper = figures.get(figures.len() / 2)?;
            let lower = figures.get(figures.len().saturating_sub(1) / 2)?;
            Some((lower + upper) / 2.0)
        };
        let last = rounds.last()?;
        Some(Self {
            role: last.role,
            name: last.name,
            title: last.title.clone(),
            customers: last.customers,
            connections: last.connections,
            per_second: middle(|row| Some(row.per_second))?,
            p50: middle(|row| row.p50),
            p99: middle(|row| row.p99),
            errors: rounds.iter().map(|row| row.errors).sum(),
            cpu_seconds: middle(|row| Some(row.cpu_seconds))?,
            cpu_micros_each: middle(|row| Some(row.cpu_micros_each))?,
            log_bytes_each: middle(|row| row.log_bytes_each),
            idle_cores: middle(|row| row.idle_cores),
            peak_mib: last.peak_mib,
            resident_mib: last.resident_mib,
            rounds,
        })
    }

    /// Returns the cells of the row in the table.
    pub fn cells(&self) -> Vec<String> {
        let title = match self.customers {
            Some(customers) => format!("{} ({} customers)", self.title, grouped(customers as f64)),
            None => self.title.clone(),
        };
        let mib = |figure: Option<f64>| figure.map_or("–".to_owned(), |mib| format!("{mib:.1}"));
        let millis = |figure: Option<f64>| figure.map_or("–".to_owned(), |ms| format!("{ms:.2}"));
        vec![
            self.name.to_owned(),
            title,
            self.connections.map_or("–".to_owned(), |connections| connections.to_string()),
            grouped(self.per_second),
            millis(self.p50),
            millis(self.p99),
            self.errors.to_string(),
            format!("{:.2}", self.cpu_seconds),
            format!("{:.1}", self.cpu_micros_each),
            self.log_bytes_each.map_or("–".to_owned(), grouped),
            mib(self.peak_mib),
            mib(self.resident_mib),
        ]
    }
}

impl ServerFigures {
    pub fn print(&self) {
        println!(
            "With a database of {} customers, the server responds {:.0} ms after it is started.",
            grouped(self.customers as f64),
            self.ready_millis
        );
        let after = self
            .after_mib
            .map_or(String::new(), |mib| format!(" and {mib:.1} MiB after all loads"));
        println!(
            "It uses {:.1} MiB when idle{after}. The binary has {:.1} MiB.",
            self.idle_mib, self.binary_mib
        );
    }
}

impl WebhookFigures {
    pub fn print(&self) {
        println!(
            "With {} deliveries waiting, the server uses {:.1} MiB instead of {:.1} MiB, and at most \
             {:.1} MiB while it sends them.",
            grouped(self.waiting as f64),
            self.mib_with,
            self.mib_without,
            self.peak_mib
        );
        let samples = self.backlog.iter();
        let samples: Vec<String> = samples
            .map(|sample| format!("{} ({:.1} s)", grouped(sample.waiting as f64), sample.seconds))
            .collect();
        println!(
            "Deliveries waiting while customers are created at half the peak rate: {}.",
            samples.join(", ")
        );
    }
}

/// Formats an integer with thousands separators.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let head = digits.len() % 3;
    let (head, tail) = digits.split_at(head);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let parts = Some(head.to_owned()).filter(|head| !head.is_empty()).into_iter().chain(groups);
    parts.collect::<Vec<_>>().join(",")
}
