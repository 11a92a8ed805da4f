//! Integers with bounds, and booleans.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::model::parse::fields::FieldValue;
use crate::model::parse::problem::Fault;
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// The largest integer that every JSON client can represent exactly (2^53 - 1).
pub const MAX_SAFE: i64 = 9_007_199_254_740_991;

/// An integer between `MIN` and `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Integer<const MIN: i64, const MAX: i64>(i64);

/// A count, or an amount in the smallest currency unit.
pub type Amount = Integer<0, MAX_SAFE>;
/// The number of days between reminders.
pub type Days = Integer<1, 365>;

impl<const MIN: i64, const MAX: i64> Integer<MIN, MAX> {
    /// # Errors
    /// If the number is less than `MIN` or greater than `MAX`.
    pub fn new(number: i64) -> Result<Self, Fault> {
        if number < MIN {
            return Err(Fault::too_small(MIN, MAX));
        }
        if number > MAX {
            return Err(Fault::too_big(MIN, MAX));
        }
        Ok(Self(number))
    }

    /// Restores a stored value. It was validated before it was stored.
    pub fn from_stored(number: i64) -> Self {
        Self(number)
    }

    pub fn get(self) -> i64 {
        self.0
    }
}

/// Parses a JSON number like JavaScript, where `1.0` and `1e2` are integers.
fn parse_integer(number: &Number, min: i64, max: i64) -> Result<i64, Fault> {
    if let Some(exact) = number.as_i64() {
        return Ok(exact);
    }
    let text = number.as_str();
    // A number that overflows f64 parses to infinity with the same sign.
    match text.parse::<f64>() {
        Ok(float) if float > MAX_SAFE as f64 => Err(Fault::too_big(min, max)),
        Ok(float) if float < -(MAX_SAFE as f64) => Err(Fault::too_small(min, max)),
        Ok(float) if float.fract() == 0.0 => Ok(float as i64),
        _ => Err(Fault::wrong_type("an integer")),
    }
}

impl<const MIN: i64, const MAX: i64> JsonSchema for Integer<MIN, MAX> {
    fn schema() -> Schema {
        schema::integer(MIN, MAX).into()
    }
}

impl<const MIN: i64, const MAX: i64> FieldValue for Integer<MIN, MAX> {
    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("an integer"), Fault::too_small(MIN, MAX), Fault::too_big(MIN, MAX)]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        match value {
            Value::Number(number) => Ok(Self::new(parse_integer(number, MIN, MAX)?)?),
            _ => Err(Fault::wrong_type("an integer").into()),
        }
    }
}

impl FieldValue for bool {
    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("true or false")]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        value.as_bool().ok_or_else(|| Fault::wrong_type("true or false").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse::problem::Rule;

    fn amount(json: &str) -> Result<i64, Rule> {
        let value: Value = serde_json::from_str(json).unwrap();
        Amount::from_json(&value).map(Amount::get).map_err(|faults| faults[0].rule)
    }

    #[test]
    fn integers_are_accepted_in_every_notation_and_bounded() {
        assert_eq!(amount("0"), Ok(0));
        assert_eq!(amount("9007199254740991"), Ok(MAX_SAFE));
        assert_eq!(amount("12.0"), Ok(12));
        assert_eq!(amount("1e3"), Ok(1000));
        assert_eq!(amount("-0.0"), Ok(0));
        assert_eq!(amount("-1"), Err(Rule::TooSmall));
        assert_eq!(amount("9007199254740992"), Err(Rule::TooBig));
        assert_eq!(amount("1e400"), Err(Rule::TooBig));
        assert_eq!(amount("-1e400"), Err(Rule::TooSmall));
        assert_eq!(amount("99999999999999999999999"), Err(Rule::TooBig));
        assert_eq!(amount("1.5"), Err(Rule::InvalidType));
        assert_eq!(amount("\"1\""), Err(Rule::InvalidType));
        assert_eq!(amount("true"), Err(Rule::InvalidType));
    }
}
