//! Pages of a list: what a client asks for and what it gets.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use utoipa::openapi::schema::{ArrayBuilder, Object};

use super::params::{Params, Query};
use super::problem::{Fault, Problem, Rule};
use super::schema::{Component, Described, Schema, Shape, defaulting, nullable, string, whole};
use crate::model::values::time::Timestamp;

/// How many items a page holds when the client does not say.
const DEFAULT_LIMIT: u32 = 25;
pub(in crate::model) const MAX_LIMIT: u32 = 100;

/// The part of a list that is asked for: at most `limit` items older than `before`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// 1 to 100 when a client asks.
    pub limit: u32,
    /// The cursor: only items created strictly before it.
    pub before: Option<Timestamp>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, before: None }
    }
}

impl Query for PageRequest {
    fn read(params: &mut Params) -> Self {
        let limit = params.parsed("limit", limit_schema, limit_faults, parse_limit);
        let cursor = params.text_of("cursor", cursor_schema);
        let before = cursor.as_deref().and_then(parse_cursor);
        params.report_if(cursor.is_some() && before.is_none(), || Problem {
            rule: Rule::InvalidString,
            message: "Invalid datetime".to_owned(),
            field: "cursor".to_owned(),
        });
        Self { limit: limit.unwrap_or(DEFAULT_LIMIT), before }
    }
}

fn limit_schema() -> Schema {
    defaulting(whole(1, MAX_LIMIT.into()).into(), DEFAULT_LIMIT.into())
}

fn limit_faults() -> Vec<Fault> {
    vec![Fault::wrong_type("a whole number"), Fault::below(1), Fault::above(MAX_LIMIT.into())]
}

/// An opaque string as far as clients know: told that it is a date-time, a generated client may
/// make a native date of it, which has no microseconds, and skip rows. The pattern is only a shape:
/// days that a month does not have are refused all the same.
fn cursor_schema() -> Schema {
    string().pattern(Some(CURSOR_PATTERN)).into()
}

pub(in crate::model) const CURSOR_PATTERN: &str = concat!(
    "^([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])",
    "-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "([Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?",
    "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$"
);

fn parse_limit(text: &str) -> Result<u32, Fault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::wrong_type("a whole number"));
    }
    match text.parse::<u32>() {
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Ok(0) => Err(Fault::below(1)),
        Err(_) if text.starts_with('-') => Err(Fault::below(1)),
        // A number too long for the type is too big all the same.
        _ => Err(Fault::above(MAX_LIMIT.into())),
    }
}

/// A cursor is a timestamp. The plus sign of an offset that was not percent-encoded arrives as a
/// space; at the beginning it would be a sign before the year.
pub(in crate::model) fn parse_cursor(text: &str) -> Option<Timestamp> {
    if text.starts_with(' ') {
        return None;
    }
    Timestamp::parse(text).or_else(|| Timestamp::parse(&text.replace(' ', "+")))
}

/// A page of a list, newest item first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// The creation time of the last item, when older ones follow it.
    pub next: Option<Timestamp>,
}

/// The schema of a list of a component, which the component's own name begins.
impl<T: Component> Page<T> {
    /// Its name.
    pub fn name() -> String {
        format!("{}List", T::NAME)
    }

    /// The schema.
    pub fn component() -> Object {
        let items = ArrayBuilder::new().items(T::schema()).max_items(Some(MAX_LIMIT as usize));
        // No date-time, for the reason that `cursor_schema` gives.
        let next = nullable(String::schema());
        Shape::new(&["A page of a list, newest item first."])
            .constant("object", "list", &["The type of the object."])
            .always("data", items.into(), &["The items of the page."])
            .property::<bool>("has_more", &["Whether older items follow."])
            .always("next_cursor", next, &["What to send as `cursor` to get them, as it is."])
            .build()
    }
}

impl<T: Serialize> Serialize for Page<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_struct("Page", 4)?;
        list.serialize_field("object", "list")?;
        list.serialize_field("data", &self.data)?;
        list.serialize_field("has_more", &self.next.is_some())?;
        list.serialize_field("next_cursor", &self.next.map(Timestamp::to_cursor))?;
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<PageRequest, Vec<(Rule, String)>> {
        let pairs = pairs.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        Params::parse(pairs)
            .map_err(|problems| problems.into_iter().map(|p| (p.rule, p.field)).collect())
    }

    #[test]
    fn a_cursor_may_carry_a_plus_sign_that_was_not_encoded() {
        let plus = parse(&[("cursor", "2026-06-15T02:00:00 02:00")]).unwrap();
        assert_eq!(plus, parse(&[("cursor", "2026-06-15T00:00:00Z")]).unwrap());
        for signed in ["+2026-06-15", " 2026-06-15", "-2026-06-15", " 2026-06-15T00:00:00Z"] {
            let refused = Err(vec![(Rule::InvalidString, "cursor".into())]);
            assert_eq!(parse(&[("cursor", signed)]), refused, "{signed}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was_given(micros in 0i64..250_000_000_000_000_000) {
            let time = Timestamp::from_micros(micros);
            let read = parse(&[("cursor", &time.to_cursor())]).unwrap();
            prop_assert_eq!(read.before, Some(time));
        }

        #[test]
        fn garbage_is_refused_without_a_panic(text in ".{0,40}") {
            let _ = parse(&[("cursor", &text), ("limit", &text)]);
        }
    }
}
