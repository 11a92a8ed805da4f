//! Parses a settings file as TOML: every value with its full name and its line.

use serde::Deserialize;
use toml::Value;
use toml::de::{DeTable, DeValue, ValueDeserializer};

pub(super) struct Entry {
    /// The name with its section, such as `rate_limits.paid`.
    pub name: String,
    pub line: usize,
    pub value: Value,
}

/// A line that is not valid TOML.
pub(super) struct SyntaxError {
    pub line: usize,
    pub message: String,
}

/// Returns all values in the order of the file, or every line that is not valid TOML. Empty
/// sections are returned as empty tables, so that a misspelled section is found too.
pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Vec<SyntaxError>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(syntax_errors(text, &errors));
    }
    let mut found = Vec::new();
    flatten("", document.into_inner(), &mut found);
    // The parser sorts by name.
    found.sort_by_key(|(start, ..)| *start);
    let entries = found.into_iter().map(|(start, name, value)| {
        let line = line_of(text, start);
        let value = Value::deserialize(value).map_err(|error| {
            vec![SyntaxError { line, message: error.message().replace('\n', " ") }]
        })?;
        Ok(Entry { name, line, value })
    });
    entries.collect()
}

type Found<'t> = Vec<(usize, String, ValueDeserializer<'t>)>;

fn flatten<'t>(section: &str, table: DeTable<'t>, found: &mut Found<'t>) {
    for (key, value) in table {
        let start = key.span().start;
        let key = key.into_inner();
        let name = if section.is_empty() { key.into_owned() } else { format!("{section}.{key}") };
        if matches!(value.get_ref(), DeValue::Table(inner) if !inner.is_empty()) {
            if let DeValue::Table(inner) = value.into_inner() {
                flatten(&name, inner, found);
            }
        } else {
            found.push((start, name, ValueDeserializer::from(value)));
        }
    }
}

/// Returns the first error of each line: the parser often reports a second one only because of the
/// first.
fn syntax_errors(text: &str, errors: &[toml::de::Error]) -> Vec<SyntaxError> {
    let mut found: Vec<SyntaxError> = Vec::new();
    for error in errors {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        if found.iter().all(|known| known.line != line) {
            found.push(SyntaxError { line, message: error.message().replace('\n', " ") });
        }
    }
    found.sort_by_key(|error| error.line);
    found
}

fn line_of(text: &str, position: usize) -> usize {
    text.bytes().take(position).filter(|&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names_and_lines(text: &str) -> Vec<(String, usize)> {
        let entries = parse(text).ok().unwrap();
        entries.into_iter().map(|entry| (entry.name, entry.line)).collect()
    }

    #[test]
    fn every_value_has_its_full_name_and_its_line() {
        let text = "z = 1\n\n[b]\ny = [\n  2,\n]\nx.w = 3\n[empty]\n[a]\nv = 4";
        let expected = [("z", 1), ("b.y", 4), ("b.x.w", 7), ("empty", 8), ("a.v", 10)];
        assert_eq!(names_and_lines(text), expected.map(|(name, line)| (name.to_owned(), line)));
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_endings_do_not_shift_lines() {
        assert_eq!(
            names_and_lines("\u{feff}a = 1\r\nb = 2\r\n"),
            [("a".to_owned(), 1), ("b".to_owned(), 2)]
        );
    }

    #[test]
    fn every_invalid_line_is_reported_once() {
        let found = parse("a = = 1\nb = 2\nc = \"x\nb = 3\n").err().unwrap();
        let lines: Vec<usize> = found.iter().map(|error| error.line).collect();
        assert_eq!(lines, [1, 3, 4]);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_rejected_with_existing_line_numbers(text in "[ab.=\\[\\]\"'#{}, \n0-9é]{0,60}") {
            let last = text.matches('\n').count() + 1;
            match parse(&text) {
                Ok(entries) => {
                    prop_assert!(text.parse::<toml::Table>().is_ok());
                    prop_assert!(entries.iter().all(|entry| (1..=last).contains(&entry.line)));
                }
                Err(found) => {
                    prop_assert!(!found.is_empty());
                    prop_assert!(found.iter().all(|error| (1..=last).contains(&error.line)));
                }
            }
        }
    }
}
