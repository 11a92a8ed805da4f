//! Which characters may stand in a name of any script: the same set for the parser of the name and
//! for the pattern that describes it.
//!
//! The tables of Unicode that IDNA asks are not used: a pattern cannot ask them, and what would be
//! left to the client to find out is what the description is for.

use std::fmt::Write;

use super::invisible::{INVISIBLE, SPACES};

/// The characters outside of these ranges.
pub(in crate::model) struct Alphabet(pub &'static [(char, char)]);

impl Alphabet {
    /// Whether a character belongs to it.
    pub fn has(&self, letter: char) -> bool {
        !self.0.iter().any(|&(first, last)| (first..=last).contains(&letter))
    }

    /// The class of a pattern in which it is, and these characters as well.
    pub fn class_and(&self, also: &[char]) -> String {
        format!("[^{}]", ranges(self.0.to_vec(), also))
    }

    /// The class of a pattern in which it is.
    pub fn class(&self) -> String {
        self.class_and(&[])
    }

    /// The same without invisible characters.
    pub fn visible_class_and(&self, also: &[char]) -> String {
        format!("[^{}]", ranges([self.0, INVISIBLE].concat(), also))
    }

    /// The same without invisible characters.
    pub fn visible_class(&self) -> String {
        self.visible_class_and(&[])
    }
}

/// The class of a pattern of what can be seen: neither white space nor invisible.
pub(in crate::model) fn not_blank() -> String {
    format!("[^{}]", ranges([SPACES, INVISIBLE].concat(), &[]))
}

/// The class of a pattern of what cannot, without U+0000.
pub(in crate::model) fn blank() -> String {
    format!("[{}]", ranges([SPACES, INVISIBLE].concat(), &['\0']))
}

/// The inside of a class with these ranges, without `but`. There is no notation for a character
/// beyond U+FFFF that all languages read alike, so that no class names one.
fn ranges(mut ranges: Vec<(char, char)>, but: &[char]) -> String {
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
        for spared in but.iter().copied().map(u32::from) {
            if (start..=end).contains(&spared) {
                if start < spared {
                    push(&mut class, start, spared - 1);
                }
                start = spared + 1;
            }
        }
        push(&mut class, start, end);
    }
    class
}

/// Appends a range to a class, unless it is empty.
fn push(class: &mut String, first: u32, last: u32) {
    if first <= last {
        push_end(class, first);
    }
    if first < last {
        class.push('-');
        push_end(class, last);
    }
}

/// Appends one of its ends.
fn push_end(class: &mut String, code: u32) {
    // Writing to a string does not fail.
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
    fn a_class_leaves_out_the_ranges_but_for_what_is_spared() {
        let letters = Alphabet(&[('\0', '/'), (':', ':')]);
        assert_eq!(letters.class(), r"[^\u0000-/:]");
        assert_eq!(letters.class_and(&['-']), r"[^\u0000-,.-/:]");
        assert_eq!(letters.class_and(&[':']), r"[^\u0000-/]");
        assert_eq!(Alphabet(&[('[', '^'), (' ', '-')]).class(), r"[^\u0020-\-\[-\^]");
        let visible = Alphabet(&[(' ', '/')]).visible_class_and(&['-']);
        assert!(visible.starts_with(r"[^\u0000-\u0008\u000e-,.-/\u007f-"), "{visible}");
        assert!(visible.ends_with(r"\ufff0-\ufffb]"), "{visible}");
        assert!(letters.has('a') && letters.has('0') && !letters.has('-') && !letters.has(':'));
    }
}
