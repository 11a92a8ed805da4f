//! The ratios that count, and what they ought to be. Absolute figures vary from machine to
//! machine; these vary less.

use serde::Serialize;

use crate::figures::{Figures, Row};

/// A figure that is compared with what it ought to be.
#[derive(Serialize)]
pub struct Ratio {
    /// What of what.
    pub what: String,
    /// What it is.
    pub is: f64,
    /// What it ought to be; nothing for what is only told.
    pub aim: Option<Aim>,
    /// Whether it is.
    pub met: Option<bool>,
}

/// A bound.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// The least that is wanted.
    AtLeast(f64),
    /// The most that is wanted.
    AtMost(f64),
    /// What it has to stay under.
    Below(f64),
}

use Aim::{AtLeast, AtMost, Below};

/// Every ratio whose figures were taken.
pub fn ratios(rows: &[Row], server: &Figures) -> Vec<Ratio> {
    let largest = rows.iter().filter_map(|row| row.customers).max();
    let find = |name: &str| {
        let of =
            |row: &&Row| row.name == name && (row.customers.is_none() || row.customers == largest);
        rows.iter().find(of)
    };
    let rate = |name: &str| find(name).map(|row| row.per_second);
    let mut found = Vec::new();
    let mut of = |a: &str, b: &str, aim: Option<Aim>| {
        if let (Some(x), Some(y)) = (rate(a), rate(b)) {
            found.push(Ratio::new(format!("{a} / {b}"), x / y, aim));
        }
    };
    of("get-cuid", "floor-get", Some(AtLeast(0.6)));
    of("get-display-id", "floor-get", Some(AtLeast(0.6)));
    of("list-first", "floor-list", None);
    of("list-first", "list-deep", Some(AtMost(1.2)));
    // The first is the aim where a sync is dear, the second where it is cheap; `fsync` tells.
    of("post-64", "raw-1", Some(AtLeast(8.0)));
    of("post-64", "floor-post", Some(AtLeast(0.4)));
    of("post-64", "raw-64", None);
    if let Some(row) = find("get-while-writing") {
        found.push(Ratio::new("get-while-writing p99 / p50", row.p99 / row.p50, Some(Below(5.0))));
    }
    for small in rows.iter().filter(|row| row.customers.is_some() && row.customers != largest) {
        if let Some(large) = find(small.name) {
            let sizes = [small.customers, large.customers].map(Option::unwrap_or_default);
            let what = format!("{} of {} / of {}", small.name, sizes[0], sizes[1]);
            found.push(Ratio::new(what, small.per_second / large.per_second, Some(AtMost(1.3))));
        }
    }
    found.push(Ratio::new("MiB at idle", server.idle_mib, Some(Below(64.0))));
    found.extend(
        server.after_mib.map(|mib| Ratio::new("MiB after the bench", mib, Some(Below(200.0)))),
    );
    found.push(Ratio::new("ms from start to answer", server.ready_millis, Some(AtMost(100.0))));
    found.push(Ratio::new("MiB of binary", server.binary_mib, Some(Below(15.0))));
    found
}

impl Ratio {
    fn new(what: impl Into<String>, is: f64, aim: Option<Aim>) -> Self {
        let met = aim.map(|aim| match aim {
            AtLeast(bound) => is >= bound,
            AtMost(bound) => is <= bound,
            Below(bound) => is < bound,
        });
        Self { what: what.into(), is, aim, met }
    }

    /// Its line in the table.
    pub fn cells(&self) -> Vec<String> {
        let aim = match self.aim {
            None => "–".to_owned(),
            Some(AtLeast(bound)) => format!("≥ {bound}"),
            Some(AtMost(bound)) => format!("≤ {bound}"),
            Some(Below(bound)) => format!("< {bound}"),
        };
        let verdict = self.met.map_or("", |met| if met { "met" } else { "missed" });
        vec![self.what.clone(), format!("{:.2}", self.is), aim, verdict.to_owned()]
    }
}
