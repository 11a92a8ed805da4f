//! Imports a source.

use super::observer::{Observer, Rejected, Step};
use super::source::{Source, SourceError};
use crate::model::transfer::{FaultyRows, ImportFault, ImportOptions, Summary};
use crate::model::workspace::Workspace;
use crate::store::{Store, StoreError};

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows are faulty, and nothing was imported. The observer got them.
    #[error("{rejected} rows are faulty, so nothing was imported")]
    Faulty { rejected: u64 },
    /// Someone else's change made a row faulty after it was checked. What came before it was
    /// imported.
    #[error("{fault}")]
    Conflict { fault: ImportFault, summary: Summary },
    /// The observer stopped the import. What is counted was imported.
    #[error("the import was stopped")]
    Stopped { summary: Summary },
}

/// Imports a source into a workspace, on the calling thread. Can be run again after it was broken
/// off: rows that are already there are left as they are.
///
/// # Errors
/// See [`ImportError`].
pub fn import(
    _store: &Store,
    _workspace: &Workspace,
    source: &mut dyn Source,
    options: &ImportOptions,
    observer: &mut dyn Observer,
) -> Result<Summary, ImportError> {
    let (mut summary, size) = (Summary::default(), source.about().size);
    for item in source.items()? {
        let item = item?;
        if let Err(faults) = item.entry {
            summary.unreadable += 1;
            observer.on_rejected(&Rejected { place: item.place, text: item.text, faults });
        }
        observer.on_progress(Step::Checking, item.position, size);
    }
    if summary.rejected() > 0 && options.faulty_rows == FaultyRows::Refuse {
        return Err(ImportError::Faulty { rejected: summary.rejected() });
    }
    Ok(summary)
}
