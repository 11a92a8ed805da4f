//! Customers and contacts as CSV, with every field, so that an import restores them.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::cells::list;
use super::columns::{Content, CsvType};
use super::writer::CsvWriter;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::transfer::{ExportOptions, Kind};
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;
use crate::store::{Reader, StoreError, Watch};
use crate::transfer::export::{ExportCounts, ExportError, INTERVAL};

/// Ends the walk through a workspace.
enum End {
    /// What comes next is of another type.
    Complete,
    Failed(ExportError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ExportError> for End {
    fn from(error: ExportError) -> Self {
        Self::Failed(error)
    }
}

/// Writes the customers or contacts of a workspace to `out`, which `name` stands for in errors,
/// oldest first.
///
/// # Errors
/// See [`ExportError`].
pub fn export_csv(
    reader: &Reader<'_>,
    workspace: &Workspace,
    csv_type: CsvType,
    now: Timestamp,
    (name, out): (&str, &mut dyn Write),
    watch: &dyn Watch,
) -> Result<ExportCounts, ExportError> {
    let io_error = |source| ExportError::Io { name: name.to_owned(), source };
    let mut csv = CsvExport::new(BufWriter::new(out), csv_type).map_err(io_error)?;
    let mut counts = ExportCounts::default();
    // The slugs of the customers, by their IDs.
    let mut slugs: HashMap<String, String> = HashMap::new();
    let walked = reader.export(workspace, ExportOptions::default(), now, &mut |line, progress| {
        if progress.done.is_multiple_of(INTERVAL) {
            if watch.should_stop() {
                return Err(ExportError::Stopped.into());
            }
            watch.on_progress(progress.done, progress.total);
        }
        let Some(kind) = progress.kind else { return Ok(()) };
        let is_exported = match (csv_type, kind) {
            (CsvType::Customers, Kind::Customer) | (CsvType::Contacts, Kind::Contact) => true,
            (CsvType::Contacts, Kind::Customer) => false,
            _ => return Err(End::Complete),
        };
        let object: Map<String, Value> = serde_json::from_str(line).map_err(StoreError::from)?;
        let text = |field| object.get(field).and_then(Value::as_str);
        if is_exported {
            let slug = text("customer_id").and_then(|id| slugs.get(id));
            csv.write(&object, slug.map(String::as_str)).map_err(io_error)?;
            counts.add(kind);
        } else if let (Some(id), Some(slug)) = (text("id"), text("slug")) {
            slugs.insert(id.to_owned(), slug.to_owned());
        }
        Ok(())
    });
    if let Err(End::Failed(error)) = walked {
        return Err(error);
    }
    csv.finish().and_then(|mut out| out.flush()).map_err(io_error)?;
    Ok(counts)
}

/// Writes a file of customers or contacts.
pub struct CsvExport<W: Write> {
    csv_type: CsvType,
    csv: CsvWriter<W>,
}

impl<W: Write> CsvExport<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn new(file: W, csv_type: CsvType) -> io::Result<Self> {
        let mut csv = CsvWriter::new(file, b',')?;
        csv.write(csv_type.exported().map(|column| Some(column.name)))?;
        Ok(Self { csv_type, csv })
    }

    /// # Errors
    /// If the file can't be written.
    pub fn customer(&mut self, customer: &Customer) -> io::Result<()> {
        self.write(&to_object(customer)?, None)
    }

    /// `slug` is the slug of the contact's customer.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn contact(&mut self, contact: &Contact, slug: &str) -> io::Result<()> {
        self.write(&to_object(contact)?, Some(slug))
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.csv.flush()
    }

    /// Finishes the file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn finish(self) -> io::Result<W> {
        self.csv.finish()
    }

    fn write(&mut self, object: &Map<String, Value>, slug: Option<&str>) -> io::Result<()> {
        let texts = self.csv_type.exported().map(|column| match column.content {
            Content::CustomerSlug => slug.map(str::to_owned),
            _ => to_text(object.get(column.name)?),
        });
        let texts: Vec<Option<String>> = texts.collect();
        self.csv.write(texts.iter().map(Option::as_deref))
    }
}

fn to_object(resource: &impl Serialize) -> io::Result<Map<String, Value>> {
    match serde_json::to_value(resource)? {
        Value::Object(object) => Ok(object),
        _ => Ok(Map::new()),
    }
}

/// Writes a value. Returns `None` for what an empty cell stands for in a new row.
fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Object(entries) if entries.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(list::to_text(items.iter().filter_map(Value::as_str))),
        other => Some(other.to_string()),
    }
}
