//! Slugs: readable, unique identifiers of customers and workspaces.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::invisible::trim_identifier;
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// 1 to 100 lowercase ASCII letters and digits, in groups separated by single hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(String);

/// The format that [`Slug::parse`] accepts.
const PATTERN: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";
/// The maximum length in characters.
const MAX_LENGTH: usize = 100;
/// The length that a long slug is cut to before a number is appended, which leaves room for the
/// hyphen and nine digits.
const MAX_STEM: usize = 90;

/// The first number that is appended: the second customer with a name gets `-2`.
pub const FIRST_NUMBER: u32 = 2;

impl Slug {
    /// Trims and validates a slug, without changing it in any other way.
    ///
    /// # Errors
    /// [`Rule::TooSmall`], [`Rule::TooBig`], or [`Rule::InvalidString`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let slug = trim_identifier(raw, &[])?;
        if slug.is_empty() {
            return Err(Fault::empty());
        }
        if slug.chars().take(MAX_LENGTH + 1).count() > MAX_LENGTH {
            return Err(Fault::too_long(MAX_LENGTH));
        }
        let group = |g: &str| {
            !g.is_empty() && g.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !slug.split('-').all(group) {
            return Err(malformed());
        }
        Ok(Self(slug.to_owned()))
    }

    /// Generates a slug from a name by transliterating it to ASCII. If nothing is left, the slug is
    /// `customer`.
    pub fn from_name(name: &str) -> Self {
        let mut slug = slug::slugify(name);
        truncate(&mut slug, MAX_LENGTH);
        if slug.is_empty() { Self("customer".to_owned()) } else { Self(slug) }
    }

    /// Returns the start of a numbered form of this slug, including the hyphen.
    pub fn numbered_stem(&self) -> String {
        let mut stem = self.0.clone();
        truncate(&mut stem, MAX_STEM);
        stem.push('-');
        stem
    }

    /// Appends a number to a stem: `aurora-` and 2 become `aurora-2`.
    pub fn numbered(stem: &str, n: u32) -> Self {
        Self(format!("{stem}{n}"))
    }

    /// Splits a numbered form into its stem and number, the inverse of [`Slug::numbered`]. Returns
    /// `None` for any other slug, including `aurora-02` and numbers of more than nine digits.
    pub fn split_number(&self) -> Option<(&str, u32)> {
        let (stem, digits) = self.0.split_at(self.0.rfind('-')? + 1);
        if digits.starts_with('0') || digits.len() > MAX_LENGTH - MAX_STEM - 1 {
            return None;
        }
        let number = digits.parse().ok()?;
        (number >= FIRST_NUMBER).then_some((stem, number))
    }

    /// Restores a stored value. It was validated before it was stored.
    pub fn from_stored(slug: String) -> Self {
        Self(slug)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn malformed() -> Fault {
    let requirement =
        "must contain only lowercase letters and digits, with single hyphens between words";
    Fault::new(Rule::InvalidString, requirement)
}

/// Shortens an ASCII slug without leaving a trailing hyphen.
fn truncate(slug: &mut String, to: usize) {
    slug.truncate(to);
    while slug.ends_with('-') {
        slug.pop();
    }
}

impl JsonSchema for Slug {
    fn schema() -> Schema {
        schema::string()
            .min_length(Some(1))
            .max_length(Some(MAX_LENGTH))
            .pattern(Some(PATTERN))
            .into()
    }
}

impl FieldValue for Slug {
    fn possible_faults() -> Vec<Fault> {
        vec![
            Fault::wrong_type("a string"),
            Fault::empty(),
            Fault::too_long(MAX_LENGTH),
            malformed(),
        ]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(expect_str(value)?)?)
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_number_is_the_part_after_the_last_hyphen() {
        let number =
            |slug: &str| Slug::parse(slug).unwrap().split_number().map(|(s, n)| (s.to_owned(), n));
        assert_eq!(number("aurora-2"), Some(("aurora-".to_owned(), 2)));
        assert_eq!(number("aurora-2-30"), Some(("aurora-2-".to_owned(), 30)));
        assert_eq!(number("a-999999999"), Some(("a-".to_owned(), 999_999_999)));
        for none in
            ["aurora", "2", "aurora-1", "aurora-0", "aurora-02", "aurora-2x", "a-1000000000"]
        {
            assert_eq!(number(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn every_name_has_a_valid_slug_and_valid_numbered_forms(name in ".{1,300}", n in 2u32..999_999_999) {
            let slug = Slug::from_name(&name);
            prop_assert_eq!(Slug::parse(slug.as_str()).unwrap(), slug.clone());
            let stem = slug.numbered_stem();
            let numbered = Slug::numbered(&stem, n);
            prop_assert!(Slug::parse(numbered.as_str()).is_ok());
            prop_assert_eq!(numbered.split_number(), Some((stem.as_str(), n)));
        }
    }
}
