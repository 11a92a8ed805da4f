//! CSV files of customers and contacts: import, with bad rows set aside, and export.

mod cells;
mod columns;
mod error;
mod export;
mod file;
mod mapping;
mod preview;
mod rejects;
#[cfg(test)]
mod round_trip_tests;
mod row;
mod source;
mod writer;

pub use self::cells::escape_formulas;
pub use self::columns::{Column, CsvType};
pub use self::error::CsvError;
pub use self::export::{CsvExport, export_csv};
pub use self::file::{CsvFile, DELIMITERS, Record, Rows, is_possible_delimiter};
pub use self::mapping::{Choice, MappedColumn, Mapping, Target};
pub use self::preview::{ShownRow, examples, first_rows, suggest};
pub use self::rejects::{RejectsFile, RejectsWriter};
pub use self::row::parse as parse_row;
pub use self::source::CsvSource;
