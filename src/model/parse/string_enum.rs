//! Strings with a fixed set of values, parsed into enums.

use std::str::FromStr;

use serde_json::Value;
use strum::VariantNames;
use utoipa::openapi::schema::Object;

use super::fields::{FieldValue, expect_str};
use super::problem::Fault;
use super::schema::{Component, string_enum};

/// An enum whose variants are strings in the API.
pub trait StringEnum: FromStr + VariantNames {
    /// The schema's name in the OpenAPI document.
    const NAME: &'static str;
    /// The schema's description in the OpenAPI document.
    const DESCRIPTION: &'static str;
    /// The values that clients never see.
    const INTERNAL: &'static [&'static str] = &[];
}

impl<E: StringEnum> Component for E {
    const NAME: &'static str = <E as StringEnum>::NAME;

    fn component() -> Object {
        string_enum::<Self>(E::INTERNAL, E::DESCRIPTION)
    }
}

impl<E: StringEnum> FieldValue for E {
    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), Fault::unknown_variant::<E>()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(parse_enum(expect_str(value)?)?)
    }
}

/// Parses the name of a variant.
///
/// # Errors
/// If no variant has this name.
pub(in crate::model) fn parse_enum<E: FromStr + VariantNames>(raw: &str) -> Result<E, Fault> {
    raw.trim().parse().map_err(|_| Fault::unknown_variant::<E>())
}
