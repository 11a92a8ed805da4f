//! Exports a workspace as JSON Lines.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::draft::Draft;
use crate::model::plain_words::io_reason;
use crate::model::transfer::{ExportOptions, Kind};
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;
use crate::store::{Reader, StoreError, Watch};

/// How often the watch is asked, in lines.
pub(super) const INTERVAL: u64 = 200;

/// Why a workspace could not be exported. No incomplete file is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "can't write {name}: {}; check the path, and that the disk has space",
        io_reason(source)
    )]
    Io { name: String, source: io::Error },
    #[error("{} already exists; choose another name, or move that file away", .0.display())]
    Exists(PathBuf),
    #[error("the export was stopped")]
    Stopped,
}

/// The number of exported objects.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ExportCounts {
    pub customers: u64,
    pub contacts: u64,
    pub onboardings: u64,
    pub events: u64,
}

impl ExportCounts {
    pub(super) fn add(&mut self, kind: Kind) {
        *match kind {
            Kind::Customer => &mut self.customers,
            Kind::Contact => &mut self.contacts,
            Kind::Onboarding => &mut self.onboardings,
            Kind::Event => &mut self.events,
        } += 1;
    }
}

/// Writes an export to `out`, which `name` stands for in errors.
///
/// # Errors
/// See [`ExportError`].
pub fn export(
    reader: &Reader<'_>,
    workspace: &Workspace,
    options: ExportOptions,
    now: Timestamp,
    (name, out): (&str, &mut dyn Write),
    watch: &dyn Watch,
) -> Result<ExportCounts, ExportError> {
    let io_error = |source| ExportError::Io { name: name.to_owned(), source };
    let mut out = BufWriter::new(out);
    let mut counts = ExportCounts::default();
    reader.export(workspace, options, now, &mut |line, progress| {
        if progress.done.is_multiple_of(INTERVAL) || progress.done == progress.total {
            if watch.should_stop() {
                return Err(ExportError::Stopped);
            }
            watch.on_progress(progress.done, progress.total);
        }
        if let Some(kind) = progress.kind {
            counts.add(kind);
        }
        out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(io_error)
    })?;
    out.flush().map_err(io_error)?;
    Ok(counts)
}

/// Writes an export to a new file; see [`write_new_file`].
///
/// # Errors
/// See [`ExportError`].
pub fn export_to_file(
    reader: &Reader<'_>,
    workspace: &Workspace,
    options: ExportOptions,
    now: Timestamp,
    path: &Path,
    watch: &dyn Watch,
) -> Result<ExportCounts, ExportError> {
    write_new_file(path, |out| export(reader, workspace, options, now, out, watch))
}

/// Writes a new file that only its owner can read. The file appears once it is complete and on
/// disk. `write` gets its name for errors.
///
/// # Errors
/// See [`ExportError`].
pub fn write_new_file<T>(
    path: &Path,
    write: impl FnOnce((&str, &mut dyn Write)) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    let name = path.display().to_string();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => ExportError::Exists(path.to_owned()),
        _ => ExportError::Io { name: name.clone(), source },
    };
    let mut draft = Draft::create(path, ".export-").map_err(failed)?;
    let written = write((&name, &mut draft))?;
    draft.finish().map_err(failed)?;
    Ok(written)
}
