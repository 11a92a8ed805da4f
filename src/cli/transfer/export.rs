//! `export`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::context::Context;
use super::super::failure::Failure;
use super::super::keys::no_such_workspace;
use super::super::progress::Progress;
use super::args::Export;
use super::remote::export::export_to;
use crate::model::clock::{Clock, SystemClock};
use crate::model::transfer::ExportOptions;
use crate::model::values::slug::Slug;
use crate::store::Watch;
use crate::transfer::{ExportCounts, ExportError, export, export_to_file};

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
    let options =
        ExportOptions { include_deleted: args.include_deleted || args.events, events: args.events };
    let store = context.store_to_read()?;
    let progress = Progress::new("exporting");
    progress.on_start();
    let file = args.file.as_deref();
    let exported = store.read(|reader| {
        let Some(workspace) = reader.workspace(&args.workspace)? else { return Ok(None) };
        let now = SystemClock.now();
        Ok(Some(match file {
            Some(path) => export_to_file(reader, &workspace, options, now, path, &progress),
            None => {
                let out: &mut dyn Write = &mut io::stdout().lock();
                export(reader, &workspace, options, now, ("stdout", out), &progress)
            }
        }))
    })?;
    let exported = exported.ok_or_else(|| no_such_workspace(&args.workspace))?;
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
        || describe(&args.workspace, path, args.events, counts),
        || format!("{} was created anyway", path.display()),
    )
}

fn describe(workspace: &Slug, path: &Path, with_events: bool, counts: ExportCounts) -> String {
    let ExportCounts { customers, contacts, onboardings, events } = counts;
    let path: PathBuf = path.to_owned();
    let rest = if with_events {
        format!("{onboardings} onboardings, and {events} events")
    } else {
        format!("and {onboardings} onboardings")
    };
    format!(
        "Exported workspace `{workspace}` to {}: {customers} customers, {contacts} contacts, {rest}.",
        path.display()
    )
}
