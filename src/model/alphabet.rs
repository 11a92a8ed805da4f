//! Which characters may stand in a name of any script: the same set for the parser of the name and
//! for the pattern that describes it. For the model's own use.
//!
//! The tables of Unicode that IDNA asks are not used: a pattern cannot ask them, and what would be
//! left to the client to find out is what the description is for.

use std::fmt::Write;

/// The characters outside of these ranges.
pub(super) struct Alphabet(pub &'static [(char, char)]);

impl Alphabet {
    /// Whether a character belongs to it.
    pub fn has(&self, letter: char) -> bool {
        !self.0.iter().any(|&(first, last)| (first..=last).contains(&letter))
    }

    /// The class of a pattern in which it is, and these characters as well.
    pub fn class_and(&self, also: &[char]) -> String {
        let mut class = "[^".to_owned();
        for &(first, last) in self.0 {
            let mut start = u32::from(first);
            let end = u32::from(last);
            for &spared in also.iter().filter(|&&letter| (first..=last).contains(&letter)) {
                push(&mut class, start, u32::from(spared) - 1);
                start = u32::from(spared) + 1;
            }
            push(&mut class, start, end);
        }
        class + "]"
    }

    /// The class of a pattern in which it is.
    pub fn class(&self) -> String {
        self.class_and(&[])
    }
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

/// Appends one of its ends. No alphabet has one beyond U+FFFF, for which there is no notation that
/// all languages read alike.
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
        assert_eq!(Alphabet(&[('[', '^'), (' ', '-')]).class(), r"[^\[-\^\u0020-\-]");
        assert!(letters.has('a') && letters.has('0') && !letters.has('-') && !letters.has(':'));
    }
}
