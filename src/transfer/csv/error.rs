//! Why a file can't be imported at all. Bad rows are not errors.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use super::columns::CsvType;
use crate::model::plain_words::io_reason;

#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("can't read {file}: {}; check the path", io_reason(source))]
    Read { file: String, source: io::Error },
    #[error("can't read {file}: {problem}; choose another encoding")]
    Encoding { file: String, problem: String },
    #[error("{file} is empty; its first line must name the columns")]
    Empty { file: String },
    #[error(
        "the first line of {file} contains the character U+0000; if the file is UTF-16, choose the encoding utf-16le or utf-16be"
    )]
    NotText { file: String },
    #[error(
        "{} need a column for {}, but the file's columns are {}",
        <&str>::from(*.csv_type),
        names(.missing),
        names(.headers)
    )]
    MissingColumns { missing: Vec<&'static str>, csv_type: CsvType, headers: Vec<String> },
    #[error(
        "the columns don't show whether the rows are customers or contacts: {}",
        names(.headers)
    )]
    AmbiguousType { headers: Vec<String> },
    #[error("the columns `{first}` and `{second}` can both be `{field}`; choose one of them")]
    TwoColumns { field: &'static str, first: String, second: String },
    #[error("no column is named `{header}`; the file's columns are {}", names(.headers))]
    UnknownHeader { header: String, headers: Vec<String> },
    #[error("{} have no field `{field}`; their fields are {}", <&str>::from(*.csv_type), fields(*.csv_type))]
    UnknownField { field: String, csv_type: CsvType },
    #[error("{} already exists; move it away, or choose another file for rejected rows", .path.display())]
    RejectsExist { path: PathBuf },
    #[error("can't write {}: {}", .path.display(), io_reason(source))]
    Write { path: PathBuf, source: io::Error },
}

/// The most columns that a message lists.
const LISTED: usize = 30;

fn names<T: Display>(names: &[T]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let listed = names.iter().take(LISTED).map(|name| format!("`{name}`"));
    let listed = listed.collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{listed}, and {more} more") } else { listed }
}

fn fields(csv_type: CsvType) -> String {
    names(&csv_type.columns().iter().map(|column| column.name).collect::<Vec<_>>())
}
