//! The file of rejected rows: the columns of the original with the reasons in front, so that the
//! rows can be corrected and imported again.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use super::cells::text;
use super::error::CsvError;
use super::file::CsvFile;
use super::mapping::ERROR_COLUMN;
use super::writer::CsvWriter;
use crate::model::transfer::ImportFault;
use crate::transfer::draft::Draft;
use crate::transfer::observer::Rejected;

/// Writes rejected rows.
pub struct RejectsWriter<W: Write> {
    csv: CsvWriter<W>,
    delimiter: u8,
    /// The column with the reasons, if the original is a file of rejected rows itself.
    old_reasons: Option<usize>,
}

impl<W: Write> RejectsWriter<W> {
    /// Starts a file for the rejected rows of `original`.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn new(file: W, original: &CsvFile) -> io::Result<Self> {
        let old_reasons = original.headers.iter().position(|header| header == ERROR_COLUMN);
        let csv = CsvWriter::new(file, original.delimiter)?;
        let mut rejects = Self { csv, delimiter: original.delimiter, old_reasons };
        rejects.write(ERROR_COLUMN, original.headers.iter().map(String::as_str))?;
        Ok(rejects)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn add(&mut self, rejected: &Rejected) -> io::Result<()> {
        let messages = rejected.faults.iter().map(|ImportFault { message, .. }| message.as_str());
        let reason = format!("{}: {}", rejected.place, messages.collect::<Vec<_>>().join(". "));
        let cells = self.parse(rejected.text.as_deref().unwrap_or_default())?;
        self.write(&reason, cells.iter())
    }

    /// Finishes the file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn finish(self) -> io::Result<W> {
        self.csv.finish()
    }

    fn write<'t>(&mut self, reason: &str, cells: impl Iterator<Item = &'t str>) -> io::Result<()> {
        let cells = cells.enumerate().filter(|&(index, _)| Some(index) != self.old_reasons);
        let texts: Vec<_> = cells.map(|(_, cell)| text::from_cell(cell)).collect();
        self.csv.write(std::iter::once(Some(reason)).chain(texts.iter().map(Option::as_deref)))
    }

    fn parse(&self, row: &str) -> io::Result<StringRecord> {
        let reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(false)
            .from_reader(row.as_bytes());
        let first = reader.into_records().next();
        Ok(first.transpose().map_err(io::Error::from)?.unwrap_or_default())
    }
}

/// A file of rejected rows, if there are any. Like the rows, it is personal data: only its owner can
/// read it. It appears once it is complete, so that an import that was broken off can be run again.
pub struct RejectsFile {
    original: CsvFile,
    path: PathBuf,
    writer: Option<RejectsWriter<BufWriter<Draft>>>,
}

impl RejectsFile {
    pub fn new(original: &CsvFile, path: PathBuf) -> Self {
        Self { original: original.clone(), path, writer: None }
    }

    /// The name of the file for the rejected rows of another one: `customers.csv` has
    /// `customers.rejected.csv`.
    pub fn default_path(original: &Path) -> PathBuf {
        original.with_extension("rejected.csv")
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If the file exists and has rows of another import, or can't be written.
    pub fn add(&mut self, rejected: &Rejected) -> Result<(), CsvError> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(create(&self.original, &self.path)?),
        };
        writer.add(rejected).map_err(|source| failure(&self.path, source))
    }

    /// Completes the file and returns its path, or `None` if no row was rejected.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn finish(self) -> Result<Option<PathBuf>, CsvError> {
        let Some(writer) = self.writer else { return Ok(None) };
        let finished = writer.finish().and_then(|file| file.into_inner()?.finish());
        finished.map_err(|source| failure(&self.path, source))?;
        Ok(Some(self.path))
    }
}

fn create(original: &CsvFile, path: &Path) -> Result<RejectsWriter<BufWriter<Draft>>, CsvError> {
    let draft = Draft::create(path, ".rejects-");
    let writer = draft.and_then(|draft| RejectsWriter::new(BufWriter::new(draft), original));
    writer.map_err(|source| failure(path, source))
}

fn failure(path: &Path, source: io::Error) -> CsvError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::AlreadyExists => CsvError::RejectsExist { path },
        _ => CsvError::Write { path, source },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use super::*;
    use crate::model::transfer::Place;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn the_file_appears_once_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.rejected.csv");
        let content = Arc::new(b"name,slug\n,a\n".to_vec());
        let original = CsvFile::in_memory(content, "a.csv", None, None).unwrap();
        let place = Place::Line(2);
        let faults = vec![ImportFault::new(&place, "name is required")];
        let rejected = Rejected { place, text: Some(",a".to_owned()), faults };

        let mut broken_off = RejectsFile::new(&original, path.clone());
        broken_off.add(&rejected).unwrap();
        assert!(!path.exists());
        drop(broken_off);
        assert!(names(dir.path()).is_empty());

        let mut rejects = RejectsFile::new(&original, path.clone());
        rejects.add(&rejected).unwrap();
        assert_eq!(rejects.finish().unwrap(), Some(path.clone()));
        assert_eq!(names(dir.path()), ["a.rejected.csv"]);
        assert!(fs::read_to_string(&path).unwrap().contains("line 2: name is required"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        let again = RejectsFile::new(&original, path).add(&rejected);
        assert!(matches!(again, Err(CsvError::RejectsExist { .. })));
    }
}
