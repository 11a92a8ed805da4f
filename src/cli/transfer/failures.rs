//! Why an import failed, and what to do.

use super::super::output::failure::Failure;
use super::super::signals::StopSignal;
use super::super::workspaces::find::workspace_not_found;
use super::report::written;
use crate::model::transfer::OnConflict;
use crate::model::values::slug::Slug;
use crate::model::workspace::Workspace;
use crate::transfer::ImportError;

/// Says that there is no such workspace among all of them.
pub fn missing_workspace(slug: &Slug, all: &[Workspace]) -> Failure {
    let create =
        format!("to create it, run `pivotal-server workspaces create --slug {slug} --name NAME`");
    workspace_not_found(slug, all, &create)
}

/// Explains an error of an import, which a signal may have caused.
pub fn failure(error: ImportError, signal: Option<StopSignal>, on_conflict: OnConflict) -> Failure {
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
        (error, _) => explain(&error, on_conflict),
    }
}

fn explain(error: &ImportError, on_conflict: OnConflict) -> Failure {
    Failure::Other(match error {
        ImportError::Faulty { rejected } => {
            let rows = match rejected {
                1 => "one row is faulty, as listed above".to_owned(),
                number => format!("{number} rows are faulty, as listed above"),
            };
            let alternative = match on_conflict {
                OnConflict::Fail => {
                    ", or pass --on-conflict skip or update if the rows are only in conflict with \
                     what is in the workspace"
                }
                OnConflict::Skip | OnConflict::Update => "",
            };
            format!("{rows}, so nothing was imported; correct the file{alternative}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_ways_to_handle_conflicts_are_only_suggested_if_none_was_chosen() {
        let suggests = |on_conflict| {
            let failure = failure(ImportError::Faulty { rejected: 2 }, None, on_conflict);
            failure.to_string().contains("--on-conflict")
        };
        assert!(suggests(OnConflict::Fail));
        assert!(!suggests(OnConflict::Skip) && !suggests(OnConflict::Update));
    }
}
