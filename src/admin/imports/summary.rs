//! What the pages say about the end of an import.

use crate::model::transfer::{Counts, Summary};
use crate::transfer::ImportError;
use crate::transfer::csv::CsvType;

/// Returns what was imported before an error, as far as it is known.
pub(super) fn imported_before(error: &ImportError) -> Summary {
    match error {
        ImportError::Stopped { summary } | ImportError::Conflict { summary, .. } => **summary,
        _ => Summary::default(),
    }
}

/// Returns how many rows of a file had each outcome.
pub(super) fn counts(summary: &Summary, csv_type: CsvType) -> Counts {
    let counts = match csv_type {
        CsvType::Customers => summary.customers,
        CsvType::Contacts => summary.contacts,
    };
    Counts { rejected: summary.rejected(), ..counts }
}

/// Says for the page why an import ended early.
pub(super) fn failure(error: &ImportError) -> String {
    match error {
        ImportError::Source(error) => format!("The file can't be read: {error}."),
        ImportError::Stopped { .. } => "The server was stopped.".to_owned(),
        ImportError::Faulty { .. } | ImportError::Conflict { .. } => format!("{error}."),
        ImportError::Store(error) => {
            log::error!("a CSV import ended early: {error}");
            "The database is unavailable. Search the server's log to find the cause.".to_owned()
        }
    }
}
