//! Reads the rows of a file one by one, whatever is wrong with them: memory stays bounded even if a
//! quote is never closed.

use std::io::{self, BufRead, Read};

use csv::{ByteRecord, StringRecord, Terminator};

use super::encoding::Decoded;

/// The longest cell, in bytes. Metadata, the largest value, can take up 16 KiB as compact JSON.
pub const MAX_CELL: usize = 256 * 1024;
/// The longest row, in bytes.
const MAX_ROW: usize = 2 * 1024 * 1024;

/// A row of the file.
#[derive(Debug, Default)]
pub struct Record {
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// The row as it was read, without the line break.
    pub text: String,
    pub cells: StringRecord,
    pub defect: Option<Defect>,
}

/// What is wrong with the text of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A cell or the row is too long. It was cut off.
    TooLong,
    /// The file ends inside quotes.
    UnclosedQuote,
}

/// The rows of a file. Skips empty lines.
pub struct Records<B> {
    reader: csv::Reader<RowByRow<B>>,
    row: ByteRecord,
}

impl<B: BufRead> Records<B> {
    /// `text` is in UTF-8.
    pub fn new(text: B, delimiter: u8) -> Self {
        let reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(RowByRow::new(text, delimiter));
        Self { reader, row: ByteRecord::new() }
    }

    /// Returns the next row, or `None` at the end.
    ///
    /// # Errors
    /// If the file can't be read or decoded.
    pub fn read(&mut self) -> io::Result<Option<Record>> {
        // Other errors don't occur: rows can have any length and are not parsed as UTF-8.
        if !self.reader.read_byte_record(&mut self.row).map_err(io::Error::from)? {
            return Ok(None);
        }
        let source = self.reader.get_ref();
        // The text is UTF-8, except for characters that were cut off.
        let cells = StringRecord::from_byte_record_lossy(self.row.clone());
        let text = String::from_utf8_lossy(source.row.strip_suffix(b"\n").unwrap_or(&source.row))
            .into_owned();
        Ok(Some(Record { line: source.start, text, cells, defect: source.defect }))
    }
}

impl<R: Read> Records<Decoded<R>> {
    /// Returns how many bytes of the file have been read.
    pub fn position(&self) -> u64 {
        self.reader.get_ref().text.position()
    }
}

/// Passes text on so that a read never returns parts of two rows. Then everything that is known
/// about the current row is known about the row that the CSV parser returns next.
struct RowByRow<B> {
    text: B,
    delimiter: u8,
    row: Vec<u8>,
    /// How much of `row` has been read.
    read: usize,
    /// The line on which `row` starts.
    start: u64,
    /// The line of the next byte of `text`.
    line: u64,
    after_carriage_return: bool,
    defect: Option<Defect>,
}

/// Where a byte is. These are the states of the CSV parser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    CellStart,
    Unquoted,
    Quoted,
    /// After a quote in quotes: it closes them, unless another one follows.
    AfterQuote,
}

/// What has been kept of the current cell.
#[derive(Default)]
struct Cell {
    length: usize,
    is_cut_off: bool,
    /// Whether it was cut off inside quotes, which have to be closed.
    is_open: bool,
}

impl<B: BufRead> RowByRow<B> {
    fn new(text: B, delimiter: u8) -> Self {
        Self {
            text,
            delimiter,
            row: Vec::new(),
            read: 0,
            start: 1,
            line: 1,
            after_carriage_return: false,
            defect: None,
        }
    }

    /// Loads the next row that is not an empty line. The row is empty at the end of the text.
    fn load(&mut self) -> io::Result<()> {
        self.row.clear();
        self.read = 0;
        self.start = self.line;
        self.defect = None;
        let mut position = Position::CellStart;
        let mut cell = Cell::default();
        loop {
            let bytes = self.text.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            let mut used = 0;
            let mut is_complete = false;
            for &byte in bytes {
                used += 1;
                let ends_line = matches!(byte, b'\n' | b'\r');
                let continues = byte == b'\n' && self.after_carriage_return;
                self.after_carriage_return = byte == b'\r';
                self.line += u64::from(ends_line && !continues);
                let before = position;
                position = match (before, byte) {
                    (Position::Quoted, b'"') => Position::AfterQuote,
                    (Position::Quoted, _) | (Position::AfterQuote, b'"') => Position::Quoted,
                    (_, b'\n' | b'\r') if self.row.is_empty() => {
                        self.start = self.line;
                        continue;
                    }
                    (_, b'\n' | b'\r') => {
                        is_complete = true;
                        break;
                    }
                    (_, delimiter) if delimiter == self.delimiter => Position::CellStart,
                    (Position::CellStart, b'"') => Position::Quoted,
                    _ => Position::Unquoted,
                };
                if position == Position::CellStart && self.row.len() < MAX_ROW {
                    close(&mut self.row, &cell);
                    cell = Cell::default();
                    self.row.push(byte);
                } else if cell.is_cut_off {
                    // Nothing is kept until the cell ends.
                } else if before != Position::AfterQuote
                    && (cell.length >= MAX_CELL || self.row.len() >= MAX_ROW)
                {
                    cell.is_cut_off = true;
                    cell.is_open = before == Position::Quoted;
                    self.defect = Some(Defect::TooLong);
                } else {
                    self.row.push(byte);
                    cell.length += 1;
                }
            }
            self.text.consume(used);
            if is_complete {
                break;
            }
        }
        if position == Position::Quoted {
            self.defect = self.defect.or(Some(Defect::UnclosedQuote));
            cell.is_open = true;
        }
        close(&mut self.row, &cell);
        if !self.row.is_empty() {
            self.row.push(b'\n');
        }
        Ok(())
    }
}

fn close(row: &mut Vec<u8>, cell: &Cell) {
    if cell.is_open {
        row.push(b'"');
    }
}

impl<B: BufRead> Read for RowByRow<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.row.len() {
            self.load()?;
        }
        let rest = &self.row[self.read..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(text: &str) -> Vec<Record> {
        let mut records = Records::new(text.as_bytes(), b',');
        std::iter::from_fn(|| records.read().unwrap()).collect()
    }

    fn cells(record: &Record) -> Vec<&str> {
        record.cells.iter().collect()
    }

    #[test]
    fn rows_know_the_line_on_which_they_start() {
        let found = records("a,b\r\n\r\n1,\"x\r\ny\"\n2,\"\"\"q\"\"\"\r\r3\n\n");
        let lines: Vec<_> = found.iter().map(|row| (row.line, cells(row))).collect();
        assert_eq!(
            lines,
            [
                (1, vec!["a", "b"]),
                (3, vec!["1", "x\r\ny"]),
                (5, vec!["2", "\"q\""]),
                (7, vec!["3"]),
            ]
        );
        assert!(found.iter().all(|row| row.defect.is_none()));
        assert!(records("\n\r\n").is_empty());
    }

    #[test]
    fn a_quote_that_is_not_closed_is_a_defect_of_the_last_row() {
        let found = records("a,b\n1,\"2\n3,4\n");
        assert_eq!(found.len(), 2);
        assert_eq!(cells(&found[1]), ["1", "2\n3,4\n"]);
        assert_eq!((found[1].line, found[1].defect), (2, Some(Defect::UnclosedQuote)));
    }

    #[test]
    fn cells_that_are_too_long_are_cut_off() {
        let long = "ä\n\"\"".repeat(MAX_CELL);
        for text in
            [format!("1,\"{long}\",2\n3,4\n"), format!("1,{},2\n3,4\n", "x".repeat(2 * MAX_CELL))]
        {
            let found = records(&text);
            assert_eq!(found.len(), 2);
            assert_eq!(found[0].defect, Some(Defect::TooLong));
            assert_eq!((found[0].cells.len(), &found[0].cells[2]), (3, "2"));
            assert!(found[0].cells[1].len() <= MAX_CELL);
            assert_eq!((cells(&found[1]), found[1].defect), (vec!["3", "4"], None));
        }
        let lines = long.matches('\n').count() as u64;
        assert_eq!(records(&format!("1,\"{long}\",2\n3,4\n"))[1].line, lines + 2);
    }

    #[test]
    fn rows_that_are_too_long_are_cut_off() {
        let found = records(&format!("{}\n3,4\n", ",".repeat(3 * MAX_ROW)));
        assert_eq!(found[0].defect, Some(Defect::TooLong));
        assert!(found[0].cells.len() <= MAX_ROW + 1);
        assert_eq!(cells(&found[1]), ["3", "4"]);
    }

    proptest! {
        #[test]
        fn the_rows_are_those_of_the_csv_parser(text in "[ab,\"\r\n]{0,40}") {
            // A quote that is not closed ends at the end of the file, so close it.
            let open = records(&text).last().is_some_and(|row| row.defect.is_some());
            let text = if open { format!("{text}\"") } else { text };
            let reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<StringRecord> = reader.into_records().map(Result::unwrap).collect();
            let found: Vec<StringRecord> = records(&text).into_iter().map(|row| row.cells).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
