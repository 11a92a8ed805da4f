//! How far an onboarding is, and how it is going.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};
use utoipa::openapi::schema::Object;

use crate::model::parse::fields::{Property, choice, choice_faults};
use crate::model::parse::problem::Fault;
use crate::model::parse::schema::{Component, choices};

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
#[expect(missing_docs, reason = "the names are the API's values")]
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
#[expect(missing_docs, reason = "the names are the API's values")]
pub enum State {
    #[default]
    Active,
    Paused,
    AtRisk,
    Waiting,
}

impl Component for Phase {
    const NAME: &'static str = "Phase";

    fn component() -> Object {
        choices::<Self>("How far an onboarding is; the phases in their usual order.")
    }
}

impl Property for Phase {
    fn faults() -> Vec<Fault> {
        choice_faults::<Self>()
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        choice(value)
    }
}

impl Component for State {
    const NAME: &'static str = "State";

    fn component() -> Object {
        choices::<Self>("How an onboarding is going.")
    }
}

impl Property for State {
    fn faults() -> Vec<Fault> {
        choice_faults::<Self>()
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        choice(value)
    }
}
