//! `import` of a CSV file: good rows come in, and bad rows go to a file of their own.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::context::Context;
use super::super::output::failure::Failure;
use super::super::output::table;
use super::args::Import;
use super::failures;
use super::observer::Terminal;
use super::report::ImportJson;
use crate::model::transfer::{Counts, FaultyRows};
use crate::model::workspace::Workspace;
use crate::store::Store;
use crate::transfer::csv::{CsvError, CsvFile, CsvSource, CsvType, Mapping, RejectsFile, Target};
use crate::transfer::{Observer, Rejected, Step, import};

/// The most rejected rows that are listed in the terminal.
const LISTED: u64 = 20;

#[derive(Serialize)]
struct CsvJson<'c> {
    #[serde(flatten)]
    import: ImportJson<'c>,
    file: &'c Path,
    #[serde(rename = "type")]
    csv_type: &'static str,
    encoding: &'static str,
    delimiter: char,
    columns: Vec<ColumnJson<'c>>,
    ignored_columns: Vec<&'c str>,
    rejects: Option<PathBuf>,
}

#[derive(Serialize)]
struct ColumnJson<'c> {
    column: &'c str,
    field: Option<&'static str>,
}

/// Lists rejected rows, and writes them to a file.
struct CsvTerminal {
    terminal: Terminal,
    rejects: Option<RejectsFile>,
    failure: Option<CsvError>,
    rejected: u64,
}

impl Observer for CsvTerminal {
    fn on_rejected(&mut self, rejected: &Rejected) {
        if self.failure.is_some() {
            return;
        }
        if let Some(rejects) = &mut self.rejects
            && let Err(error) = rejects.add(rejected)
        {
            self.failure = Some(error);
            return;
        }
        self.rejected += 1;
        if self.rejected <= LISTED {
            self.terminal.on_rejected(rejected);
        }
    }

    fn on_progress(&mut self, step: Step, position: u64, size: u64) {
        self.terminal.on_progress(step, position, size);
    }

    fn should_stop(&self) -> bool {
        self.failure.is_some() || self.terminal.should_stop()
    }
}

pub fn run(
    context: &Context,
    store: &Store,
    workspace: &Workspace,
    args: &Import,
) -> Result<(), Failure> {
    let (file, mapping) = open(args).map_err(failure)?;
    let mut source = CsvSource::new(&file, &mapping).map_err(failure)?;
    let options = args.options(FaultyRows::LeaveOut);
    let mut observer = CsvTerminal {
        terminal: Terminal::new(),
        rejects: rejects_path(args).map(|path| RejectsFile::new(&file, path)),
        failure: None,
        rejected: 0,
    };
    let imported = import(store, workspace, &mut source, &options, &mut observer);
    let CsvTerminal { terminal, rejects, failure: not_written, rejected } = observer;
    if rejected > LISTED {
        let advice =
            if rejects.is_some() { "" } else { "; pass `--rejects FILE` to get all of them" };
        terminal.note(&format!("{} more rows were rejected{advice}", rejected - LISTED));
    }
    let signal = terminal.signal();
    drop(terminal);
    if let Some(error) = not_written {
        return Err(failure(error));
    }
    let summary = mapping
        .csv_type
        .attribute(imported.map_err(|error| failures::failure(error, signal, args.on_conflict))?);
    let rejects = rejects.map(RejectsFile::finish).transpose().map_err(failure)?.flatten();

    let report = CsvJson {
        import: ImportJson {
            workspace: &workspace.slug,
            dry_run: args.dry_run,
            summary,
            source: None,
        },
        file: args.path(),
        csv_type: mapping.csv_type.into(),
        encoding: file.encoding.name(),
        delimiter: file.delimiter.into(),
        columns: mapping.columns.iter().map(|c| column(&c.header, c.target)).collect(),
        ignored_columns: mapping.unused().collect(),
        rejects,
    };
    let if_unprinted = || "the import is complete anyway".to_owned();
    context.output.print_after_change(
        &report,
        || report.describe(mapping.csv_type),
        if_unprinted,
    )?;
    report.check_rejected(rejected)
}

/// Opens the file, and finds out what its columns are.
fn open(args: &Import) -> Result<(CsvFile, Mapping), CsvError> {
    let name = args.path().display().to_string();
    let file = CsvFile::open(args.path(), &name, args.csv.encoding, args.csv.delimiter)?;
    let mapping = Mapping::new(&file.headers, args.csv.csv_type, &args.csv.choices)?;
    Ok((file, mapping))
}

/// Returns the file for rejected rows. A dry run only has one if it is asked for.
fn rejects_path(args: &Import) -> Option<PathBuf> {
    match &args.csv.rejects {
        Some(path) => Some(path.clone()),
        None if args.dry_run => None,
        None => Some(RejectsFile::default_path(args.path())),
    }
}

/// Adds which argument helps.
fn failure(error: CsvError) -> Failure {
    let advice = match &error {
        CsvError::MissingColumns { missing, .. } => {
            let field = missing.first().unwrap_or(&"name");
            format!("; to say which column it is, pass `--map \"COLUMN={field}\"`")
        }
        CsvError::AmbiguousType { .. } => "; pass `--type customers` or `--type contacts`, and \
             `--map \"COLUMN=FIELD\"` for columns with other names"
            .to_owned(),
        CsvError::TwoColumns { second, .. } => {
            format!(": pass `--map \"{second}=\"` to ignore the other one")
        }
        CsvError::RejectsExist { .. } => " with `--rejects`".to_owned(),
        CsvError::Encoding { .. } => " with `--encoding`".to_owned(),
        _ => String::new(),
    };
    Failure::Other(format!("{error}{advice}"))
}

fn column(header: &str, target: Target) -> ColumnJson<'_> {
    let field = match target {
        Target::Field(field) => Some(field.name),
        _ => None,
    };
    ColumnJson { column: header, field }
}

impl CsvJson<'_> {
    fn describe(&self, csv_type: CsvType) -> String {
        let (types, slug, file) = (self.csv_type, self.import.workspace, self.file.display());
        let counts = match csv_type {
            CsvType::Customers => &self.import.summary.customers,
            CsvType::Contacts => &self.import.summary.contacts,
        };
        let counts = list(counts);
        let mut text = if self.import.dry_run {
            let rows: Vec<[String; 2]> = self.columns.iter().map(describe_column).collect();
            format!(
                "{}\n\nDry run of importing {types} from {file} into workspace `{slug}`: {counts}. \
                 Nothing was changed.",
                table(["COLUMN", "FIELD"], &rows)
            )
        } else {
            format!("Imported {types} from {file} into workspace `{slug}`: {counts}.")
        };
        if !self.ignored_columns.is_empty() {
            let names = self.ignored_columns.iter().map(|name| format!("`{name}`"));
            let names = names.collect::<Vec<_>>().join(", ");
            text.push_str(&format!("\nIgnored columns that match no field: {names}."));
        }
        text
    }

    fn check_rejected(&self, rejected: u64) -> Result<(), Failure> {
        let rows = match (rejected, self.import.dry_run) {
            (0, _) => return Ok(()),
            (1, false) => "1 row was rejected".to_owned(),
            (number, false) => format!("{number} rows were rejected"),
            (1, true) => "1 row would be rejected".to_owned(),
            (number, true) => format!("{number} rows would be rejected"),
        };
        Err(Failure::Other(match &self.rejects {
            Some(path) if !self.import.dry_run => {
                format!("{rows}: correct them in {} and import that file", path.display())
            }
            Some(path) => format!("{rows}: they are in {}", path.display()),
            None => rows,
        }))
    }
}

fn describe_column(column: &ColumnJson<'_>) -> [String; 2] {
    [column.column.to_owned(), column.field.unwrap_or("(ignored)").to_owned()]
}

/// Lists the outcomes that occurred.
fn list(counts: &Counts) -> String {
    let Counts { created, updated, unchanged, skipped, rejected } = *counts;
    let all = [
        (created, "created"),
        (updated, "updated"),
        (unchanged, "unchanged"),
        (skipped, "skipped"),
        (rejected, "rejected"),
    ];
    let found: Vec<String> = all
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, outcome)| format!("{count} {outcome}"))
        .collect();
    if found.is_empty() { "no rows".to_owned() } else { found.join(", ") }
}
