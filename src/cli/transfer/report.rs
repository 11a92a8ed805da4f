//! What an import prints at its end.

use serde::Serialize;

use super::super::output::table;
use crate::model::transfer::{Counts, Summary};
use crate::model::values::slug::Slug;
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
        let Summary { customers, contacts, onboardings, events, unreadable } = summary;
        let table = counts(&[
            ("customers", customers),
            ("contacts", contacts),
            ("onboardings", onboardings),
            ("events", events),
        ]);
        let unreadable = match unreadable {
            0 => String::new(),
            1 => "\n1 row could not be read.".to_owned(),
            number => format!("\n{number} rows could not be read."),
        };
        format!("{heading}\n{table}{unreadable}")
    }
}

/// Formats how many rows of each type had each outcome, as a table.
pub fn counts(rows: &[(&str, &Counts)]) -> String {
    let cells = rows.iter().map(|(name, counts)| {
        let Counts { created, updated, unchanged, skipped, rejected } = counts;
        let numbers = [created, updated, unchanged, skipped, rejected].map(ToString::to_string);
        let [created, updated, unchanged, skipped, rejected] = numbers;
        [(*name).to_owned(), created, updated, unchanged, skipped, rejected]
    });
    let heading = ["", "created", "updated", "unchanged", "skipped", "faulty"];
    table(heading, &cells.collect::<Vec<_>>())
}

/// How many rows were written.
pub fn written(summary: &Summary) -> u64 {
    let all = [summary.customers, summary.contacts, summary.onboardings, summary.events];
    all.iter().map(|counts| counts.created + counts.updated).sum()
}
