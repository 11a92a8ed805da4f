//! `import`

use std::io;
use std::path::Path;

use super::super::context::Context;
use super::super::failure::Failure;
use super::args::{Format, Import};
use super::observer::Terminal;
use super::remote::import::Download;
use super::report::{ImportJson, written};
use crate::model::event::Actor;
use crate::model::transfer::{FaultyRows, ImportOptions};
use crate::model::values::slug::Slug;
use crate::model::workspace::Workspace;
use crate::store::Store;
use crate::transfer::{ImportError, JsonLines, Source, SourceError, import};

pub fn run(context: &Context, args: &Import) -> Result<(), Failure> {
    let Some(url) = &args.from else {
        // Required without `--from`.
        let file = args.file.as_deref().unwrap_or(Path::new("-"));
        return import_file(context, args, file, None);
    };
    // A missing workspace is reported now and not after hours. The database is not kept open, so
    // that it can be restored or upgraded in the meantime.
    find_target(&context.store()?, &args.workspace)?;
    let download = Download::run(context, url, &args.workspace)?;
    let imported = import_file(context, args, download.file(), Some(&download));
    download.finish(args.dry_run, imported)
}

/// Imports a file. `download` is where it comes from, if it is from another server.
fn import_file(
    context: &Context,
    args: &Import,
    file: &Path,
    download: Option<&Download>,
) -> Result<(), Failure> {
    let is_stdin = file == Path::new("-");
    let format = match args.format {
        Some(format) => format,
        None if is_stdin => Format::Jsonl,
        None => format_of(file)?,
    };
    let store = context.store()?;
    let workspace = find_target(&store, &args.workspace)?;
    let mut source =
        open(file, is_stdin, format).map_err(|error| Failure::Other(error.to_string()))?;
    let options = ImportOptions {
        on_conflict: args.on_conflict,
        faulty_rows: FaultyRows::Refuse,
        dry_run: args.dry_run,
        deliver: args.deliver,
        actor: Actor::command_line(),
    };
    let mut terminal = Terminal::new();
    let imported = import(&store, &workspace, &mut *source, &options, &mut terminal);
    let signal = terminal.signal();
    drop(terminal);
    let summary = imported.map_err(|error| match (error, signal) {
        (ImportError::Stopped { summary }, Some(signal)) => {
            let outcome = match written(&summary) {
                0 => "nothing was imported".to_owned(),
                rows => format!(
                    "{rows} rows were imported; run the same command again to import the others"
                ),
            };
            Failure::Interrupted { signal, outcome }
        }
        (error, _) => failure(&error),
    })?;
    let source = download.map(Download::report);
    let report = ImportJson { workspace: &args.workspace, dry_run: args.dry_run, summary, source };
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
    let found = store.read(|reader| reader.workspace(slug))?;
    found.ok_or_else(|| {
        let hint = format!("`pivotal-server workspaces create --slug {slug} --name NAME`");
        Failure::Other(format!("workspace `{slug}` not found; to create it, run {hint}"))
    })
}

fn format_of(file: &Path) -> Result<Format, Failure> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.and_then(Format::of_extension).ok_or_else(|| {
        Failure::Other(format!(
            "the end of the name {} stands for no known format; pass --format",
            file.display()
        ))
    })
}

fn open(file: &Path, is_stdin: bool, format: Format) -> Result<Box<dyn Source>, SourceError> {
    match format {
        Format::Jsonl if is_stdin => {
            Ok(Box::new(JsonLines::spool(&mut io::stdin().lock(), "stdin")?))
        }
        Format::Jsonl => Ok(Box::new(JsonLines::open(file)?)),
    }
}

fn failure(error: &ImportError) -> Failure {
    Failure::Other(match error {
        ImportError::Faulty { rejected } => {
            let rows = match rejected {
                1 => "one row is faulty, as listed above".to_owned(),
                number => format!("{number} rows are faulty, as listed above"),
            };
            format!(
                "{rows}, so nothing was imported; correct the file, or pass --on-conflict skip or \
                 update if the rows are only in conflict with what is in the workspace"
            )
        }
        ImportError::Conflict { fault, .. } => format!(
            "{fault}; the workspace was changed during the import, and the rows before this one \
             were imported: run the same command again, which checks all rows and imports the others"
        ),
        ImportError::Store(error) => format!(
            "{error}; rows that were imported before stay: run the same command again to import \
             the others"
        ),
        ImportError::Source(error) => error.to_string(),
        ImportError::Stopped { .. } => "the import was stopped".to_owned(),
    })
}
