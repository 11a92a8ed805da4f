//! Customers and contacts as CSV, with every field, so that an import restores them.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::cells::list;
use super::columns::{Content, CsvType};
use super::writer::CsvWriter;
use crate::model::contact::Contact;
use crate::model::customer::Customer;

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
