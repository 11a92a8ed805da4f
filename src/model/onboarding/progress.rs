//! The phase and the state of an onboarding.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::model::parse::string_enum::StringEnum;

/// The phases in their usual order. An onboarding can move from any phase to any other.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    #[default]
    BeforeGettingStarted,
    ProgramDesign,
    Review,
    ProgramBuildout,
    #[strum(serialize = "internal_qa")]
    InternalQa,
    Launch,
    Completed,
}

/// How an onboarding is going.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum State {
    #[default]
    Active,
    Paused,
    AtRisk,
    Waiting,
}

impl StringEnum for Phase {
    const NAME: &'static str = "Phase";
    const DESCRIPTION: &'static str = "An onboarding's phase. The values are in their usual order.";
}

impl StringEnum for State {
    const NAME: &'static str = "State";
    const DESCRIPTION: &'static str = "How an onboarding is going.";
}
