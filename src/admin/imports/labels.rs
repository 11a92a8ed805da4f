//! The labels of formats and fields, and the values that forms submit for them.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::admin::display;
use crate::admin::forms::resource_fields::{CONTACT, CUSTOMER};
use crate::transfer::csv::CsvType;

const ENCODINGS: [(&Encoding, &str); 4] = [
    (UTF_8, "UTF-8"),
    (WINDOWS_1252, "Windows-1252 (Latin-1)"),
    (UTF_16LE, "UTF-16 LE"),
    (UTF_16BE, "UTF-16 BE"),
];

const DELIMITERS: [(&str, u8, &str); 4] = [
    ("comma", b',', "Comma ( , )"),
    ("semicolon", b';', "Semicolon ( ; )"),
    ("tab", b'\t', "Tab"),
    ("bar", b'|', "Vertical bar ( | )"),
];

/// The most characters of a cell that are shown.
const MAX_SHOWN: usize = 80;

/// What to do with rows that are already in the workspace.
pub(in crate::admin) const ON_CONFLICT: [(&str, &str); 3] = [
    ("skip", "Leave what is there as it is"),
    ("update", "Update what is there with the values from the file"),
    ("fail", "Leave what is there, and report the row as rejected"),
];

/// The option for a value that is not in the list, or not known.
const DETECTED: (&str, &str) = ("", "Detected");

/// Returns the encodings that a file can have.
pub(in crate::admin) fn encodings(
    current: Option<&'static Encoding>,
) -> Vec<(&'static str, &'static str)> {
    let is_listed = ENCODINGS.iter().any(|(encoding, _)| Some(*encoding) == current);
    let all = ENCODINGS.iter().map(|(encoding, label)| (encoding.name(), *label));
    (!is_listed).then_some(DETECTED).into_iter().chain(all).collect()
}

pub(in crate::admin) fn encoding_value(encoding: Option<&'static Encoding>) -> String {
    encoding.map_or("", |encoding| encoding.name()).to_owned()
}

pub(in crate::admin) fn parse_encoding(value: &str) -> Option<&'static Encoding> {
    ENCODINGS.iter().find(|(encoding, _)| encoding.name() == value).map(|(encoding, _)| *encoding)
}

/// Returns the delimiters that a file can have.
pub(in crate::admin) fn delimiters(current: Option<u8>) -> Vec<(&'static str, &'static str)> {
    let is_listed = DELIMITERS.iter().any(|(_, byte, _)| Some(*byte) == current);
    let all = DELIMITERS.iter().map(|(value, _, label)| (*value, *label));
    (!is_listed).then_some(DETECTED).into_iter().chain(all).collect()
}

pub(in crate::admin) fn delimiter_value(delimiter: Option<u8>) -> String {
    let found = DELIMITERS.iter().find(|(_, byte, _)| Some(*byte) == delimiter);
    found.map_or("", |(value, ..)| value).to_owned()
}

pub(in crate::admin) fn parse_delimiter(value: &str) -> Option<u8> {
    DELIMITERS.iter().find(|(name, ..)| *name == value).map(|(_, byte, _)| *byte)
}

/// Returns the fields that a column can be, with their labels.
pub(in crate::admin) fn fields(csv_type: CsvType) -> Vec<(&'static str, String)> {
    csv_type.columns().iter().map(|column| (column.name, field(csv_type, column.name))).collect()
}

/// Returns a field's label.
pub(in crate::admin) fn field(csv_type: CsvType, name: &str) -> String {
    let fields = match csv_type {
        CsvType::Customers => CUSTOMER,
        CsvType::Contacts => CONTACT,
    };
    if let Some(field) = fields.iter().find(|field| field.name == name) {
        return field.label_text();
    }
    match name {
        "id" => "ID".to_owned(),
        "display_id" => "Number".to_owned(),
        "customer_id" => "Customer’s ID or number".to_owned(),
        "customer_slug" => "Customer’s slug".to_owned(),
        "created_at" => "Created".to_owned(),
        "updated_at" => "Updated".to_owned(),
        other => display::capitalize(&other.replace('_', " ")),
    }
}

/// Shortens a cell to what fits into a table or a sentence.
pub(in crate::admin) fn shorten(cell: &str) -> String {
    let mut text: String = cell.chars().take(MAX_SHOWN).collect();
    if text.len() < cell.len() {
        text.push('…');
    }
    text
}
