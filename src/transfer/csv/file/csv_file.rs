//! A CSV file: how its text is encoded and separated, and its rows. It can be read several times.

use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::content::{Content, ContentReader};
use super::delimiter;
use super::encoding::{self, Decoded};
use super::records::{Record, Records};
use crate::transfer::csv::cells::text;
use crate::transfer::csv::columns::is_known;
use crate::transfer::csv::error::CsvError;

/// How much of a file decides what its delimiter is, in bytes of UTF-8.
const SAMPLE: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub struct CsvFile {
    content: Content,
    /// What errors call the file.
    name: String,
    pub encoding: &'static Encoding,
    pub delimiter: u8,
    /// Whether the first line only names the delimiter.
    has_preamble: bool,
    pub headers: Vec<String>,
}

/// The rows after the header, without those whose cells are all empty.
pub struct Rows<'f> {
    file: &'f CsvFile,
    records: Records<Decoded<BufReader<ContentReader>>>,
}

impl CsvFile {
    /// Reads the header. Detects the encoding and the delimiter if they are `None`. Errors call the
    /// file `name`.
    ///
    /// # Errors
    /// If the file can't be read or has no header.
    pub fn open(
        path: &Path,
        name: &str,
        encoding: Option<&'static Encoding>,
        delimiter: Option<u8>,
    ) -> Result<Self, CsvError> {
        Self::read_header(Content::Path(path.to_owned()), name, encoding, delimiter)
    }

    /// Like [`Self::open`], for a file in memory.
    ///
    /// # Errors
    /// If the file can't be decoded or has no header.
    pub fn in_memory(
        content: Arc<Vec<u8>>,
        name: &str,
        encoding: Option<&'static Encoding>,
        delimiter: Option<u8>,
    ) -> Result<Self, CsvError> {
        Self::read_header(Content::Memory(content), name, encoding, delimiter)
    }

    fn read_header(
        content: Content,
        name: &str,
        encoding: Option<&'static Encoding>,
        delimiter: Option<u8>,
    ) -> Result<Self, CsvError> {
        let unreadable = |source| CsvError::Read { file: name.to_owned(), source };
        let encoding = match encoding {
            Some(encoding) => encoding,
            None => content.reader().and_then(encoding::detect).map_err(unreadable)?,
        };
        let mut file = Self {
            content,
            name: name.to_owned(),
            encoding,
            delimiter: b',',
            has_preamble: false,
            headers: Vec::new(),
        };
        let (sample, is_complete) = file.sample().map_err(|error| file.read_error(error))?;
        let declared = delimiter::declared(&sample);
        file.has_preamble = declared.is_some();
        file.delimiter = delimiter
            .or(declared)
            .unwrap_or_else(|| delimiter::detect(&sample, is_complete, is_known));
        let header = file.all_records()?.read().map_err(|error| file.read_error(error))?;
        let header = header.ok_or_else(|| CsvError::Empty { file: name.to_owned() })?;
        if header.cells.iter().any(|cell| cell.contains('\0')) {
            return Err(CsvError::NotText { file: name.to_owned() });
        }
        file.headers = header.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        Ok(file)
    }

    /// Starts to read the rows after the header.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn rows(&self) -> Result<Rows<'_>, CsvError> {
        let mut records = self.all_records()?;
        records.read().map_err(|error| self.read_error(error))?;
        Ok(Rows { file: self, records })
    }

    /// Returns the size of the file in bytes.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn size(&self) -> Result<u64, CsvError> {
        self.content.size().map_err(|error| self.read_error(error))
    }

    /// Reads from the header on.
    fn all_records(&self) -> Result<Records<Decoded<BufReader<ContentReader>>>, CsvError> {
        let text = self.decoded().map_err(|error| self.read_error(error))?;
        let mut records = Records::new(text, self.delimiter);
        if self.has_preamble {
            records.read().map_err(|error| self.read_error(error))?;
        }
        Ok(records)
    }

    fn decoded(&self) -> io::Result<Decoded<BufReader<ContentReader>>> {
        Ok(Decoded::new(BufReader::new(self.content.reader()?), self.encoding))
    }

    /// Returns the start of the text, and whether it is all of it.
    fn sample(&self) -> io::Result<(String, bool)> {
        let mut sample = Vec::new();
        self.decoded()?.take(SAMPLE as u64).read_to_end(&mut sample)?;
        let is_complete = sample.len() < SAMPLE;
        // Only a character at the end can be incomplete.
        Ok((String::from_utf8_lossy(&sample).into_owned(), is_complete))
    }

    fn read_error(&self, error: io::Error) -> CsvError {
        let file = self.name.clone();
        match error.kind() {
            ErrorKind::InvalidData => CsvError::Encoding { file, problem: error.to_string() },
            _ => CsvError::Read { file, source: error },
        }
    }
}

impl Rows<'_> {
    /// Returns how many bytes of the file have been read.
    pub fn position(&self) -> u64 {
        self.records.position()
    }

    /// Returns the next row, or `None` at the end.
    ///
    /// # Errors
    /// If the file can't be read or decoded.
    pub fn read(&mut self) -> Result<Option<Record>, CsvError> {
        loop {
            let record = self.records.read().map_err(|error| self.file.read_error(error))?;
            match record {
                Some(record)
                    if record.defect.is_none() && record.cells.iter().all(text::is_empty) => {}
                other => return Ok(other),
            }
        }
    }
}
