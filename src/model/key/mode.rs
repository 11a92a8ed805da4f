//! The mode and the rate limit tier of a key.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::model::parse::string_enum::StringEnum;

/// Determines whether a key's requests may have effects outside the server: only in live mode.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum Mode {
    #[default]
    Live,
    Test,
}

impl Mode {
    /// Returns the text that every key of this mode starts with.
    pub fn marker(self) -> &'static str {
        match self {
            Self::Live => "pivotal_",
            Self::Test => "pivotal_test_",
        }
    }

    /// Returns the value of `livemode` in the API.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// Determines how many requests per minute a key may make.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
pub enum Tier {
    #[default]
    Standard,
    Paid,
    Unlimited,
}

impl StringEnum for Mode {
    const NAME: &'static str = "KeyMode";
    const DESCRIPTION: &'static str =
        "Whether requests made with the key may have effects outside the server.";
}

impl StringEnum for Tier {
    const NAME: &'static str = "RateLimitTier";
    const DESCRIPTION: &'static str = "Determines how many requests per minute a key may make. Addition: the hosted API doesn't \
             have the `unlimited` tier.";
}
