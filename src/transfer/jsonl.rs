//! Reads an export: JSON Lines, with a header in the first one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::source::{About, Item, Items, Source, SourceError};
use crate::model::transfer::{Entry, Header, ImportFault, LineParser, Place};

/// The longest line. An object has at most a few hundred KiB.
const MAX_LINE: u64 = 16 << 20;

/// A file in the format of an export.
pub struct JsonLines {
    file: File,
    /// Its name in error messages.
    name: String,
    header: Header,
    size: u64,
    parser: LineParser,
}

impl JsonLines {
    /// Opens a file.
    ///
    /// # Errors
    /// If it can't be read, or doesn't begin with the header of an export.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| {
            // Opening a directory succeeds.
            if file.metadata()?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            let is_file = file.metadata()?.is_file();
            Ok((file, is_file))
        });
        match opened {
            Ok((file, true)) => Self::new(file, name),
            // A pipe can't be read twice.
            Ok((mut pipe, false)) => Self::spool(&mut pipe, &name),
            Err(source) => Err(SourceError::Io { name, source }),
        }
    }

    /// Reads a stream to its end into a temporary file that has no name.
    ///
    /// # Errors
    /// See [`JsonLines::open`].
    pub fn spool(input: &mut dyn Read, name: &str) -> Result<Self, SourceError> {
        let file = spool(input, name, &std::env::temp_dir())?;
        Self::new(file, name.to_owned())
    }

    fn new(mut file: File, name: String) -> Result<Self, SourceError> {
        let io_error = |source| SourceError::Io { name: name.clone(), source };
        let size = file.metadata().map_err(io_error)?.len();
        let mut lines = Lines::start(&mut file).map_err(io_error)?;
        let first = match lines.read().map_err(io_error)? {
            Some(Line { text: Ok(text), .. }) => text,
            Some(Line { text: Err(message), .. }) => {
                return Err(SourceError::Malformed(format!("{name}, line 1: {message}")));
            }
            None => return Err(SourceError::Malformed(format!("{name} is empty"))),
        };
        let header = Header::parse(&first)
            .map_err(|fault| SourceError::Malformed(format!("{name}, {fault}")))?;
        Ok(Self { file, name, header, size, parser: LineParser::default() })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }
}

fn spool(input: &mut dyn Read, name: &str, dir: &Path) -> Result<File, SourceError> {
    let unwritable = |source| SourceError::Temporary { dir: dir.to_owned(), source };
    let mut file = tempfile::tempfile_in(dir).map_err(unwritable)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(file),
            Ok(length) => file.write_all(&buffer[..length]).map_err(unwritable)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(SourceError::Io { name: name.to_owned(), source }),
        }
    }
}

impl Source for JsonLines {
    fn about(&self) -> About {
        About { has_events: self.header.events, lasts: self.header.last, size: self.size }
    }

    fn items(&mut self) -> Result<Items<'_>, SourceError> {
        let Self { file, name, header, parser, .. } = self;
        let io_error = |source| SourceError::Io { name: name.clone(), source };
        let mut lines = Lines::start(file).map_err(io_error)?;
        // The header.
        lines.read().map_err(io_error)?;
        let (expected, may_have_events) = (header.objects, header.events);
        let items = Objects { lines, name, parser, expected, found: 0, may_have_events };
        Ok(Box::new(items))
    }
}

/// The lines after the header.
struct Objects<'f> {
    lines: Lines<'f>,
    name: &'f str,
    parser: &'f LineParser,
    /// How many there are, if the header says so.
    expected: Option<u64>,
    found: u64,
    may_have_events: bool,
}

impl Objects<'_> {
    /// An import of a file without events records its own, so they would be recorded twice. One
    /// fault is enough: nothing is imported.
    fn refuse_event(&mut self, place: &Place, entry: Entry) -> Result<Entry, Vec<ImportFault>> {
        if self.may_have_events || !matches!(entry, Entry::Event(_)) {
            return Ok(entry);
        }
        self.may_have_events = true;
        let message = "is an event, but events in the header is false; set it to true to import \
                       the events, or remove them";
        Err(vec![ImportFault::new(place, message)])
    }
}

impl Iterator for Objects<'_> {
    type Item = Result<Item, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.lines.read() {
            Err(source) => Some(Err(SourceError::Io { name: self.name.to_owned(), source })),
            Ok(None) => {
                let expected = self.expected.take().filter(|&expected| expected != self.found)?;
                let found = self.found;
                let message = format!(
                    "{} is not complete: it has {found} objects, and its header says {expected}; \
                     export it again",
                    self.name
                );
                Some(Err(SourceError::Malformed(message)))
            }
            Ok(Some(Line { number, position, text })) => {
                self.found += 1;
                let place = Place::Line(number);
                let entry = match text {
                    Ok(text) => self
                        .parser
                        .parse(&place, &text)
                        .and_then(|entry| self.refuse_event(&place, entry)),
                    Err(message) => Err(vec![ImportFault::new(&place, message)]),
                };
                Some(Ok(Item { place, position, text: None, entry }))
            }
        }
    }
}

/// Reads lines, without ever holding more than a long one in memory.
struct Lines<'f> {
    reader: BufReader<&'f mut File>,
    number: u64,
    position: u64,
}

struct Line {
    number: u64,
    /// Where the next line starts.
    position: u64,
    text: Result<String, String>,
}

impl<'f> Lines<'f> {
    fn start(file: &'f mut File) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        Ok(Self { reader: BufReader::new(file), number: 0, position: 0 })
    }

    /// Returns the next line that is not blank.
    fn read(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            let length = (&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut bytes)? as u64;
            if length == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.position += length;
            let is_too_long = length == MAX_LINE && bytes.last() != Some(&b'\n');
            if is_too_long {
                self.position += skip_line(&mut self.reader)?;
            }
            if bytes.last() == Some(&b'\n') {
                bytes.pop();
            }
            let text = if is_too_long {
                Err(format!("is longer than {} MiB", MAX_LINE >> 20))
            } else {
                String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
            };
            if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                continue;
            }
            let (number, position) = (self.number, self.position);
            return Ok(Some(Line { number, position, text }));
        }
    }
}

/// Reads up to the end of a line. Returns how many bytes that were.
fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n').map(|end| end + 1);
        let length = end.unwrap_or(buffer.len());
        skipped += length as u64;
        reader.consume(length);
        if end.is_some() || length == 0 {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::examples;
    use crate::model::transfer::event_line;

    /// Reads a file with two events. Returns the fault of each, if it has one.
    fn faults(has_events: bool) -> Vec<Option<String>> {
        let header = json!({
            "object": "export", "version": 1, "exported_at": "2026-01-01T00:00:00Z",
            "workspace": {"id": "w", "slug": "main", "name": "Main"},
            "include_deleted": false, "events": has_events,
        });
        let event = event_line(&examples::onboarding_event()).unwrap();
        let text = format!("{header}\n{event}\n{event}\n");
        let mut source = JsonLines::spool(&mut text.as_bytes(), "stdin").unwrap();
        let items = source.items().unwrap().map(Result::unwrap);
        items.map(|item| item.entry.err().map(|faults| faults[0].to_string())).collect()
    }

    #[test]
    fn an_event_in_a_file_that_says_it_has_none_is_faulty() {
        assert_eq!(faults(true), [None, None]);
        let fault = "line 2: is an event, but events in the header is false; set it to true to \
                     import the events, or remove them";
        assert_eq!(faults(false), [Some(fault.to_owned()), None]);
    }

    #[test]
    fn a_stream_is_copied_to_a_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let text = "line\n".repeat(50_000);
        let mut file = spool(&mut text.as_bytes(), "stdin", dir.path()).unwrap();
        file.rewind().unwrap();
        assert_eq!(io::read_to_string(file).unwrap(), text);

        let missing = dir.path().join("missing");
        let error = spool(&mut text.as_bytes(), "stdin", &missing).unwrap_err().to_string();
        assert!(error.contains(missing.to_str().unwrap()) && !error.contains("stdin"), "{error}");
    }
}
