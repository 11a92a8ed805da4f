//! The arguments of `import` that are for CSV files.

use std::path::PathBuf;

use encoding_rs::Encoding;
use strum::VariantNames;

use super::super::value_parsers::parse_one_of;
use crate::transfer::csv::{Choice, CsvType, is_possible_delimiter};

#[derive(clap::Args)]
#[command(next_help_heading = "CSV files")]
pub struct CsvArgs {
    /// What the rows are: customers or contacts [default: by the names of the columns]
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_type)]
    pub csv_type: Option<CsvType>,
    /// Field that a column is, such as "Company=name"; "Company=" ignores the column; can be
    /// repeated
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = parse_choice)]
    pub choices: Vec<Choice>,
    /// Character between cells; `tab` is one, too [default: detected]
    #[arg(long, value_name = "CHARACTER", value_parser = parse_delimiter)]
    pub delimiter: Option<u8>,
    /// Encoding, such as utf-8 or windows-1252 [default: detected]
    #[arg(long, value_name = "NAME", value_parser = parse_encoding)]
    pub encoding: Option<&'static Encoding>,
    /// File to create for rejected rows, if there are any; must not exist yet [default: the name of
    /// the imported file, ending in .rejected.csv]
    #[arg(long, value_name = "REJECTS")]
    pub rejects: Option<PathBuf>,
}

impl CsvArgs {
    /// Returns the name of an argument that was passed.
    pub fn any(&self) -> Option<&'static str> {
        [
            (self.csv_type.is_some(), "--type"),
            (!self.choices.is_empty(), "--map"),
            (self.delimiter.is_some(), "--delimiter"),
            (self.encoding.is_some(), "--encoding"),
            (self.rejects.is_some(), "--rejects"),
        ]
        .into_iter()
        .find_map(|(is_passed, name)| is_passed.then_some(name))
    }
}

pub fn parse_type(text: &str) -> Result<CsvType, String> {
    parse_one_of(text, CsvType::VARIANTS)
}

fn parse_choice(text: &str) -> Result<Choice, String> {
    let help = "must be COLUMN=FIELD, such as \"Company=name\", or COLUMN= to ignore the column";
    Choice::parse(text).ok_or_else(|| help.to_owned())
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match *text.as_bytes() {
        [delimiter] if is_possible_delimiter(delimiter) => Ok(delimiter),
        _ if matches!(text, "tab" | "\\t") => Ok(b'\t'),
        _ => Err("must be one ASCII character, and not a double quote, or `tab`".to_owned()),
    }
}

fn parse_encoding(text: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(text.as_bytes()).ok_or_else(|| {
        "must be an encoding such as utf-8, utf-16le, windows-1252, or macintosh".to_owned()
    })
}
