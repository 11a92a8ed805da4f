//! Reads an uploaded file for its preview, and checks all of its rows without importing any.

use std::sync::Arc;

use super::import::{Import, Work};
use super::open;
use super::preview::{Format, Preview, PreviewColumn, RowProblem};
use super::summary;
use super::threads::Stopping;
use crate::model::event::Actor;
use crate::model::transfer::{FaultyRows, ImportOptions, OnConflict};
use crate::service::Service;
use crate::transfer::csv::{CsvError, CsvFile, CsvSource, examples, first_rows, suggest};
use crate::transfer::{self, Observer, Rejected};

/// How many rows and problems a preview shows.
const SHOWN_ROWS: usize = 10;
const SHOWN_PROBLEMS: usize = 20;
/// The most columns that a file can have. A form with more would be rejected.
const MAX_COLUMNS: usize = 200;

/// Checks a file on the calling thread.
pub(in crate::admin) fn check(
    service: &Service,
    work: Work,
    file: Arc<Vec<u8>>,
    format: Format,
    stopping: &Stopping,
) {
    let preview = match open::open(work.import(), file, &format) {
        Ok(csv) => preview_of(service, work.import(), &csv, format, stopping),
        Err(failure) => Preview::failed(format, failure),
    };
    work.finish_check(preview);
}

fn preview_of(
    service: &Service,
    import: &Import,
    csv: &CsvFile,
    format: Format,
    stopping: &Stopping,
) -> Preview {
    let mut preview = Preview::failed(format, String::new());
    preview.format.encoding = Some(csv.encoding);
    preview.format.delimiter = Some(csv.delimiter);
    if csv.headers.len() > MAX_COLUMNS {
        let columns = csv.headers.len();
        preview.failure = Some(format!(
            "The file has {columns} columns. It can have up to {MAX_COLUMNS}: remove some, or \
             choose another delimiter."
        ));
        return preview;
    }
    let count = csv.headers.len();
    let chosen = preview.format.fields.take().filter(|fields| fields.len() == count);
    let fields = chosen.unwrap_or_else(|| suggest(&csv.headers, import.csv_type));
    let result = fill(service, import, csv, &fields, stopping, &mut preview);
    preview.failure = result.err();
    preview.format.fields = Some(fields);
    preview
}

/// Fills in what can be known about the file.
fn fill(
    service: &Service,
    import: &Import,
    csv: &CsvFile,
    fields: &[String],
    stopping: &Stopping,
    preview: &mut Preview,
) -> Result<(), String> {
    let describe = |error: CsvError| open::describe(&error, import.csv_type);
    let examples = examples(csv, SHOWN_ROWS).map_err(describe)?;
    let columns = csv.headers.iter().zip(examples).zip(fields);
    preview.columns = columns
        .map(|((header, example), field)| PreviewColumn {
            header: header.clone(),
            example,
            field: field.clone(),
        })
        .collect();
    let mapping = open::map(import, csv, fields)?;
    preview.rows = first_rows(csv, &mapping, SHOWN_ROWS).map_err(describe)?;
    let mut source = CsvSource::new(csv, &mapping).map_err(describe)?;
    let options = ImportOptions {
        on_conflict: OnConflict::Skip,
        faulty_rows: FaultyRows::LeaveOut,
        dry_run: true,
        deliver: false,
        actor: Actor::admin_page(),
    };
    let mut observer = Checker { import, stopping, problems: Vec::new() };
    let store = service.store();
    let checked = transfer::import(store, &import.workspace, &mut source, &options, &mut observer);
    preview.problems = observer.problems;
    let summary = checked.map_err(|error| summary::failure(&error))?;
    preview.counts = summary::counts(&summary, import.csv_type);
    if preview.counts.total() == 0 {
        return Err("The file has no rows besides the names of the columns.".to_owned());
    }
    Ok(())
}

/// Collects the first problems.
struct Checker<'c> {
    import: &'c Import,
    stopping: &'c Stopping,
    problems: Vec<RowProblem>,
}

impl Observer for Checker<'_> {
    fn on_rejected(&mut self, rejected: &Rejected) {
        if self.problems.len() < SHOWN_PROBLEMS {
            let messages = rejected.faults.iter().map(|fault| fault.message.as_str());
            let message = messages.collect::<Vec<_>>().join("; ");
            self.problems.push(RowProblem { place: rejected.place.to_string(), message });
        }
    }

    fn on_progress(&mut self, _: transfer::Step, position: u64, size: u64) {
        self.import.set_progress(position, size);
    }

    fn should_stop(&self) -> bool {
        self.stopping.is_set() || self.import.is_canceled()
    }
}
