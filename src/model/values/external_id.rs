//! IDs in other systems, such as HubSpot or Stripe.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alphabet::{self, Alphabet};
use super::invisible::{is_blank, trim_identifier};
use super::text::ANY_TEXT;
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::Fault;
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// An ID in another system: at most 255 characters, none of them invisible.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(String);

const MAX: usize = 255;

impl ExternalId {
    /// Trims and validates an ID that was copied from another system.
    ///
    /// # Errors
    /// If the ID is too long or contains an invisible character.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let id = trim_identifier(raw, &[])?;
        if id.chars().take(MAX + 1).count() > MAX {
            return Err(Fault::too_long(MAX));
        }
        Ok(Self(id.to_owned()))
    }

    /// Trims a search term, which need not be a valid ID, in the same way as [`ExternalId::parse`].
    pub fn lookup_key(raw: &str) -> &str {
        raw.trim_matches(is_blank)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stored IDs may contain invisible characters, which earlier versions accepted.
impl JsonSchema for ExternalId {
    fn schema() -> Schema {
        schema::string().max_length(Some(MAX)).pattern(Some(ANY_TEXT)).into()
    }
}

impl FieldValue for ExternalId {
    fn input_schema() -> Schema {
        let (blank, visible) = (alphabet::blank_class(), Alphabet(&[]).visible_class());
        let pattern = format!("^{blank}*{visible}*{blank}*$");
        schema::string().max_length(Some(MAX)).pattern(Some(pattern)).into()
    }

    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), Fault::too_long(MAX)]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self::parse(expect_str(value)?)?)
    }
}

impl std::fmt::Display for ExternalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
