//! How a key's requests are treated: live or as a test, and how many there may be.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::model::parse::choice::Choice;

/// Whether a key's requests may have effects outside the server.
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
    /// What every key of this mode begins with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "pivotal_",
            Self::Test => "pivotal_test_",
        }
    }

    /// The `livemode` flag.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// How many requests a minute a key has.
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

impl Choice for Mode {
    const NAME: &'static str = "KeyMode";
    const ABOUT: &'static str = "Whether effects of a key's requests may leave the server.";
}

impl Choice for Tier {
    const NAME: &'static str = "RateLimitTier";
    const ABOUT: &'static str = "How many requests a minute a key has. Addition: the hosted API does not have the tier \
             `unlimited`.";
}
