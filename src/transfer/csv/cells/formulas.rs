//! Keeps spreadsheets from running text as a formula.

use std::borrow::Cow;

/// Characters that start a formula, including their full-width forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Characters that end a cell in spreadsheets that separate cells by semicolons or tabs. Those
/// ignore quotes in the middle of a line or strip them like spaces.
const ENDS_CELL: [char; 4] = [';', '\t', '\r', '\n'];

/// Inserts an apostrophe wherever a spreadsheet would see the start of a formula: at the start of
/// the text, and after a character that can end a cell.
pub fn escape_formulas(text: &str) -> Cow<'_, str> {
    if !segments(text).any(|(_, guarded)| guarded) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 4);
    for (segment, guarded) in segments(text) {
        if guarded {
            escaped.push('\'');
        }
        escaped.push_str(segment);
    }
    Cow::Owned(escaped)
}

/// Removes the apostrophes that [`escape_formulas`] inserted.
pub fn unescape_formulas(text: &str) -> Cow<'_, str> {
    let is_escaped = |(segment, guarded): (&str, bool)| guarded && segment.starts_with('\'');
    if !segments(text).any(is_escaped) {
        return Cow::Borrowed(text);
    }
    let restore = |(segment, guarded)| match is_escaped((segment, guarded)) {
        true => &segment[1..],
        false => segment,
    };
    Cow::Owned(segments(text).map(restore).collect())
}

/// Splits text into what could become cells of their own, and returns for each whether it needs an
/// apostrophe. An apostrophe in front doesn't change that, so that escaping can be undone.
fn segments(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let ignored = |c: char| c.is_whitespace() || c == '"' || c == '\'';
    text.split_inclusive(ENDS_CELL).enumerate().map(move |(index, segment)| {
        let is_formula = segment.trim_start_matches(ignored).starts_with(FORMULA);
        // Some spreadsheets strip a leading tab or line break together with the quotes around it.
        let starts_blank =
            index == 0 && segment.trim_start_matches('\'').starts_with(['\t', '\r', '\n']);
        (segment, is_formula || starts_blank)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_start_of_a_formula_gets_an_apostrophe() {
        for (text, escaped) in [
            ("=1+1", "'=1+1"),
            (" -1", "' -1"),
            ("\"@x", "'\"@x"),
            ("'+1", "''+1"),
            ("＝1", "'＝1"),
            ("a;=1", "a;'=1"),
            ("a; =1;b", "a;' =1;b"),
            ("a\t@x", "a\t'@x"),
            ("a\r\n+1", "a\r\n'+1"),
            ("\t=1", "'\t'=1"),
        ] {
            assert_eq!(escape_formulas(text), escaped);
        }
        for text in ["", "a=1", "'", "'quoted'", "2026-05-26", "a, =1"] {
            assert_eq!(escape_formulas(text), text);
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[ '\"=+@;\t\r\na-]{0,8}", any::<String>()]
    }

    proptest! {
        #[test]
        fn escaping_can_be_undone(text in text()) {
            let escaped = escape_formulas(&text);
            prop_assert_eq!(unescape_formulas(&escaped), text.as_str());
        }

        #[test]
        fn no_part_of_escaped_text_is_a_formula(text in text()) {
            for part in escape_formulas(&text).split(ENDS_CELL) {
                let start = part.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
                prop_assert!(!start.starts_with(FORMULA), "{part:?}");
            }
        }
    }
}
