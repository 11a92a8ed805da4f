//! Moving data in and out: the rows of an import, what is wrong with them, and the format of an
//! export.

mod entry;
mod event;
mod fault;
mod header;
mod line;
mod options;
mod summary;

pub use self::entry::{
    ContactRow, CustomerKey, CustomerRow, Entry, OnboardingRow, Relative, Row, known_fields,
    unknown_fields,
};
pub use self::event::{ImportedEvent, event_line};
pub use self::fault::{ImportFault, Place};
pub use self::header::{Header, LastAllocated, LastEvent, Lasts, SourceWorkspace};
pub use self::line::{LineParser, with_deleted_at};
pub use self::options::{ExportOptions, FaultyRows, ImportOptions, OnConflict};
pub use self::summary::{Counts, Kind, Outcome, Summary};
