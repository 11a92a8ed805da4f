//! Why an import failed, and what to do.

use super::super::failure::Failure;
use super::super::signals::StopSignal;
use super::report::written;
use crate::model::values::slug::Slug;
use crate::transfer::ImportError;

pub fn missing_workspace(slug: &Slug) -> Failure {
    let hint = format!("`pivotal-server workspaces create --slug {slug} --name NAME`");
    Failure::Other(format!("workspace `{slug}` not found; to create it, run {hint}"))
}

/// Explains an error of an import, which a signal may have caused.
pub fn failure(error: ImportError, signal: Option<StopSignal>) -> Failure {
    match (error, signal) {
        (ImportError::Stopped { summary }, Some(signal)) => {
            let outcome = match written(&summary) {
                0 => "nothing was imported".to_owned(),
                rows => format!(
                    "{rows} rows were imported; run the same command again to import the others"
                ),
            };
            Failure::Interrupted { signal, outcome }
        }
        (error, _) => explain(&error),
    }
}

fn explain(error: &ImportError) -> Failure {
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
