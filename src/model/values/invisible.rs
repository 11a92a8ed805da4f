//! Characters that leave nothing on the screen, and the rule for them in identifiers. The table is
//! for the parsers and for the patterns that describe them; a test holds it to Unicode's data.

use crate::model::parse::problem::{Fault, Rule};

/// Default_Ignorable_Code_Point, the general categories Cc and Cf without white space, and the
/// Braille pattern without dots.
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

/// White_Space.
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

/// Joiners, which IDNA2008 allows in some contexts.
pub(in crate::model) const JOINERS: &[char] = &['\u{200c}', '\u{200d}'];

/// Whether one of the ranges, which ascend, holds a character.
fn within(ranges: &[(char, char)], letter: char) -> bool {
    let begun = ranges.partition_point(|&(first, _)| first <= letter);
    begun.checked_sub(1).is_some_and(|range| letter <= ranges[range].1)
}

/// Whether a character is not white space and still leaves nothing on the screen.
pub fn is_invisible(letter: char) -> bool {
    within(INVISIBLE, letter)
}

/// Whether a character leaves a place empty: white space, or an invisible one.
pub fn is_blank(letter: char) -> bool {
    within(SPACES, letter) || is_invisible(letter)
}

/// Whether nobody would see anything of a text.
pub fn is_blank_text(text: &str) -> bool {
    text.chars().all(is_blank)
}

/// Takes an identifier: an email, a host name, a slug, or an id in another system. Blank characters
/// at its ends are dropped, because they come from where it was copied: the byte order mark of a
/// CSV file, a zero-width space after a word in a chat. An invisible character inside is refused,
/// except for those in `but`: it makes two identifiers that look the same, and nobody can say
/// which of the two was meant.
///
/// # Errors
/// [`Rule::InvalidString`].
pub(in crate::model) fn identifier<'r>(raw: &'r str, but: &[char]) -> Result<&'r str, Fault> {
    let text = raw.trim_matches(is_blank);
    let nul = || raw.contains('\0').then(|| fault('\0'));
    match refused(text, but).or_else(nul) {
        Some(fault) => Err(fault),
        None => Ok(text),
    }
}

/// What is wrong with a text in which an invisible character is, apart from those in `but`.
pub(in crate::model) fn refused(text: &str, but: &[char]) -> Option<Fault> {
    text.chars().find(|letter| is_invisible(*letter) && !but.contains(letter)).map(fault)
}

/// It names the code, since the character cannot be seen.
fn fault(letter: char) -> Fault {
    let says = format!("must not contain the invisible character U+{:04X}", u32::from(letter));
    Fault::new(Rule::InvalidString, says)
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace};
    use icu_properties::{CodePointMapData, CodePointSetData};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_tables_are_those_of_unicode() {
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
    fn an_identifier_drops_blanks_at_its_ends_and_refuses_them_inside() {
        assert_eq!(identifier("\u{feff}hs 42\u{200b}\n", &[]).unwrap(), "hs 42");
        assert_eq!(identifier("\u{3164}", &[]).unwrap(), "");
        let fault = identifier("a\u{200b}b", &[]).unwrap_err();
        assert_eq!(fault.rule, Rule::InvalidString);
        assert!(fault.says.ends_with("U+200B"), "{}", fault.says);
        assert!(identifier("a\u{200c}b", JOINERS).is_ok());
        assert!(identifier("a\0", &[]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_left_of_an_identifier_has_no_blank_end_and_nothing_invisible(raw in any::<String>()) {
            if let Ok(text) = identifier(&raw, &[]) {
                prop_assert!(!text.starts_with(is_blank) && !text.ends_with(is_blank));
                prop_assert!(!text.contains(is_invisible));
                prop_assert_eq!(identifier(text, &[]).unwrap(), text);
            }
        }
    }
}
