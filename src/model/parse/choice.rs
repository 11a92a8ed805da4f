//! Strings that have to be one of a few names: the variants of an enum.

use std::str::FromStr;

use serde_json::Value;
use strum::VariantNames;
use utoipa::openapi::schema::Object;

use super::fields::{Property, string};
use super::problem::Fault;
use super::schema::{Component, choices};

/// An enum whose variants are values of the API.
pub trait Choice: FromStr + VariantNames {
    /// The name of its schema.
    const NAME: &'static str;
    /// What it says.
    const ABOUT: &'static str;
}

impl<E: Choice> Component for E {
    const NAME: &'static str = <E as Choice>::NAME;

    fn component() -> Object {
        choices::<Self>(E::ABOUT)
    }
}

impl<E: Choice> Property for E {
    fn faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), Fault::unknown_variant::<E>()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(choice(string(value)?)?)
    }
}

/// Reads the name of a variant.
///
/// # Errors
/// When it is none.
pub(in crate::model) fn choice<E: FromStr + VariantNames>(raw: &str) -> Result<E, Fault> {
    raw.trim().parse().map_err(|_| Fault::unknown_variant::<E>())
}
