//! What a run found, as one table for people and one file for programs.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use serde::Serialize;

use crate::Outcome;
use crate::aims::Ratio;
use crate::figures::{Figures, Row};

/// Everything that a run found.
#[derive(Serialize)]
pub struct Report {
    /// On which machine.
    pub machine: BTreeMap<&'static str, String>,
    /// What was asked for.
    pub settings: BTreeMap<&'static str, String>,
    /// The figures of the loads, in the order in which they ran.
    pub rows: Vec<Row>,
    /// What is not a load: start-up, memory and size.
    pub server: Figures,
    /// What the figures mean.
    pub ratios: Vec<Ratio>,
}

impl Report {
    /// Requests that failed.
    pub fn errors(&self) -> u64 {
        self.rows.iter().map(|row| row.errors).sum()
    }

    /// Prints the tables, in Markdown.
    pub fn print(&self) {
        let said = |facts: &BTreeMap<&str, String>| {
            facts
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        println!("{}  \n{}\n", said(&self.machine), said(&self.settings));
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
            "peak MiB",
            "MiB after",
        ];
        let rows: Vec<Vec<String>> = self.rows.iter().map(Row::cells).collect();
        print_table(&heading, &rows);
        println!();
        self.server.print();
        println!();
        let ratios: Vec<Vec<String>> = self.ratios.iter().map(Ratio::cells).collect();
        print_table(&["ratio", "is", "aim", ""], &ratios);
    }

    /// Whether the file will be writable when the figures are there.
    pub fn reserve(file: &Path) -> Outcome<()> {
        let opened = File::options().create(true).append(true).open(file);
        opened.map(drop).map_err(|error| unwritable(file, &error))
    }

    /// Writes the file.
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
