//! Opens an uploaded file, and says in the words of the pages why that is not possible.

use std::sync::Arc;

use super::import::Import;
use super::labels;
use super::preview::Format;
use crate::transfer::csv::{Choice, CsvError, CsvFile, CsvType, Mapping};

/// Opens a file in the given format.
pub(super) fn open(
    import: &Import,
    file: Arc<Vec<u8>>,
    format: &Format,
) -> Result<CsvFile, String> {
    let opened = CsvFile::in_memory(file, &import.file_name, format.encoding, format.delimiter);
    opened.map_err(|error| describe(&error, import.csv_type))
}

/// Maps the columns as the format says.
pub(super) fn map(import: &Import, csv: &CsvFile, fields: &[String]) -> Result<Mapping, String> {
    let choose = |(header, field): (&String, &String)| Choice {
        header: header.clone(),
        field: (!field.is_empty()).then(|| field.clone()),
    };
    let choices: Vec<Choice> = csv.headers.iter().zip(fields).map(choose).collect();
    let mapping = Mapping::new(&csv.headers, Some(import.csv_type), &choices);
    mapping.map_err(|error| describe(&error, import.csv_type))
}

/// Says for the page why a file can't be imported. The errors themselves name options of the
/// command.
pub(super) fn describe(error: &CsvError, csv_type: CsvType) -> String {
    match error {
        CsvError::Empty { .. } => {
            "The file is empty. Its first row must have the names of the columns.".to_owned()
        }
        CsvError::NotText { .. } => {
            "This is not a CSV file, or its encoding is another one. Choose another encoding, or \
             save it as CSV in the program that it comes from."
                .to_owned()
        }
        CsvError::Encoding { problem, .. } => {
            format!("The file can't be read, because {problem}. Choose another encoding.")
        }
        CsvError::MissingColumns { missing, .. } => {
            let names: Vec<String> =
                missing.iter().map(|name| format!("“{}”", labels::field(csv_type, name))).collect();
            format!("Choose the columns for {}.", names.join(" and "))
        }
        CsvError::TwoColumns { field, first, second } => format!(
            "The columns “{}” and “{}” are both “{}”. Leave one of them out.",
            labels::shorten(first),
            labels::shorten(second),
            labels::field(csv_type, field)
        ),
        other => format!("The file can't be imported: {other}."),
    }
}
