//! A CSV file as the source of an import.

use super::error::CsvError;
use super::file::CsvFile;
use super::mapping::Mapping;
use super::row;
use crate::model::transfer::Place;
use crate::transfer::source::{About, Item, Items, Source, SourceError};

pub struct CsvSource {
    file: CsvFile,
    mapping: Mapping,
    size: u64,
}

impl CsvSource {
    /// # Errors
    /// If the file can't be read.
    pub fn new(file: &CsvFile, mapping: &Mapping) -> Result<Self, CsvError> {
        Ok(Self { file: file.clone(), mapping: mapping.clone(), size: file.size()? })
    }
}

impl Source for CsvSource {
    fn about(&self) -> About {
        About { size: self.size, ..About::default() }
    }

    fn items(&mut self) -> Result<Items<'_>, SourceError> {
        let (mut rows, mapping) = (self.file.rows()?, &self.mapping);
        let items = std::iter::from_fn(move || {
            let record = match rows.read() {
                Ok(record) => record?,
                Err(error) => return Some(Err(error.into())),
            };
            let entry = row::parse(&record, mapping);
            let (place, position) = (Place::Line(record.line), rows.position());
            Some(Ok(Item { place, position, text: Some(record.text), entry }))
        });
        Ok(Box::new(items))
    }
}

impl From<CsvError> for SourceError {
    fn from(error: CsvError) -> Self {
        match error {
            CsvError::Read { file, source } => Self::Io { name: file, source },
            other => Self::Malformed(other.to_string()),
        }
    }
}
