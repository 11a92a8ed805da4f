//! The ratios that matter, and their targets. Ratios vary less between machines than absolute
//! figures.

use serde::Serialize;

use super::figures::{Row, ServerFigures, WebhookFigures};

/// A ratio or another figure that may have a target.
#[derive(Serialize)]
pub struct Ratio {
    pub what: String,
    #[serde(rename = "is")]
    pub value: f64,
    /// `None` for a figure that is only reported.
    #[serde(rename = "aim")]
    pub target: Option<Target>,
    pub met: Option<bool>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
}

use Target::{AtLeast, AtMost, Below};

/// Returns every ratio whose figures were measured.
pub fn ratios(
    rows: &[Row],
    server: &ServerFigures,
    webhooks: Option<&WebhookFigures>,
) -> Vec<Ratio> {
    let largest = rows.iter().filter_map(|row| row.customers).max();
    let find = |name: &str| {
        let matches =
            |row: &&Row| row.name == name && (row.customers.is_none() || row.customers == largest);
        rows.iter().find(matches)
    };
    let rate = |name: &str| find(name).map(|row| row.per_second);
    let mut found = Vec::new();
    let mut compare = |a: &str, b: &str, target: Option<Target>| {
        if let (Some(x), Some(y)) = (rate(a), rate(b)) {
            found.push(Ratio::new(format!("{a} / {b}"), x / y, target));
        }
    };
    compare("get-cuid", "floor-get", None);
    compare("get-display-id", "floor-get", None);
    compare("list-first", "floor-list", None);
    compare("list-first", "list-deep", Some(AtMost(1.1)));
    // The first target matters where syncs are slow, the second where they are fast. `fsync` shows
    // which applies.
    compare("post-64", "raw-1", Some(AtLeast(8.0)));
    compare("post-64", "floor-post", Some(AtLeast(0.4)));
    compare("post-64", "raw-64", Some(AtLeast(0.9)));
    compare("post-subscribed", "post-unsubscribed", Some(AtLeast(0.7)));
    compare("deliver-at-peak", "post-subscribed", Some(AtLeast(0.5)));
    compare("deliver-at-half", "post-half", Some(AtLeast(1.0)));
    compare("get-subscribed", "get-unsubscribed", Some(AtLeast(0.9)));
    compare("get-delivering", "get-paced", None);
    let mut divide = |what: &str, a: Option<f64>, b: Option<f64>, target| {
        if let (Some(a), Some(b)) = (a, b) {
            found.push(Ratio::new(what, a / b, target));
        }
    };
    let cpu = |name: &str| find(name).map(|row| row.cpu_micros_each);
    for (a, b, target) in [
        ("floor-get", "get-cuid", AtLeast(0.6)),
        ("floor-get", "get-display-id", AtLeast(0.6)),
        ("floor-list", "list-first", AtLeast(0.18)),
        ("list-first", "raw-list", AtMost(1.5)),
    ] {
        divide(&format!("{a} / {b}, CPU"), cpu(a), cpu(b), Some(target));
    }
    let p50 = |name: &str| find(name).and_then(|row| row.p50);
    let p99 = |name: &str| find(name).and_then(|row| row.p99);
    for (with, without) in [("get-subscribed", "get-unsubscribed"), ("get-delivering", "get-paced")]
    {
        divide(&format!("{with} / {without}, p50"), p50(with), p50(without), None);
        divide(&format!("{with} / {without}, p99"), p99(with), p99(without), None);
    }
    for (name, target) in [("get-while-writing", None), ("get-beside-writers", Some(Below(5.0)))] {
        divide(&format!("{name} p99 / p50"), p99(name), p50(name), target);
    }
    if let Some(idle) = find("get-beside-writers").and_then(|row| row.idle_cores) {
        found.push(Ratio::new("idle processors during get-beside-writers", idle, None));
    }
    if let Some(bytes) = find("post-64").and_then(|row| row.log_bytes_each) {
        found.push(Ratio::new("KB of log per POST, post-64", bytes / 1e3, Some(AtMost(20.0))));
    }
    for (name, bound) in [("ephemeral", 50.0), ("restore", 100.0), ("reset", 20.0)] {
        if let Some(p50) = rows.iter().find(|row| row.name == name).and_then(|row| row.p50) {
            found.push(Ratio::new(format!("{name}, median ms"), p50, Some(Below(bound))));
        }
    }
    for small in rows.iter().filter(|row| row.customers.is_some() && row.customers != largest) {
        if let Some(large) = find(small.name) {
            let sizes = [small.customers, large.customers].map(Option::unwrap_or_default);
            let what = format!("{} at {} / at {}", small.name, sizes[0], sizes[1]);
            found.push(Ratio::new(what, small.per_second / large.per_second, Some(AtMost(1.2))));
        }
    }
    found.extend(webhooks.map(|figures| {
        let more = figures.mib_with - figures.mib_without;
        Ratio::new(
            format!("MiB for {} waiting deliveries", figures.waiting),
            more,
            Some(Below(50.0)),
        )
    }));
    found.push(Ratio::new("MiB at idle", server.idle_mib, Some(Below(64.0))));
    found.extend(
        server.after_mib.map(|mib| Ratio::new("MiB after the bench", mib, Some(Below(200.0)))),
    );
    found.push(Ratio::new(
        "ms from start to first response",
        server.ready_millis,
        Some(AtMost(100.0)),
    ));
    found.push(Ratio::new("MiB of the binary", server.binary_mib, Some(Below(15.0))));
    found
}

impl Ratio {
    fn new(what: impl Into<String>, value: f64, target: Option<Target>) -> Self {
        let met = target.map(|target| match target {
            AtLeast(bound) => value >= bound,
            AtMost(bound) => value <= bound,
            Below(bound) => value < bound,
        });
        Self { what: what.into(), value, target, met }
    }

    /// Returns the cells of the ratio's row in the table.
    pub fn cells(&self) -> Vec<String> {
        let target = match self.target {
            None => "–".to_owned(),
            Some(AtLeast(bound)) => format!("≥ {bound}"),
            Some(AtMost(bound)) => format!("≤ {bound}"),
            Some(Below(bound)) => format!("< {bound}"),
        };
        let verdict = self.met.map_or("", |met| if met { "met" } else { "missed" });
        vec![self.what.clone(), format!("{:.2}", self.value), target, verdict.to_owned()]
    }
}
