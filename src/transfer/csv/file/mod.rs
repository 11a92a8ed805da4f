//! From the bytes of a file to its rows: the encoding, the delimiter, and what quotes enclose.

mod content;
mod csv_file;
mod delimiter;
mod encoding;
mod records;
#[cfg(test)]
mod records_tests;

pub use self::csv_file::{CsvFile, Rows};
pub use self::delimiter::{DELIMITERS, is_possible as is_possible_delimiter};
pub use self::records::{Defect, MAX_CELL, Record};
