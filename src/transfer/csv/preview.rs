//! What a person needs to see of a file to decide how it is imported.

use serde_json::Value;

use super::cells::{text, to_json};
use super::columns::{Content, CsvType};
use super::error::CsvError;
use super::file::{CsvFile, Record};
use super::mapping::{Mapping, Target};

/// A row as it is read.
pub struct ShownRow {
    /// Where it starts in the file.
    pub line: u64,
    /// One for each column that is a field.
    pub cells: Vec<String>,
}

/// Returns the name of the field that fits each column best, or an empty string. Unlike
/// [`Mapping::new`], it always has a result, for a form in which the user can change it.
pub fn suggest(headers: &[String], csv_type: CsvType) -> Vec<String> {
    let mut fields = vec![String::new(); headers.len()];
    for column in csv_type.columns() {
        let free = headers.iter().enumerate().filter(|(index, _)| fields[*index].is_empty());
        let ranked =
            free.filter_map(|(index, header)| Some((CsvType::rank(header, column)?, index)));
        if let Some((_, best)) = ranked.min() {
            column.name.clone_into(&mut fields[best]);
        }
    }
    fields
}

/// Returns the first cell of each column that is not empty, among the first `count` rows.
///
/// # Errors
/// If the file can't be read.
pub fn examples(file: &CsvFile, count: usize) -> Result<Vec<String>, CsvError> {
    let mut examples = vec![String::new(); file.headers.len()];
    for record in first_records(file, count)? {
        for (example, cell) in examples.iter_mut().zip(&record.cells) {
            if example.is_empty() && !text::is_empty(cell) {
                cell.trim().clone_into(example);
            }
        }
    }
    Ok(examples)
}

/// Returns the first `count` rows.
///
/// # Errors
/// If the file can't be read.
pub fn first_rows(
    file: &CsvFile,
    mapping: &Mapping,
    count: usize,
) -> Result<Vec<ShownRow>, CsvError> {
    let show = |record: Record| {
        let mut cells = Vec::new();
        for (index, column) in mapping.columns.iter().enumerate() {
            if let Target::Field(field) = column.target {
                let cell = record.cells.get(index).unwrap_or_default();
                cells.push(show_cell(cell, field.content));
            }
        }
        ShownRow { line: record.line, cells }
    };
    Ok(first_records(file, count)?.into_iter().map(show).collect())
}

/// Shows a value as it is imported, or the cell if it can't be.
fn show_cell(cell: &str, content: Content) -> String {
    let Some(text) = text::from_cell(cell) else { return String::new() };
    let Content::Field(format) = content else { return text.into_owned() };
    match to_json(&text, format) {
        Ok(Value::String(value)) => value,
        Ok(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        Ok(value) => value.to_string(),
        Err(_) => text.into_owned(),
    }
}

fn first_records(file: &CsvFile, count: usize) -> Result<Vec<Record>, CsvError> {
    let mut rows = file.rows()?;
    let mut records = Vec::new();
    while records.len() < count
        && let Some(record) = rows.read()?
    {
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn file(text: &str) -> CsvFile {
        CsvFile::in_memory(Arc::new(text.into()), "test.csv", None, None).unwrap()
    }

    #[test]
    fn every_header_gets_a_suggestion_even_if_a_mapping_would_be_ambiguous() {
        let headers =
            |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let suggest = |names: &[&str]| suggest(&headers(names), CsvType::Customers);
        assert_eq!(suggest(&["Website", "Company Name"]), ["domain", "name"]);
        assert_eq!(suggest(&["NAME", "Name", "foo"]), ["name", "", ""]);
        assert_eq!(suggest(&["Company", "name"]), ["", "name"]);
    }

    #[test]
    fn rows_are_shown_as_they_are_read() {
        let file = file("name;tags;status;mrr;x\n'=A;a, \"b\";At Risk;a lot;1\n;;;007;2\n");
        assert_eq!(examples(&file, 10).unwrap(), ["'=A", "a, \"b\"", "At Risk", "a lot", "1"]);
        let mapping = Mapping::new(&file.headers, Some(CsvType::Customers), &[]).unwrap();
        let rows = first_rows(&file, &mapping, 10).unwrap();
        assert_eq!(rows[0].cells, ["=A", "a, b", "at_risk", "a lot"]);
        assert_eq!((rows[1].line, &rows[1].cells[3]), (3, &"7".to_owned()));
        assert_eq!(first_rows(&file, &mapping, 1).unwrap().len(), 1);
    }
}
