//! Data in and out: exports a workspace, and imports customers, contacts, onboardings, and events
//! from a [`Source`]. Builds on `store` and `model`.
//!
//! An import reads its source twice. The first pass checks every row, also against the database;
//! the second writes the rows in batches, so that a server beside it keeps writing.

pub mod csv;
mod draft;
mod engine;
mod export;
mod jsonl;
mod observer;
pub mod remote;
mod seed;
mod source;

pub use self::engine::{ImportError, import};
pub use self::export::{ExportCounts, ExportError, export, export_to_file, write_new_file};
pub use self::jsonl::JsonLines;
pub use self::observer::{Observer, Rejected, Step};
pub use self::seed::{
    CreatedKey, CreatedWebhook, SeedError, SeedReport, SeedSetup, SeedSummary, SeedTarget,
    TargetError, import_seed,
};
pub use self::source::{About, Item, Items, Source, SourceError};
