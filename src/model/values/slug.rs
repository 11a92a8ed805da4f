//! Slugs: the readable, unique name of a customer or a workspace in addresses.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::invisible::identifier;
use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Described, Schema};

/// Lower-case ASCII letters and digits in groups joined by single hyphens, 1 to 100 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(String);

/// What [`Slug::parse`] looks for.
const PATTERN: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";
/// The longest slug, in characters.
const MAX: usize = 100;
/// What is kept of a long slug when a number has to be appended: the hyphen and nine digits fit.
const NUMBERED: usize = 90;

/// The number of the second customer of a name.
pub const FIRST_NUMBER: u32 = 2;

impl Slug {
    /// Takes a slug that somebody chose; it is trimmed, and never changed in any other way.
    ///
    /// # Errors
    /// [`Rule::TooSmall`], [`Rule::TooBig`] or [`Rule::InvalidString`].
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let slug = identifier(raw, &[])?;
        if slug.is_empty() {
            return Err(Fault::empty());
        }
        if slug.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::too_long(MAX));
        }
        let group = |g: &str| {
            !g.is_empty() && g.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        if !slug.split('-').all(group) {
            return Err(malformed());
        }
        Ok(Self(slug.to_owned()))
    }

    /// The slug of a name: transliterated to ASCII, `customer` if nothing is left of it.
    pub fn from_name(name: &str) -> Self {
        let mut slug = slug::slugify(name);
        cut(&mut slug, MAX);
        if slug.is_empty() { Self("customer".to_owned()) } else { Self(slug) }
    }

    /// What a numbered form of this slug begins with, up to and including the hyphen.
    pub fn numbered_stem(&self) -> String {
        let mut stem = self.0.clone();
        cut(&mut stem, NUMBERED);
        stem.push('-');
        stem
    }

    /// The numbered form `stem` + `n`, such as `aurora-2`.
    pub fn numbered(stem: &str, n: u32) -> Self {
        Self(format!("{stem}{n}"))
    }

    /// The stem and the number, if this is a numbered form: the only pair of which
    /// [`Slug::numbered`] makes it. `aurora-02` is none, nor is a number that [`NUMBERED`] leaves
    /// no room for.
    pub fn number(&self) -> Option<(&str, u32)> {
        let (stem, digits) = self.0.split_at(self.0.rfind('-')? + 1);
        if digits.starts_with('0') || digits.len() > MAX - NUMBERED - 1 {
            return None;
        }
        let number = digits.parse().ok()?;
        (number >= FIRST_NUMBER).then_some((stem, number))
    }

    /// A value that the store reads back: it was parsed before it was written.
    pub fn stored(slug: String) -> Self {
        Self(slug)
    }

    /// The slug's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn malformed() -> Fault {
    let says = "must be lower-case letters, digits and single hyphens between them";
    Fault::new(Rule::InvalidString, says)
}

/// Shortens an ASCII slug without leaving a hyphen at its end.
fn cut(slug: &mut String, to: usize) {
    slug.truncate(to);
    while slug.ends_with('-') {
        slug.pop();
    }
}

impl Described for Slug {
    fn schema() -> Schema {
        schema::string().min_length(Some(1)).max_length(Some(MAX)).pattern(Some(PATTERN)).into()
    }
}

impl Property for Slug {
    fn faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), Fault::empty(), Fault::too_long(MAX), malformed()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(string(value)?)?)
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
    fn a_number_is_what_follows_the_last_hyphen() {
        let number =
            |slug: &str| Slug::parse(slug).unwrap().number().map(|(s, n)| (s.to_owned(), n));
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
        fn every_name_makes_a_slug_and_every_numbered_form_is_one(name in ".{1,300}", n in 2u32..999_999_999) {
            let slug = Slug::from_name(&name);
            prop_assert_eq!(Slug::parse(slug.as_str()).unwrap(), slug.clone());
            let stem = slug.numbered_stem();
            let numbered = Slug::numbered(&stem, n);
            prop_assert!(Slug::parse(numbered.as_str()).is_ok());
            prop_assert_eq!(numbered.number(), Some((stem.as_str(), n)));
        }
    }
}
