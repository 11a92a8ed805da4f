//! Reads the rows of a file one by one, whatever is wrong with them: memory stays bounded, and a
//! quote that is never closed costs only the row in which it is opened.

use std::io::{self, BufRead, Read};

use csv::{ByteRecord, StringRecord, Terminator};

use super::encoding::Decoded;

/// The longest cell, in bytes. Metadata, the largest value, can take up 16 KiB as compact JSON.
pub const MAX_CELL: usize = 256 * 1024;
/// The longest row, in bytes.
pub(super) const MAX_ROW: usize = 2 * 1024 * 1024;

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
    /// A quote is not closed before the end of the file. The row ends with the line of the quote.
    UnclosedQuote,
    /// A quote is not closed within the length of a cell. The row ends with the line of the quote.
    FarQuote,
    /// A cell of several lines goes on after its closing quote, so it may be several rows.
    TextAfterQuote,
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
    /// What has to be read again, before the rest of `text`.
    again: Vec<u8>,
    /// How much of `again` has been read.
    again_read: usize,
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
    /// Where its first line ends, if there are more.
    break_point: Option<BreakPoint>,
}

/// Where to continue if the quote of a cell turns out not to be closed.
struct BreakPoint {
    /// The length of the row before the line break.
    length: usize,
    /// The next line.
    line: u64,
    after_carriage_return: bool,
    /// What was read after the line break: at most about the longest cell.
    read_since: Vec<u8>,
}

impl<B: BufRead> RowByRow<B> {
    fn new(text: B, delimiter: u8) -> Self {
        Self {
            text,
            again: Vec::new(),
            again_read: 0,
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
        let mut is_complete = false;
        while !is_complete {
            let is_again = self.again_read < self.again.len();
            let bytes =
                if is_again { &self.again[self.again_read..] } else { self.text.fill_buf()? };
            if bytes.is_empty() {
                break;
            }
            let mut used = 0;
            for &byte in bytes {
                used += 1;
                let ends_line = matches!(byte, b'\n' | b'\r');
                let continues = byte == b'\n' && self.after_carriage_return;
                self.after_carriage_return = byte == b'\r';
                self.line += u64::from(ends_line && !continues);
                if let Some(point) = &mut cell.break_point {
                    point.read_since.push(byte);
                }
                let before = position;
                position = match (before, byte) {
                    (Position::Quoted, b'"') => Position::AfterQuote,
                    (Position::Quoted, _) if ends_line && self.defect == Some(Defect::TooLong) => {
                        is_complete = true;
                        break;
                    }
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
                if before == Position::AfterQuote
                    && position == Position::Unquoted
                    && cell.break_point.take().is_some()
                {
                    self.defect = self.defect.or(Some(Defect::TextAfterQuote));
                }
                if before == Position::Quoted && ends_line && cell.break_point.is_none() {
                    cell.break_point = Some(BreakPoint {
                        length: self.row.len(),
                        line: self.line,
                        after_carriage_return: self.after_carriage_return,
                        read_since: Vec::new(),
                    });
                }
                let is_full = cell.length >= MAX_CELL || self.row.len() >= MAX_ROW;
                if position == Position::CellStart && self.row.len() < MAX_ROW {
                    close(&mut self.row, &cell);
                    cell = Cell::default();
                    self.row.push(byte);
                } else if cell.is_cut_off {
                    // Nothing is kept until the cell ends.
                } else if before != Position::AfterQuote && is_full {
                    if before == Position::Quoted && cell.break_point.is_some() {
                        position = Position::Quoted;
                        self.defect = Some(Defect::FarQuote);
                        is_complete = true;
                        break;
                    }
                    cell.is_cut_off = true;
                    cell.is_open = before == Position::Quoted;
                    self.defect = Some(Defect::TooLong);
                } else {
                    self.row.push(byte);
                    cell.length += 1;
                }
            }
            if is_again {
                self.again_read += used;
            } else {
                self.text.consume(used);
            }
        }
        if position == Position::Quoted && !cell.is_cut_off {
            if self.defect != Some(Defect::FarQuote) {
                self.defect = Some(Defect::UnclosedQuote);
            }
            cell.is_open = true;
            if let Some(point) = cell.break_point.take() {
                self.go_back(point);
            }
        }
        close(&mut self.row, &cell);
        if !self.row.is_empty() {
            self.row.push(b'\n');
        }
        Ok(())
    }

    /// Ends the row at a line break. What was read after it is read again.
    fn go_back(&mut self, point: BreakPoint) {
        self.row.truncate(point.length);
        self.line = point.line;
        self.after_carriage_return = point.after_carriage_return;
        let mut again = point.read_since;
        again.extend_from_slice(&self.again[self.again_read..]);
        self.again = again;
        self.again_read = 0;
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
