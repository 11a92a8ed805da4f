//! Free text with a length limit, and how a JSON value becomes one.

use serde::Serialize;
use serde_json::Value;

use super::fields::Property;
use super::problem::{Fault, Rule};
use super::schema::{self, Described, Schema};

/// Text of `MIN` to `MAX` characters (Unicode scalar values), trimmed at both ends, without
/// U+0000.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// The name of a customer, a contact, a key or a workspace.
pub type Name = Text<1, 255>;
/// An optional line of text: a title, a template's id, an id in another system.
pub type Line = Text<0, 255>;
/// The name of a plan.
pub type Plan = Text<0, 100>;
/// Notes on an onboarding.
pub type Notes = Text<0, 10_000>;
/// One tag or label.
pub type Label = Text<1, 64>;

/// A pattern of any text without U+0000.
const ANY: &str = r"^[^\u0000]*$";
/// A pattern of text in which something is left when it is trimmed: a character that is not white
/// space to Unicode. The languages disagree on `\s`, so the characters are listed.
pub(super) const NOT_BLANK: &str = concat!(
    r"^[^\u0000]*",
    r"[^\u0000\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
    r"[^\u0000]*$",
);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Takes text as a person typed it.
    ///
    /// # Errors
    /// [`Rule::InvalidString`] for U+0000, [`Rule::TooSmall`] and [`Rule::TooBig`] for the length.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let text = clean(raw)?;
        // Counting stops early: a megabyte of text need not be walked to know that it is too long.
        let length = text.chars().take(MAX + 1).count();
        if length < MIN {
            let says = if MIN == 1 {
                "must not be empty".to_owned()
            } else {
                format!("must be at least {MIN} characters")
            };
            return Err(Fault::new(Rule::TooSmall, says));
        }
        if length > MAX {
            return Err(Fault::new(Rule::TooBig, format!("must be at most {MAX} characters")));
        }
        Ok(Self(text.to_owned()))
    }

    /// A value that the store reads back: it was parsed before it was written.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> Described for Text<MIN, MAX> {
    fn schema() -> Schema {
        let text = schema::string().max_length(Some(MAX));
        match MIN {
            0 => text.pattern(Some(ANY)).into(),
            _ => text.min_length(Some(MIN)).pattern(Some(NOT_BLANK)).into(),
        }
    }
}

impl<const MIN: usize, const MAX: usize> Property for Text<MIN, MAX> {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(string(value)?)?)
    }
}

impl<const MIN: usize, const MAX: usize> std::fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The string that a JSON value holds.
pub(super) fn string(value: &Value) -> Result<&str, Fault> {
    value.as_str().ok_or_else(|| Fault::new(Rule::InvalidType, "must be a string"))
}

/// A string trimmed at both ends and free of U+0000, which SQLite's text functions stop at.
pub(super) fn clean(raw: &str) -> Result<&str, Fault> {
    if raw.contains('\0') {
        return Err(Fault::new(Rule::InvalidString, "must not contain the character U+0000"));
    }
    Ok(raw.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_counted_in_characters() {
        assert_eq!(Text::<1, 3>::parse("  äöü\n").unwrap().as_str(), "äöü");
        assert_eq!(Text::<1, 3>::parse("äöüß").unwrap_err().rule, Rule::TooBig);
        assert_eq!(Text::<1, 3>::parse(" \t ").unwrap_err().rule, Rule::TooSmall);
        assert_eq!(Text::<0, 3>::parse("").unwrap().as_str(), "");
        assert_eq!(Text::<0, 3>::parse("a\0b").unwrap_err().rule, Rule::InvalidString);
    }
}
