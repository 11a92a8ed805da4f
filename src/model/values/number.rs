//! Whole numbers with bounds, and booleans, as JSON brings them.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::model::parse::fields::Property;
use crate::model::parse::problem::Fault;
use crate::model::parse::schema::{self, Described, Schema};

/// The greatest whole number that every JSON client can hold exactly (2^53 - 1).
pub const MAX_SAFE: i64 = 9_007_199_254_740_991;

/// A whole number of `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

/// A count or a sum in the smallest currency unit.
pub type Amount = Whole<0, MAX_SAFE>;
/// Days between two reminders.
pub type Days = Whole<1, 365>;

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// Takes a number.
    ///
    /// # Errors
    /// When it is less than `MIN` or more than `MAX`.
    pub fn new(number: i64) -> Result<Self, Fault> {
        if number < MIN {
            return Err(Fault::below(MIN));
        }
        if number > MAX {
            return Err(Fault::above(MAX));
        }
        Ok(Self(number))
    }

    /// A value that the store reads back: it was parsed before it was written.
    pub fn stored(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// Reads a JSON number as JavaScript does: `1.0` and `1e2` are whole.
fn whole(number: &Number, min: i64, max: i64) -> Result<i64, Fault> {
    if let Some(exact) = number.as_i64() {
        return Ok(exact);
    }
    let text = number.as_str();
    // A number beyond the range of f64 parses to an infinity, which keeps its sign.
    match text.parse::<f64>() {
        Ok(float) if float > MAX_SAFE as f64 => Err(Fault::above(max)),
        Ok(float) if float < -(MAX_SAFE as f64) => Err(Fault::below(min)),
        Ok(float) if float.fract() == 0.0 => Ok(float as i64),
        _ => Err(Fault::wrong_type("a whole number")),
    }
}

impl<const MIN: i64, const MAX: i64> Described for Whole<MIN, MAX> {
    fn schema() -> Schema {
        schema::whole(MIN, MAX).into()
    }
}

impl<const MIN: i64, const MAX: i64> Property for Whole<MIN, MAX> {
    fn faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a whole number"), Fault::below(MIN), Fault::above(MAX)]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        match value {
            Value::Number(number) => Ok(Self::new(whole(number, MIN, MAX)?)?),
            _ => Err(Fault::wrong_type("a whole number").into()),
        }
    }
}

impl Property for bool {
    fn faults() -> Vec<Fault> {
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
    fn whole_numbers_are_read_in_every_notation_and_bounded() {
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
