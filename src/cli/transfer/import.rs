//! `import`

use std::io;
use std::path::Path;

use super::super::context::Context;
use super::super::output::failure::Failure;
use super::args::{Format, Import};
use super::failures::{failure, missing_workspace};
use super::observer::Terminal;
use super::remote::import::Download;
use super::report::ImportJson;
use super::{csv, seed};
use crate::model::transfer::FaultyRows;
use crate::model::values::slug::Slug;
use crate::model::workspace::Workspace;
use crate::store::Store;
use crate::transfer::{JsonLines, Source, SourceError, import};

pub fn run(context: &Context, args: &Import) -> Result<(), Failure> {
    let is_stdin = args.path() == Path::new("-");
    let format = match args.format {
        Some(format) => format,
        None if is_stdin => Format::Jsonl,
        None => format_of(args.path())?,
    };
    if format != Format::Csv
        && let Some(argument) = args.csv.any()
    {
        let advice = match &args.from {
            Some(_) => "leave it out with --from".to_owned(),
            None => format!("pass `--format csv` if {} is one", args.path().display()),
        };
        return Err(Failure::Other(format!("`{argument}` is for CSV files; {advice}")));
    }
    match format {
        Format::Seed => seed::run(context, args, is_stdin),
        Format::Csv if is_stdin => Err(Failure::Other(
            "a CSV file is read several times, so it can't come from stdin; name a file".to_owned(),
        )),
        Format::Csv => {
            let store = context.store()?;
            let workspace = find_target(&store, args.target()?)?;
            csv::run(context, &store, &workspace, args)
        }
        Format::Jsonl => match &args.from {
            None => import_lines(context, args, args.path(), None),
            Some(url) => {
                // A missing workspace is reported now and not after hours. The database is not kept
                // open, so that it can be restored or upgraded in the meantime.
                find_target(&context.store()?, args.target()?)?;
                let download = Download::run(context, url, args.target()?)?;
                let imported = import_lines(context, args, download.file(), Some(&download));
                download.finish(args.dry_run, imported)
            }
        },
    }
}

/// Imports a JSON Lines file. `download` is where it comes from, if it is from another server.
fn import_lines(
    context: &Context,
    args: &Import,
    file: &Path,
    download: Option<&Download>,
) -> Result<(), Failure> {
    let store = context.store()?;
    let workspace = find_target(&store, args.target()?)?;
    let mut source = open(file).map_err(|error| Failure::Other(error.to_string()))?;
    let options = args.options(FaultyRows::Refuse);
    let mut terminal = Terminal::new();
    let imported = import(&store, &workspace, &mut *source, &options, &mut terminal);
    let signal = terminal.signal();
    drop(terminal);
    let summary = imported.map_err(|error| failure(error, signal, args.on_conflict))?;
    let source = download.map(Download::report);
    let report = ImportJson { workspace: &workspace.slug, dry_run: args.dry_run, summary, source };
    let if_unprinted = || match args.dry_run {
        true => "the check found no faults".to_owned(),
        false => "everything was imported anyway".to_owned(),
    };
    let describe = || match download {
        Some(download) => format!("{}\n\n{}", report.describe(), download.text()),
        None => report.describe(),
    };
    context.output.print_after_change(&report, describe, if_unprinted)
}

fn find_target(store: &Store, slug: &Slug) -> Result<Workspace, Failure> {
    match store.read(|reader| reader.workspace(slug))? {
        Some(workspace) => Ok(workspace),
        None => Err(missing_workspace(slug, &store.read(|reader| reader.workspaces())?)),
    }
}

fn format_of(file: &Path) -> Result<Format, Failure> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.and_then(Format::of_extension).ok_or_else(|| {
        Failure::Other(format!(
            "can't tell the format of {} from its name; pass --format",
            file.display()
        ))
    })
}

fn open(file: &Path) -> Result<Box<dyn Source>, SourceError> {
    if file == Path::new("-") {
        return Ok(Box::new(JsonLines::spool(&mut io::stdin().lock(), "stdin")?));
    }
    Ok(Box::new(JsonLines::open(file)?))
}
