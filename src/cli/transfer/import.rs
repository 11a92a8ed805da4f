//! `import`

use std::io;
use std::path::Path;

use super::super::context::Context;
use super::super::failure::Failure;
use super::args::{Format, Import};
use super::observer::Terminal;
use super::report::{ImportJson, written};
use crate::model::event::Actor;
use crate::model::transfer::{FaultyRows, ImportOptions};
use crate::transfer::{ImportError, JsonLines, Source, SourceError, import};

pub fn run(context: &Context, args: &Import) -> Result<(), Failure> {
    let is_stdin = args.file == Path::new("-");
    let format = match args.format {
        Some(format) => format,
        None if is_stdin => Format::Jsonl,
        None => format_of(&args.file)?,
    };
    let store = context.store()?;
    let slug = &args.workspace;
    let found = store.read(|reader| reader.workspace(slug))?;
    let workspace = found.ok_or_else(|| {
        let hint = format!("`pivotal-server workspaces create --slug {slug} --name NAME`");
        Failure::Other(format!("workspace `{slug}` not found; to create it, run {hint}"))
    })?;
    let mut source =
        open(&args.file, is_stdin, format).map_err(|error| Failure::Other(error.to_string()))?;
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
    let report = ImportJson { workspace: &args.workspace, dry_run: args.dry_run, summary };
    let if_unprinted = || match args.dry_run {
        true => "the check found no faults".to_owned(),
        false => "everything was imported anyway".to_owned(),
    };
    context.output.print_after_change(&report, || report.describe(), if_unprinted)
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
