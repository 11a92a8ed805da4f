//! Imports an uploaded file.

use std::sync::Arc;

use super::import::{Import, Outcome, Work};
use super::open;
use super::preview::Format;
use super::summary;
use super::threads::Stopping;
use crate::model::event::Actor;
use crate::model::transfer::{FaultyRows, ImportOptions, OnConflict};
use crate::service::Service;
use crate::transfer::csv::{CsvSource, RejectsWriter};
use crate::transfer::{self, Observer, Rejected, Step};

/// The most memory for the file of rejected rows. Further rows are only counted.
const MAX_REJECTED: usize = 20 << 20;

/// What the visitor chose for an import.
#[derive(Clone, Copy)]
pub(in crate::admin) struct Choices {
    pub on_conflict: OnConflict,
    /// Whether to send webhooks.
    pub deliver: bool,
}

/// Imports a file on the calling thread.
pub(in crate::admin) fn run(
    service: &Service,
    work: Work,
    file: Arc<Vec<u8>>,
    format: &Format,
    choices: Choices,
    stopping: &Stopping,
) {
    let outcome = import(service, work.import(), file, format, choices, stopping);
    work.finish_import(outcome.unwrap_or_else(Outcome::failed));
}

fn import(
    service: &Service,
    import: &Import,
    file: Arc<Vec<u8>>,
    format: &Format,
    choices: Choices,
    stopping: &Stopping,
) -> Result<Outcome, String> {
    let csv = open::open(import, file, format)?;
    let mapping = open::map(import, &csv, format.fields.as_deref().unwrap_or_default())?;
    let unreadable = |error: &dyn std::fmt::Display| format!("The file can't be read: {error}.");
    let mut source = CsvSource::new(&csv, &mapping).map_err(|error| unreadable(&error))?;
    let options = ImportOptions {
        on_conflict: choices.on_conflict,
        faulty_rows: FaultyRows::LeaveOut,
        dry_run: false,
        deliver: choices.deliver,
        actor: Actor::admin_page(),
    };
    // Memory can always be written.
    let rejects = RejectsWriter::new(Vec::new(), &csv).map_err(|error| unreadable(&error))?;
    let mut importer = Importer { import, stopping, rejects, size: 0, count: 0, omitted: 0 };
    let result =
        transfer::import(service.store(), &import.workspace, &mut source, &options, &mut importer);
    let Importer { rejects, count, omitted, .. } = importer;
    let rejected = if count > 0 { rejects.finish() } else { Ok(Vec::new()) };
    let rejected = rejected.map_err(|error| unreadable(&error))?.into();
    let (summary, failure) = match result {
        Ok(summary) => (summary, None),
        Err(error) => (summary::imported_before(&error), Some(summary::failure(&error))),
    };
    Ok(Outcome { counts: summary::counts(&summary, import.csv_type), rejected, omitted, failure })
}

/// Writes the file of rejected rows.
struct Importer<'i> {
    import: &'i Import,
    stopping: &'i Stopping,
    rejects: RejectsWriter<Vec<u8>>,
    /// About how large the file is.
    size: usize,
    count: u64,
    omitted: u64,
}

impl Observer for Importer<'_> {
    fn on_rejected(&mut self, rejected: &Rejected) {
        self.count += 1;
        let reasons: usize = rejected.faults.iter().map(|fault| fault.message.len() + 20).sum();
        let size = reasons + rejected.text.as_ref().map_or(0, |text| 2 * text.len());
        if self.size + size > MAX_REJECTED || self.rejects.add(rejected).is_err() {
            self.omitted += 1;
        } else {
            self.size += size;
        }
    }

    fn on_progress(&mut self, step: Step, position: u64, size: u64) {
        match step {
            Step::Checking => self.import.set_progress(position, 2 * size),
            Step::Importing => self.import.set_progress(size + position, 2 * size),
        }
    }

    fn should_stop(&self) -> bool {
        self.stopping.is_set()
    }
}
