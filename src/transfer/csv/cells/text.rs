//! How text becomes a cell, and back. An empty cell has no value, so empty text needs a form of its
//! own: a single apostrophe.

use std::borrow::Cow;

use super::formulas::{escape_formulas, unescape_formulas};

/// Returns the cell for a text.
pub fn to_cell(text: &str) -> Cow<'_, str> {
    if only_apostrophes(text) { Cow::Owned(format!("'{text}")) } else { escape_formulas(text) }
}

/// Returns the text of a cell, or `None` if the cell is empty.
pub fn from_cell(cell: &str) -> Option<Cow<'_, str>> {
    if is_empty(cell) {
        None
    } else if only_apostrophes(cell) {
        Some(Cow::Borrowed(&cell[1..]))
    } else {
        Some(unescape_formulas(cell))
    }
}

/// Returns whether a cell counts as empty.
pub fn is_empty(cell: &str) -> bool {
    cell.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

fn only_apostrophes(text: &str) -> bool {
    text.chars().all(|c| c == '\'')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn empty_text_is_not_an_empty_cell() {
        assert_eq!(from_cell(""), None);
        assert_eq!(from_cell(" \u{feff}\t"), None);
        assert_eq!(from_cell("'").unwrap(), "");
        assert_eq!(to_cell(""), "'");
    }

    proptest! {
        #[test]
        fn text_survives_in_a_cell(text in prop_oneof!["[ '=;\na-]{0,6}", any::<String>()]) {
            let cell = to_cell(&text);
            // Blank text, which no field has, becomes an empty cell.
            let has_value = !is_empty(&cell);
            prop_assert!(has_value || is_empty(&text) && !text.is_empty());
            prop_assert_eq!(from_cell(&cell), has_value.then_some(Cow::Borrowed(text.as_str())));
        }
    }
}
