//! Ids that other systems gave.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet::{self, Alphabet};
use super::invisible::{identifier, is_blank};
use super::text::ANY;
use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::Fault;
use crate::model::parse::schema::{self, Described, Schema};

/// An id in another system, at most 255 characters, without invisible ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(String);

const MAX: usize = 255;

impl ExternalId {
    /// Takes an id as it was copied from the other system.
    ///
    /// # Errors
    /// When it is too long or has an invisible character.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let id = identifier(raw, &[])?;
        if id.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::too_long(MAX));
        }
        Ok(Self(id.to_owned()))
    }

    /// The form of an id that somebody looks for, which may be none: without the blanks that
    /// [`ExternalId::parse`] drops.
    pub fn key_of(raw: &str) -> &str {
        raw.trim_matches(is_blank)
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Earlier versions let invisible characters in.
impl Described for ExternalId {
    fn schema() -> Schema {
        schema::string().max_length(Some(MAX)).pattern(Some(ANY)).into()
    }
}

impl Property for ExternalId {
    fn accepted() -> Schema {
        let (blank, visible) = (alphabet::blank(), Alphabet(&[]).visible_class());
        let pattern = format!("^{blank}*{visible}*{blank}*$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }

    fn faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), Fault::too_long(MAX)]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(string(value)?)?)
    }
}

impl std::fmt::Display for ExternalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
