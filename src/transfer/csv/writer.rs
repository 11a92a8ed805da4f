//! Writes CSV that spreadsheets open as text: every cell quoted, in UTF-8 with a byte order mark,
//! and with no cell that they would run as a formula.

use std::io::{self, Write};

use csv::{QuoteStyle, Terminator};

use super::cells::text::to_cell;

/// Excel only recognizes UTF-8 if the file starts with a byte order mark.
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub struct CsvWriter<W: Write> {
    csv: csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn new(mut file: W, delimiter: u8) -> io::Result<Self> {
        file.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let csv = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .quote_style(QuoteStyle::Always)
            .terminator(Terminator::CRLF)
            .flexible(true)
            .from_writer(file);
        Ok(Self { csv })
    }

    /// Writes a row of texts. `None` is an empty cell.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn write<'t>(
        &mut self,
        texts: impl IntoIterator<Item = Option<&'t str>>,
    ) -> io::Result<()> {
        for text in texts {
            let cell = text.map(to_cell).unwrap_or_default();
            self.csv.write_field(cell.as_bytes())?;
        }
        self.csv.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.csv.flush()
    }

    /// Writes what is buffered and returns the file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(|error| error.into_error())
    }
}
