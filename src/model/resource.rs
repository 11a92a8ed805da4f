//! The types of things that have ids, and events.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::parse::choice::Choice;

/// A type of resource, by the name that its `object` property has.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, EnumString, IntoStaticStr, VariantNames,
)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum ResourceType {
    Customer,
    Contact,
    Onboarding,
    ApiKey,
}

impl Choice for ResourceType {
    const NAME: &'static str = "ResourceType";
    const ABOUT: &'static str = "A type of resource.";
}
