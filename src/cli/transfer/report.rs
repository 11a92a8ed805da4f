//! What an import prints at its end.

use serde::Serialize;

use super::super::failure::Failure;
use super::super::output::table;
use super::super::signals::StopSignal;
use crate::model::transfer::{Counts, Summary};
use crate::model::values::slug::Slug;
use crate::transfer::ImportError;
use crate::transfer::remote::report::Report;

#[derive(Serialize)]
pub struct ImportJson<'i> {
    pub workspace: &'i Slug,
    pub dry_run: bool,
    #[serde(flatten)]
    pub summary: Summary,
    /// What was downloaded from another server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'i Report>,
}

impl ImportJson<'_> {
    pub fn describe(&self) -> String {
        let Self { workspace, dry_run, summary, .. } = self;
        let heading = if *dry_run {
            format!("Checked the import into workspace `{workspace}`; nothing was changed:")
        } else {
            format!("Imported into workspace `{workspace}`:")
        };
        format!("{heading}\n{}", counts(summary))
    }
}

/// Formats the counts as a table, without the outcomes that didn't occur.
fn counts(summary: &Summary) -> String {
    let Summary { customers, contacts, onboardings, events, unreadable } = summary;
    let rows = [
        ("customers", customers),
        ("contacts", contacts),
        ("onboardings", onboardings),
        ("events", events),
    ];
    let cells = rows.map(|(name, counts)| {
        let Counts { created, updated, unchanged, skipped, rejected } = counts;
        let numbers = [created, updated, unchanged, skipped, rejected].map(ToString::to_string);
        let [created, updated, unchanged, skipped, rejected] = numbers;
        [name.to_owned(), created, updated, unchanged, skipped, rejected]
    });
    let heading = ["", "created", "updated", "unchanged", "skipped", "faulty"];
    let table = table(heading, &cells);
    match unreadable {
        0 => table,
        1 => format!("{table}\n1 row could not be read."),
        number => format!("{table}\n{number} rows could not be read."),
    }
}

/// Says how an import failed and what to do.
pub fn import_failure(error: ImportError, signal: Option<StopSignal>) -> Failure {
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
        (error, _) => failure(&error),
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

/// How many rows were written.
pub fn written(summary: &Summary) -> u64 {
    let all = [summary.customers, summary.contacts, summary.onboardings, summary.events];
    all.iter().map(|counts| counts.created + counts.updated).sum()
}
