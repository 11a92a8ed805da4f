//! How a test changes the clock.

use std::time::Duration;

use serde_json::Value;

use crate::model::parse::fields::{Body, FieldValue, Fields, expect_str};
use crate::model::parse::problem::{Fault, Problem, Rule};
use crate::model::parse::schema::{JsonSchema, Schema, string};
use crate::model::values::time::Timestamp;

/// A change of the clock; what is `None` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockChange {
    pub movement: Option<ClockMovement>,
    pub frozen: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockMovement {
    To(Timestamp),
    By(Duration),
}

impl Body for ClockChange {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let now: Option<Timestamp> = fields.optional("now");
        let advance: Option<Advance> = fields.optional("advance");
        let frozen = fields.optional("frozen");
        fields.reject_if(now.is_some() && advance.is_some(), || Problem {
            rule: Rule::ConflictingFields,
            message: "advance can't be combined with now".to_owned(),
            field: "advance".to_owned(),
        });
        let movement = match (now, advance) {
            (Some(now), _) => Some(ClockMovement::To(now)),
            (None, advance) => advance.map(|Advance(by)| ClockMovement::By(by)),
        };
        Some(Self { movement, frozen })
    }
}

/// A duration such as `25h` or `1day 30m`.
struct Advance(Duration);

impl JsonSchema for Advance {
    fn schema() -> Schema {
        string().into()
    }
}

impl FieldValue for Advance {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        let parsed = humantime::parse_duration(expect_str(value)?.trim());
        let fault = || Fault::new(Rule::InvalidString, "must be a duration, such as \"25h\"");
        Ok(Self(parsed.map_err(|_| fault())?))
    }
}
