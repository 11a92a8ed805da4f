//! Free text with a length limit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet;
use super::invisible::is_blank_text;
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// Text of `MIN` to `MAX` characters (Unicode scalar values), trimmed, without U+0000. Text that
/// contains only whitespace and invisible characters counts as empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

/// The name of a customer, contact, API key, or workspace.
pub type Name = Text<1, 255>;
/// An optional short text, such as a job title.
pub type Line = Text<0, 255>;
pub type Plan = Text<0, 100>;
pub type Notes = Text<0, 10_000>;
/// A single tag or label.
pub type Label = Text<1, 64>;

/// A pattern for any text without U+0000.
pub(in crate::model) const ANY_TEXT: &str = r"^[^\u0000]*$";
/// A pattern for text in responses with at least one character that Unicode doesn't consider
/// whitespace. Lists the characters because regular expression dialects disagree on `\s`. Allows
/// text with only invisible characters, which earlier versions accepted and may have stored.
const NOT_BLANK: &str = concat!(
    r"^[^\u0000]*",
    r"[^\u0000\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]",
    r"[^\u0000]*$",
);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// Trims and validates text.
    ///
    /// # Errors
    /// [`Rule::InvalidString`] for U+0000, and [`Rule::TooSmall`] or [`Rule::TooBig`] for the
    /// length.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let text = trim_text(raw)?;
        // Stops counting after the limit, because the text can be a megabyte long.
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
            _ => Fault::new(Rule::TooSmall, format!("must be at least {MIN} characters long")),
        }
    }

    /// Restores a stored value. It was validated before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MIN: usize, const MAX: usize> JsonSchema for Text<MIN, MAX> {
    fn schema() -> Schema {
        let text = schema::string().max_length(Some(MAX));
        match MIN {
            0 => text.pattern(Some(ANY_TEXT)).into(),
            _ => text.min_length(Some(MIN)).pattern(Some(NOT_BLANK)).into(),
        }
    }
}

/// Returns a pattern for text with at least one character that is neither whitespace nor invisible.
pub(in crate::model) fn non_blank_pattern() -> String {
    format!(r"^[^\u0000]*{}[^\u0000]*$", alphabet::non_blank_class())
}

impl<const MIN: usize, const MAX: usize> FieldValue for Text<MIN, MAX> {
    fn input_schema() -> Schema {
        match MIN {
            0 => Self::schema(),
            _ => {
                let text = schema::string().min_length(Some(MIN)).max_length(Some(MAX));
                text.pattern(Some(non_blank_pattern())).into()
            }
        }
    }

    fn possible_faults() -> Vec<Fault> {
        let too_short = (MIN > 0).then(Self::too_short);
        let others = [Fault::wrong_type("a string"), Fault::too_long(MAX)];
        others.into_iter().chain(too_short).collect()
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(expect_str(value)?)?)
    }
}

impl<const MIN: usize, const MAX: usize> std::fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Trims text and rejects U+0000, which SQLite's text functions stop at. Drops whitespace and a
/// byte order mark at either end. Keeps other invisible characters, which can belong to an adjacent
/// emoji or letter, unless the text contains nothing visible: then the result is empty.
pub(in crate::model) fn trim_text(raw: &str) -> Result<&str, Fault> {
    if raw.contains('\0') {
        return Err(Fault::new(Rule::InvalidString, "must not contain the character U+0000"));
    }
    let text = raw.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    Ok(if is_blank_text(text) { "" } else { text })
}
