//! Times relative to the import, such as `-3d`, `+2w`, or `-1d12h`.

use crate::model::parse::fields::FieldValue;
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Schema, any_of, nullable};
use crate::model::values::time::Timestamp;

/// The units in the order in which they must be given, with their milliseconds.
const UNITS: [(char, i64); 5] = [
    ('w', 7 * 24 * 60 * 60 * 1000),
    ('d', 24 * 60 * 60 * 1000),
    ('h', 60 * 60 * 1000),
    ('m', 60 * 1000),
    ('s', 1000),
];
/// The most digits of a number.
const MAX_DIGITS: usize = 5;

/// Matches what [`parse`] accepts.
const PATTERN: &str = "^[+-](?=[0-9])([0-9]{1,5}w)?([0-9]{1,5}d)?([0-9]{1,5}h)?([0-9]{1,5}m)?\
                       ([0-9]{1,5}s)?$";

/// Returns whether a text is meant as a relative time: no other time starts with a sign.
pub fn is_relative(text: &str) -> bool {
    text.starts_with(['+', '-'])
}

/// Returns the time that lies the given distance from `now`.
///
/// # Errors
/// If the text is malformed, or the time is not in the years 1 to 9999.
pub fn resolve(text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    let millis = parse(text).ok_or_else(malformed)?;
    let micros = now.as_micros() + millis * 1000;
    let time = Timestamp::from_micros(micros);
    if time.as_micros() != micros {
        return Err(Fault::new(Rule::InvalidString, "must be in the years 0001 to 9999"));
    }
    Ok(time)
}

/// Returns the distance in milliseconds, which is at most a few thousand years.
fn parse(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0;
    for (unit, millis) in UNITS {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Some(after) = rest[digits..].strip_prefix(unit) else { continue };
        if digits > MAX_DIGITS {
            return None;
        }
        sum += rest[..digits].parse::<i64>().ok()? * millis;
        rest = after;
    }
    rest.is_empty().then_some(sign * sum)
}

fn malformed() -> Fault {
    let requirement = "must be a time such as -3d, +2w, or -1d12h to be relative to the import: \
                       a sign, then numbers with the units w, d, h, m, and s, in that order";
    Fault::new(Rule::InvalidString, requirement)
}

/// Returns whether a field with this schema takes a time.
pub fn is_time(schema: &Schema) -> bool {
    let time = Timestamp::input_schema();
    *schema == time || *schema == nullable(time)
}

/// Makes the schema of a time allow relative times, too.
pub fn allow_relative(times: Schema) -> Schema {
    any_of([times, schema::string().pattern(Some(PATTERN)).into()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-06-15T12:00:00Z").unwrap()
    }

    fn at(text: &str) -> Option<String> {
        resolve(text, now()).ok().map(|time| time.to_string())
    }

    #[test]
    fn units_are_added_up_and_counted_from_now() {
        for (text, expected) in [
            ("-3d", "2026-06-12T12:00:00.000Z"),
            ("+2w", "2026-06-29T12:00:00.000Z"),
            ("-1d12h", "2026-06-14T00:00:00.000Z"),
            ("+1w1d1h1m1s", "2026-06-23T13:01:01.000Z"),
            ("-0s", "2026-06-15T12:00:00.000Z"),
            ("+00090m", "2026-06-15T13:30:00.000Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "+", "-", "3d", "-3", "-d", "-3D", "-3 d", "- 3d", "-3d-2h", "-2h3d", "-1d1d",
            "-3mo", "-1.5d", "+123456d", "-3d ", "−3d", "-３d",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
        let far = resolve("-99999w99999d", now()).map(|time| time.to_string());
        assert_eq!(far, Err(Fault::new(Rule::InvalidString, "must be in the years 0001 to 9999")));
    }

    proptest! {
        #[test]
        fn the_pattern_in_the_schema_matches_what_is_accepted(
            text in "[+-]?([0-9]{0,6}[wdhms]?){0,6}[ x]?",
        ) {
            let schema = serde_json::json!({"type": "string", "pattern": PATTERN});
            let matches = jsonschema::is_valid(&schema, &Value::from(text.clone()));
            prop_assert_eq!(parse(&text).is_some(), matches, "{}", text);
        }

        #[test]
        fn no_text_causes_a_panic(text in "[+-]?.{0,30}") {
            let _ = resolve(&text, now());
            let _ = resolve(&text, Timestamp::parse("9999-12-31T23:59:59Z").unwrap());
        }
    }
}
