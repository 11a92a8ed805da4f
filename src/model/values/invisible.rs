//! Invisible characters, and how identifiers treat them. Parsers and the patterns in their schemas
//! share the tables, which a test compares with Unicode's data.

use crate::model::parse::problem::{Fault, Rule};

/// Default_Ignorable_Code_Point, the general categories Cc and Cf except for whitespace, and the
/// blank Braille pattern (U+2800).
pub(in crate::model) const INVISIBLE: &[(char, char)] = &[
    ('\0', '\u{8}'),
    ('\u{e}', '\u{1f}'),
    ('\u{7f}', '\u{84}'),
    ('\u{86}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// The Unicode property White_Space.
pub(in crate::model) const SPACES: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{85}', '\u{85}'),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
];

/// The zero-width joiner and non-joiner, which IDNA2008 allows in some contexts.
pub(in crate::model) const JOINERS: &[char] = &['\u{200c}', '\u{200d}'];

/// Returns whether one of the ranges contains a character. They must be sorted.
fn ranges_contain(ranges: &[(char, char)], letter: char) -> bool {
    let started = ranges.partition_point(|&(first, _)| first <= letter);
    started.checked_sub(1).is_some_and(|range| letter <= ranges[range].1)
}

/// Returns whether a character is invisible and not whitespace.
pub fn is_invisible(letter: char) -> bool {
    ranges_contain(INVISIBLE, letter)
}

/// Returns whether a character is whitespace or invisible.
pub fn is_blank(letter: char) -> bool {
    ranges_contain(SPACES, letter) || is_invisible(letter)
}

/// Returns whether all characters of a text are whitespace or invisible.
pub fn is_blank_text(text: &str) -> bool {
    text.chars().all(is_blank)
}

/// Trims an identifier: an email address, a host name, a slug, or an ID in another system. Blank
/// characters at either end are dropped, because they come from copying: the byte order mark of a
/// CSV file, or a zero-width space after a word in a chat. Invisible characters elsewhere are
/// rejected, except for those in `allowed`, because they make different identifiers look the same.
///
/// # Errors
/// [`Rule::InvalidString`].
pub(in crate::model) fn trim_identifier<'r>(
    raw: &'r str,
    allowed: &[char],
) -> Result<&'r str, Fault> {
    let text = raw.trim_matches(is_blank);
    let nul = || raw.contains('\0').then(|| fault_for('\0'));
    match invisible_fault(text, allowed).or_else(nul) {
        Some(fault) => Err(fault),
        None => Ok(text),
    }
}

/// Returns a fault if a text contains an invisible character that is not in `allowed`.
pub(in crate::model) fn invisible_fault(text: &str, allowed: &[char]) -> Option<Fault> {
    text.chars().find(|letter| is_invisible(*letter) && !allowed.contains(letter)).map(fault_for)
}

/// The message contains the code point, because the character can't be seen.
fn fault_for(letter: char) -> Fault {
    let code = u32::from(letter);
    Fault::new(
        Rule::InvalidString,
        format!("must not contain the invisible character U+{code:04X}"),
    )
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace};
    use icu_properties::{CodePointMapData, CodePointSetData};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tables_match_unicode() {
        let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        let spaces = CodePointSetData::new::<WhiteSpace>();
        let categories = CodePointMapData::<GeneralCategory>::new();
        for letter in '\0'..=char::MAX {
            let control = matches!(
                categories.get(letter),
                GeneralCategory::Control | GeneralCategory::Format
            );
            let empty = ignorable.contains(letter) || control || letter == '\u{2800}';
            let space = spaces.contains(letter);
            assert_eq!(is_invisible(letter), empty && !space, "{letter:?}");
            assert_eq!(is_blank(letter), empty || space, "{letter:?}");
        }
    }

    #[test]
    fn identifiers_are_trimmed_and_reject_invisible_characters_inside() {
        assert_eq!(trim_identifier("\u{feff}hs 42\u{200b}\n", &[]).unwrap(), "hs 42");
        assert_eq!(trim_identifier("\u{3164}", &[]).unwrap(), "");
        let fault = trim_identifier("a\u{200b}b", &[]).unwrap_err();
        assert_eq!(fault.rule, Rule::InvalidString);
        assert!(fault.requirement.ends_with("U+200B"), "{}", fault.requirement);
        assert!(trim_identifier("a\u{200c}b", JOINERS).is_ok());
        assert!(trim_identifier("a\0", &[]).is_err());
    }

    proptest! {
        #[test]
        fn a_trimmed_identifier_has_no_blank_ends_and_no_invisible_characters(raw in any::<String>()) {
            if let Ok(text) = trim_identifier(&raw, &[]) {
                prop_assert!(!text.starts_with(is_blank) && !text.ends_with(is_blank));
                prop_assert!(!text.contains(is_invisible));
                prop_assert_eq!(trim_identifier(text, &[]).unwrap(), text);
            }
        }
    }
}
