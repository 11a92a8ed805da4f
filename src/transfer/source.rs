//! Where an import reads its rows from.

use std::io;
use std::path::PathBuf;

use crate::model::plain_words::io_reason;
use crate::model::transfer::{Entry, ImportFault, Lasts, Place};

/// Rows to import, in an order in which they can be imported: see [`Entry`]. An import reads them
/// twice, and never holds more than a batch of them in memory.
pub trait Source {
    /// What the source says about its rows, known before they are read.
    fn about(&self) -> About;

    /// Reads all rows from the beginning. Both passes must return the same ones.
    ///
    /// # Errors
    /// If the source can't be read.
    fn items(&mut self) -> Result<Items<'_>, SourceError>;
}

pub type Items<'s> = Box<dyn Iterator<Item = Result<Item, SourceError>> + 's>;

#[derive(Clone, Debug, Default)]
pub struct About {
    /// Whether the source has the history of its resources. The import then records no events.
    pub has_events: bool,
    /// The last display IDs and times of the workspace that the rows are from. New resources get
    /// higher ones.
    pub lasts: Lasts,
    /// The size of the source, in the unit of [`Item::position`].
    pub size: u64,
}

/// A row of a source.
pub struct Item {
    pub place: Place,
    /// How much of the source has been read, for the progress bar.
    pub position: u64,
    /// The text of the row, for a source whose faulty rows are returned to the user. Passed on in
    /// [`Rejected`](super::Rejected).
    pub text: Option<String>,
    /// The row, or what is wrong with it.
    pub entry: Result<Entry, Vec<ImportFault>>,
}

/// The source can't be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("can't read {name}: {}; check the path", io_reason(source))]
    Io { name: String, source: io::Error },
    /// It can only be read once, and could not be copied to a temporary file.
    #[error("can't write a temporary file in {}: {}; to use another directory, set TMPDIR", .dir.display(), io_reason(source))]
    Temporary { dir: PathBuf, source: io::Error },
    /// It has the wrong format as a whole, or changed between the passes.
    #[error("{0}")]
    Malformed(String),
}
