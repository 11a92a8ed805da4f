//! Sets of allowed characters, in any script. A parser and the pattern in its schema share one set.
//!
//! The Unicode tables that IDNA uses are not used here. A pattern can't look them up, so the schema
//! would accept values that the parser rejects.

use std::fmt::Write;

use super::invisible::{INVISIBLE, SPACES};

/// A set of characters: all except those in the given ranges.
pub(in crate::model) struct Alphabet(pub &'static [(char, char)]);

impl Alphabet {
    pub fn contains(&self, letter: char) -> bool {
        !self.0.iter().any(|&(first, last)| (first..=last).contains(&letter))
    }

    /// Returns a regular expression class of the set and the characters in `also`.
    pub fn class_with(&self, also: &[char]) -> String {
        format!("[^{}]", class_ranges(self.0.to_vec(), also))
    }

    /// Returns a regular expression class of the set.
    pub fn class(&self) -> String {
        self.class_with(&[])
    }

    /// Like [`Alphabet::class_with`], without invisible characters.
    pub fn visible_class_with(&self, also: &[char]) -> String {
        format!("[^{}]", class_ranges([self.0, INVISIBLE].concat(), also))
    }

    /// Like [`Alphabet::class`], without invisible characters.
    pub fn visible_class(&self) -> String {
        self.visible_class_with(&[])
    }
}

/// Returns a regular expression class of the characters that are neither whitespace nor invisible.
pub(in crate::model) fn non_blank_class() -> String {
    format!("[^{}]", class_ranges([SPACES, INVISIBLE].concat(), &[]))
}

/// Returns a regular expression class of whitespace and invisible characters, without U+0000.
pub(in crate::model) fn blank_class() -> String {
    format!("[{}]", class_ranges([SPACES, INVISIBLE].concat(), &['\0']))
}

/// Returns the inside of a class with these ranges, minus the characters in `except`. Leaves out
/// characters above U+FFFF, because regular expression dialects disagree on how to write them.
fn class_ranges(mut ranges: Vec<(char, char)>, except: &[char]) -> String {
    ranges.retain(|&(first, _)| first <= '\u{ffff}');
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (first, last) in ranges.into_iter().map(|(a, b)| (u32::from(a), u32::from(b))) {
        match joined.last_mut() {
            Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    let mut class = String::new();
    for (mut start, end) in joined {
        for excluded in except.iter().copied().map(u32::from) {
            if (start..=end).contains(&excluded) {
                if start < excluded {
                    push_range(&mut class, start, excluded - 1);
                }
                start = excluded + 1;
            }
        }
        push_range(&mut class, start, end);
    }
    class
}

/// Appends a range to a class, unless the range is empty.
fn push_range(class: &mut String, first: u32, last: u32) {
    if first <= last {
        push_char(class, first);
    }
    if first < last {
        class.push('-');
        push_char(class, last);
    }
}

fn push_char(class: &mut String, code: u32) {
    // Writing to a string cannot fail.
    let _ = match char::from_u32(code).filter(char::is_ascii_graphic) {
        Some(special @ ('[' | ']' | '\\' | '^' | '-')) => write!(class, "\\{special}"),
        Some(plain) => write!(class, "{plain}"),
        None => write!(class, "\\u{code:04x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_excludes_the_ranges_except_for_the_added_characters() {
        let letters = Alphabet(&[('\0', '/'), (':', ':')]);
        assert_eq!(letters.class(), r"[^\u0000-/:]");
        assert_eq!(letters.class_with(&['-']), r"[^\u0000-,.-/:]");
        assert_eq!(letters.class_with(&[':']), r"[^\u0000-/]");
        assert_eq!(Alphabet(&[('[', '^'), (' ', '-')]).class(), r"[^\u0020-\-\[-\^]");
        let visible = Alphabet(&[(' ', '/')]).visible_class_with(&['-']);
        assert!(visible.starts_with(r"[^\u0000-\u0008\u000e-,.-/\u007f-"), "{visible}");
        assert!(visible.ends_with(r"\ufff0-\ufffb]"), "{visible}");
        assert!(
            letters.contains('a')
                && letters.contains('0')
                && !letters.contains('-')
                && !letters.contains(':')
        );
    }
}
