//! Free text with a length limit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet;
use super::invisible::is_blank_text;
use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Described, Schema};

/// Text of `MIN` to `MAX` characters (Unicode scalar values), trimmed at both ends, without
/// U+0000. Text of which nothing can be seen counts as empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// The name of a customer, a contact, a key or a workspace.
pub type Name = Text<1, 255>;
/// An optional line of text, such as a title.
pub type Line = Text<0, 255>;
/// The name of a plan.
pub type Plan = Text<0, 100>;
/// Notes on an onboarding.
pub type Notes = Text<0, 10_000>;
/// One tag or label.
pub type Label = Text<1, 64>;

/// A pattern of any text without U+0000.
pub(in crate::model) const ANY: &str = r"^[^\u0000]*$";
/// A pattern of text in which something is left when it is trimmed: a character that is not white
/// space to Unicode. The languages disagree on `\s`, so the characters are listed. Earlier versions
/// took such text, so it can be read back although it is not accepted any more.
const NOT_BLANK: &str = concat!(
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
            return Err(Self::too_short());
        }
        if length > MAX {
            return Err(Fault::too_long(MAX));
        }
        Ok(Self(text.to_owned()))
    }

    fn too_short() -> Fault {
        match MIN {
            1 => Fault::empty(),
            _ => Fault::new(Rule::TooSmall, format!("must be at least {MIN} characters")),
        }
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

/// A pattern of text of which something can be seen.
pub(in crate::model) fn visible_pattern() -> String {
    format!(r"^[^\u0000]*{}[^\u0000]*$", alphabet::not_blank())
}

impl<const MIN: usize, const MAX: usize> Property for Text<MIN, MAX> {
    fn accepted() -> Schema {
        match MIN {
            0 => Self::schema(),
            _ => {
                let text = schema::string().min_length(Some(MIN)).max_length(Some(MAX));
                text.pattern(Some(visible_pattern())).into()
            }
        }
    }

    fn faults() -> Vec<Fault> {
        let too_short = (MIN > 0).then(Self::too_short);
        let others = [Fault::wrong_type("a string"), Fault::too_long(MAX)];
        others.into_iter().chain(too_short).collect()
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(string(value)?)?)
    }
}

impl<const MIN: usize, const MAX: usize> std::fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A string free of U+0000, which SQLite's text functions stop at. White space and a byte order
/// mark are trimmed at both ends; other invisible characters may belong to the emoji or the letter
/// beside them. Nothing is left of a string of which nothing can be seen.
pub(in crate::model) fn clean(raw: &str) -> Result<&str, Fault> {
    if raw.contains('\0') {
        return Err(Fault::new(Rule::InvalidString, "must not contain the character U+0000"));
    }
    let text = raw.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    Ok(if is_blank_text(text) { "" } else { text })
}
