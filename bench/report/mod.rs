//! The results of a run, as tables for people and as JSON for programs.

pub mod comparison;
pub mod figures;
pub mod machine;
pub mod targets;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use serde::Serialize;

use self::comparison::{Baseline, FigureChange, LoadChange};
use self::figures::{Row, ServerFigures, WebhookFigures};
use self::targets::Ratio;
use crate::Outcome;

/// The results of a run.
#[derive(Serialize)]
pub struct Report {
    pub machine: BTreeMap<&'static str, String>,
    pub settings: BTreeMap<&'static str, String>,
    /// One row per load, in the order in which they ran.
    pub rows: Vec<Row>,
    pub server: ServerFigures,
    pub webhooks: Option<WebhookFigures>,
    pub ratios: Vec<Ratio>,
    pub baseline: Option<Baseline>,
}

impl Report {
    /// Returns the number of failed requests.
    pub fn errors(&self) -> u64 {
        let baseline = self.baseline.iter().flat_map(|baseline| &baseline.rows);
        self.rows.iter().chain(baseline).map(|row| row.errors).sum()
    }

    /// Prints the results in Markdown.
    pub fn print(&self) {
        let list = |facts: &BTreeMap<&str, String>| {
            facts
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        println!("{}  \n{}\n", list(&self.machine), list(&self.settings));
        let heading = [
            "name",
            "load",
            "conns",
            "per second",
            "p50 ms",
            "p99 ms",
            "errors",
            "CPU s",
            "CPU µs each",
            "log bytes each",
            "peak MiB",
            "MiB after",
        ];
        let rows: Vec<Vec<String>> = self.rows.iter().map(Row::cells).collect();
        print_table(&heading, &rows);
        println!();
        self.server.print();
        if let Some(webhooks) = &self.webhooks {
            webhooks.print();
        }
        println!();
        let ratios: Vec<Vec<String>> = self.ratios.iter().map(Ratio::cells).collect();
        print_table(&["ratio", "value", "target", ""], &ratios);
        if let Some(baseline) = &self.baseline {
            println!("\nThe baseline, this build, and the ratio between them:\n");
            let loads: Vec<Vec<String>> = baseline.loads.iter().map(LoadChange::cells).collect();
            print_table(&LoadChange::HEADING, &loads);
            println!();
            let figures = baseline.figures.iter().map(FigureChange::cells).collect::<Vec<_>>();
            print_table(&["figure", "before", "after", "ratio"], &figures);
        }
    }

    /// Returns an error if the file can't be written, so that a run fails before measuring.
    pub fn reserve(file: &Path) -> Outcome<()> {
        let opened = File::options().create(true).append(true).open(file);
        opened.map(drop).map_err(|error| unwritable(file, &error))
    }

    /// Writes the results as JSON.
    pub fn write(&self, file: &Path) -> Outcome<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(file, text).map_err(|error| unwritable(file, &error))
    }
}

fn unwritable(file: &Path, error: &std::io::Error) -> Box<dyn std::error::Error> {
    format!("cannot write {}: {error}", file.display()).into()
}

fn print_table(heading: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heading[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let print = |cells: &[&str]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:width$} "));
        println!("|{}|", padded.collect::<Vec<_>>().join("|"));
    };
    print(heading);
    let lines: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    print(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        print(&row.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
