//! The resource types that events are recorded for.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::parse::string_enum::StringEnum;

/// Serialized as the value of a resource's `object` field.
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
    WebhookEndpoint,
}

impl StringEnum for ResourceType {
    const NAME: &'static str = "ResourceType";
    const INTERNAL: &'static [&'static str] = &["webhook_endpoint"];
    const DESCRIPTION: &'static str = "A type of resource.";
}
