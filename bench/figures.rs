//! The figures of a run: those of each load, and of the server beside them.

use std::time::Duration;

use serde::Serialize;

use crate::load::{Counts, Load};
use crate::process::Memory;
use crate::raw::Timed;

const MIB: f64 = 1_048_576.0;

/// A load's figures.
#[derive(Serialize)]
pub struct Row {
    /// What `--only` calls it.
    pub name: &'static str,
    /// What the table calls it.
    pub title: String,
    /// Customers in the database, where that matters.
    pub customers: Option<u64>,
    /// Requests that were under way at the same time.
    pub connections: Option<u32>,
    /// Requests, or rows, or syncs.
    pub per_second: f64,
    /// In milliseconds.
    pub p50: f64,
    /// In milliseconds.
    pub p99: f64,
    /// Answers that were missing or not a success.
    pub errors: u64,
    /// What the server used of the processors.
    pub cpu_seconds: f64,
    /// The same for one request, in microseconds.
    pub cpu_micros_each: f64,
    /// The server's, in MiB.
    pub peak_mib: Option<f64>,
    /// The server's after the load, in MiB.
    pub resident_mib: Option<f64>,
}

/// What is known of the server besides its loads.
#[derive(Default, Serialize)]
pub struct Figures {
    /// Customers in the database that it was started on.
    pub customers: u64,
    /// From its start to its first answer, in milliseconds: the median of several starts.
    pub ready_millis: f64,
    /// Before the first request with a key, in MiB.
    pub idle_mib: f64,
    /// After the last load, in MiB.
    pub after_mib: Option<f64>,
    /// The size of the binary, in MiB.
    pub binary_mib: f64,
}

/// Bytes as MiB.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

impl Row {
    /// The figures of a load over HTTP.
    pub fn of_load(load: &Load, customers: Option<u64>, counts: &Counts, used: Used) -> Self {
        let (requests, seconds) = (counts.requests as f64, counts.micros as f64 / 1e6);
        Self {
            name: load.name,
            title: load.title.to_owned(),
            customers,
            connections: Some(load.connections),
            per_second: requests / seconds,
            p50: counts.p50 as f64 / 1e3,
            p99: counts.p99 as f64 / 1e3,
            errors: counts.errors,
            cpu_seconds: used.cpu.as_secs_f64(),
            cpu_micros_each: used.cpu.as_secs_f64() * 1e6 / requests.max(1.0),
            peak_mib: Some(mib(used.memory.peak)),
            resident_mib: Some(mib(used.memory.resident)),
        }
    }

    /// The figures of what this process did itself.
    pub fn of_raw(name: &'static str, title: &str, timed: &Timed) -> Self {
        let part = |share: f64| {
            let at = (timed.steps.len() as f64 * share) as usize;
            timed.steps.get(at).map_or(0.0, |step| step.as_secs_f64() * 1e3)
        };
        let cpu = timed.cpu.as_secs_f64();
        Self {
            name,
            title: title.to_owned(),
            customers: None,
            connections: None,
            per_second: timed.done as f64 / timed.took.as_secs_f64(),
            p50: part(0.5),
            p99: part(0.99),
            errors: 0,
            cpu_seconds: cpu,
            cpu_micros_each: cpu * 1e6 / (timed.done as f64).max(1.0),
            peak_mib: None,
            resident_mib: None,
        }
    }
}

/// What a server used for a load.
#[derive(Clone, Copy)]
pub struct Used {
    /// Of the processors.
    pub cpu: Duration,
    /// Of memory.
    pub memory: Memory,
}

impl Row {
    /// Its line in the table.
    pub fn cells(&self) -> Vec<String> {
        let title = match self.customers {
            Some(customers) => format!("{}, of {}", self.title, grouped(customers as f64)),
            None => self.title.clone(),
        };
        let mib = |figure: Option<f64>| figure.map_or("–".to_owned(), |mib| format!("{mib:.1}"));
        vec![
            self.name.to_owned(),
            title,
            self.connections.map_or("–".to_owned(), |connections| connections.to_string()),
            grouped(self.per_second),
            format!("{:.2}", self.p50),
            format!("{:.2}", self.p99),
            self.errors.to_string(),
            format!("{:.2}", self.cpu_seconds),
            format!("{:.1}", self.cpu_micros_each),
            mib(self.peak_mib),
            mib(self.resident_mib),
        ]
    }
}

impl Figures {
    /// Prints them as sentences.
    pub fn print(&self) {
        println!(
            "On a database of {} customers the server answers {:.0} ms after its start.",
            grouped(self.customers as f64),
            self.ready_millis
        );
        let after = self
            .after_mib
            .map_or(String::new(), |mib| format!(" and {mib:.1} MiB after all loads"));
        println!(
            "It holds {:.1} MiB when idle{after}; the binary has {:.1} MiB.",
            self.idle_mib, self.binary_mib
        );
    }
}

/// A whole number with its thousands apart.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let head = digits.len() % 3;
    let (head, tail) = digits.split_at(head);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let parts = Some(head.to_owned()).filter(|head| !head.is_empty()).into_iter().chain(groups);
    parts.collect::<Vec<_>>().join(",")
}
