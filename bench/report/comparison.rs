//! The figures of the baseline next to those of this build.

use serde::Serialize;

use super::figures::{Row, ServerFigures, WebhookFigures, grouped};

/// The results of the baseline, and how this build differs.
#[derive(Serialize)]
pub struct Baseline {
    pub rows: Vec<Row>,
    pub server: ServerFigures,
    pub webhooks: Option<WebhookFigures>,
    pub loads: Vec<LoadChange>,
    pub figures: Vec<FigureChange>,
}

/// A load that ran on both builds.
#[derive(Serialize)]
pub struct LoadChange {
    pub name: &'static str,
    pub customers: Option<u64>,
    pub per_second: Option<Change>,
    pub p50: Option<Change>,
    pub p99: Option<Change>,
    pub cpu_micros_each: Option<Change>,
    pub log_bytes_each: Option<Change>,
    pub resident_mib: Option<Change>,
}

/// A figure of the server that isn't about a load.
#[derive(Serialize)]
pub struct FigureChange {
    pub what: &'static str,
    #[serde(flatten)]
    pub change: Change,
}

#[derive(Clone, Copy, Serialize)]
pub struct Change {
    pub before: f64,
    pub after: f64,
    pub ratio: f64,
}

impl Baseline {
    /// Compares the results of the baseline with those of this build.
    pub fn compare(
        rows: Vec<Row>,
        server: ServerFigures,
        webhooks: Option<WebhookFigures>,
        after: (&[Row], &ServerFigures),
    ) -> Self {
        let matching = |before: &Row| {
            let is_same = |row: &&Row| row.name == before.name && row.customers == before.customers;
            let found = after.0.iter().find(is_same);
            found.map(|row| LoadChange::new(before, row))
        };
        let loads = rows.iter().filter_map(matching).collect();
        let figures = [
            (
                "ms from start to first response",
                Some(server.ready_millis),
                Some(after.1.ready_millis),
            ),
            ("MiB at idle", Some(server.idle_mib), Some(after.1.idle_mib)),
            ("MiB after the bench", server.after_mib, after.1.after_mib),
            ("MiB of the binary", Some(server.binary_mib), Some(after.1.binary_mib)),
        ];
        let figures = figures.into_iter().filter_map(|(what, before, after)| {
            Some(FigureChange { what, change: Change::new(before, after)? })
        });
        Self { figures: figures.collect(), rows, server, webhooks, loads }
    }
}

impl LoadChange {
    pub const HEADING: [&str; 8] = [
        "name",
        "customers",
        "per second",
        "p50 ms",
        "p99 ms",
        "CPU µs each",
        "log bytes each",
        "MiB after",
    ];

    fn new(before: &Row, after: &Row) -> Self {
        let change = |figure: fn(&Row) -> Option<f64>| Change::new(figure(before), figure(after));
        Self {
            name: before.name,
            customers: before.customers,
            per_second: change(|row| Some(row.per_second)),
            p50: change(|row| row.p50),
            p99: change(|row| row.p99),
            cpu_micros_each: change(|row| Some(row.cpu_micros_each)),
            log_bytes_each: change(|row| row.log_bytes_each),
            resident_mib: change(|row| row.resident_mib),
        }
    }

    /// Returns the cells of the load's row in the table.
    pub fn cells(&self) -> Vec<String> {
        let integer = |change| cell(change, grouped);
        vec![
            self.name.to_owned(),
            self.customers.map_or("–".to_owned(), |customers| grouped(customers as f64)),
            integer(self.per_second),
            cell(self.p50, |ms| format!("{ms:.2}")),
            cell(self.p99, |ms| format!("{ms:.2}")),
            cell(self.cpu_micros_each, |micros| format!("{micros:.1}")),
            integer(self.log_bytes_each),
            cell(self.resident_mib, |mib| format!("{mib:.1}")),
        ]
    }
}

impl FigureChange {
    /// Returns the cells of the figure's row in the table.
    pub fn cells(&self) -> Vec<String> {
        let Change { before, after, ratio } = self.change;
        let cells = [before, after, ratio].map(|number| format!("{number:.2}"));
        [self.what.to_owned()].into_iter().chain(cells).collect()
    }
}

impl Change {
    /// Returns nothing unless both figures exist and have a ratio.
    fn new(before: Option<f64>, after: Option<f64>) -> Option<Self> {
        let (before, after) = before.filter(|&figure| figure > 0.0).zip(after)?;
        Some(Self { before, after, ratio: after / before })
    }
}

fn cell(change: Option<Change>, show: impl Fn(f64) -> String) -> String {
    change.map_or("–".to_owned(), |Change { before, after, ratio }| {
        format!("{} → {} ({ratio:.2})", show(before), show(after))
    })
}
