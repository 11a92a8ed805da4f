//! How far an onboarding is, and how it is going.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::model::parse::choice::Choice;

/// The phases in their usual order; any move between them is allowed.
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

impl Choice for Phase {
    const NAME: &'static str = "Phase";
    const ABOUT: &'static str = "How far an onboarding is; the phases in their usual order.";
}

impl Choice for State {
    const NAME: &'static str = "State";
    const ABOUT: &'static str = "How an onboarding is going.";
}
