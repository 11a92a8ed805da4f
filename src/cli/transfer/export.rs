//! `export`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::context::Context;
use super::super::output::count;
use super::super::output::failure::Failure;
use super::super::output::progress::Progress;
use super::super::workspaces::find::no_such_workspace;
use super::args::{Export, ExportFormat};
use super::remote::export::export_to;
use crate::model::clock::{Clock, SystemClock};
use crate::model::transfer::ExportOptions;
use crate::model::values::slug::Slug;
use crate::store::Watch;
use crate::transfer::csv::{CsvType, export_csv};
use crate::transfer::{ExportCounts, ExportError, export, write_new_file};

#[derive(Serialize)]
struct ExportJson<'e> {
    file: &'e Path,
    workspace: &'e Slug,
    #[serde(flatten)]
    counts: ExportCounts,
}

pub fn run(context: &Context, args: &Export) -> Result<(), Failure> {
    if let Some(url) = &args.to {
        return export_to(context, &args.workspace, url, args.map.as_deref());
    }
    let csv_type = csv_type(args)?;
    let options =
        ExportOptions { include_deleted: args.include_deleted || args.events, events: args.events };
    let store = context.store_to_read()?;
    let progress = Progress::new("exporting");
    progress.on_start();
    let file = args.file.as_deref();
    let exported = store.read(|reader| {
        let Some(workspace) = reader.workspace(&args.workspace)? else {
            return Ok(Err(reader.workspaces()?));
        };
        let now = SystemClock.now();
        let write = |out: (&str, &mut dyn Write)| match csv_type {
            Some(csv_type) => export_csv(reader, &workspace, csv_type, now, out, &progress),
            None => export(reader, &workspace, options, now, out, &progress),
        };
        Ok(Ok(match file {
            Some(path) => write_new_file(path, write),
            None => write(("stdout", &mut io::stdout().lock())),
        }))
    })?;
    let exported = exported.map_err(|all| no_such_workspace(&args.workspace, &all))?;
    let counts = exported.map_err(|error| match (error, progress.signal()) {
        (ExportError::Stopped, Some(signal)) => {
            let outcome = match file {
                Some(path) => format!("{} was not created", path.display()),
                None => "the output is not complete".to_owned(),
            };
            Failure::Interrupted { signal, outcome }
        }
        (ExportError::Store(error), _) => error.into(),
        (error, _) => Failure::Other(error.to_string()),
    })?;
    drop(progress);
    // Without a file, stdout has the export.
    let Some(path) = file else { return Ok(()) };
    let report = ExportJson { file: path, workspace: &args.workspace, counts };
    context.output.print_after_change(
        &report,
        || match csv_type {
            Some(csv_type) => describe_csv(&args.workspace, path, csv_type, counts),
            None => describe(&args.workspace, path, args.events, counts),
        },
        || format!("{} was created anyway", path.display()),
    )
}

/// Returns what a CSV export contains, or `None` for another format.
fn csv_type(args: &Export) -> Result<Option<CsvType>, Failure> {
    let extension = args.file.as_deref().and_then(Path::extension);
    let is_csv_file = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let problem = match (args.format, args.csv_type) {
        (Some(ExportFormat::Jsonl), None) => return Ok(None),
        (None, None) if !is_csv_file => return Ok(None),
        (Some(ExportFormat::Csv), Some(csv_type)) if !args.include_deleted && !args.events => {
            return Ok(Some(csv_type));
        }
        (None, Some(csv_type)) if is_csv_file && !args.include_deleted && !args.events => {
            return Ok(Some(csv_type));
        }
        (Some(ExportFormat::Csv) | None, None) => {
            "a CSV file contains only one type; pass `--type customers` or `--type contacts`"
        }
        (Some(ExportFormat::Jsonl), Some(_)) => {
            "`--type` is for CSV files; a JSON Lines export contains all types"
        }
        (None, Some(_)) if !is_csv_file => {
            "`--type` is for CSV files; pass `--format csv`, or a file whose name ends in .csv"
        }
        (_, Some(_)) => {
            "a CSV file contains neither deleted resources nor events; leave out --include-deleted \
             and --events, or export to JSON Lines"
        }
    };
    Err(Failure::Other(problem.to_owned()))
}

fn describe_csv(workspace: &Slug, path: &Path, csv_type: CsvType, counts: ExportCounts) -> String {
    let count = match csv_type {
        CsvType::Customers => counts.customers,
        CsvType::Contacts => counts.contacts,
    };
    let types = <&str>::from(csv_type);
    format!("Exported {count} {types} of workspace `{workspace}` to {}.", path.display())
}

fn describe(workspace: &Slug, path: &Path, with_events: bool, counts: ExportCounts) -> String {
    let ExportCounts { customers, contacts, onboardings, events } = counts;
    let path: PathBuf = path.to_owned();
    let onboardings = count(onboardings, "onboarding");
    let rest = if with_events {
        format!("{onboardings}, and {}", count(events, "event"))
    } else {
        format!("and {onboardings}")
    };
    format!(
        "Exported workspace `{workspace}` to {}: {}, {}, {rest}.",
        path.display(),
        count(customers, "customer"),
        count(contacts, "contact"),
    )
}
