//! Pages of a list: the query parameters that select one, and the response.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use utoipa::openapi::schema::{ArrayBuilder, Object};

use super::params::{Params, Query};
use super::problem::{Fault, Problem, Rule};
use super::schema::{
    Component, JsonSchema, ObjectSchema, Schema, integer, nullable, string, with_default,
};
use crate::model::values::time::Timestamp;

/// The page size if the client doesn't set one.
const DEFAULT_LIMIT: u32 = 25;
const MIN_LIMIT: i64 = 1;
pub(in crate::model) const MAX_LIMIT: u32 = 100;

/// Selects a page: at most `limit` items older than `before`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// 1 to 100 if the client set it.
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
        let limit = params.parse_with("limit", limit_schema, limit_faults, parse_limit);
        let cursor = params.text_with_schema("cursor", cursor_schema);
        let before = cursor.as_deref().and_then(parse_cursor);
        params.reject_if(cursor.is_some() && before.is_none(), || Problem {
            rule: Rule::InvalidString,
            message: "Invalid datetime".to_owned(),
            field: "cursor".to_owned(),
        });
        Self { limit: limit.unwrap_or(DEFAULT_LIMIT), before }
    }
}

fn limit_schema() -> Schema {
    with_default(integer(MIN_LIMIT, MAX_LIMIT.into()).into(), DEFAULT_LIMIT.into())
}

fn limit_faults() -> Vec<Fault> {
    vec![
        Fault::wrong_type("an integer"),
        Fault::too_small(MIN_LIMIT, MAX_LIMIT.into()),
        Fault::too_big(MIN_LIMIT, MAX_LIMIT.into()),
    ]
}

/// Declares the cursor as an opaque string, not as a date-time: a generated client might convert a
/// date-time to a native date without microseconds and skip rows. The pattern is only approximate:
/// dates that don't exist, such as February 30, match it but are rejected.
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
        return Err(Fault::wrong_type("an integer"));
    }
    match text.parse::<u32>() {
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Ok(0) => Err(Fault::too_small(MIN_LIMIT, MAX_LIMIT.into())),
        Err(_) if text.starts_with('-') => Err(Fault::too_small(MIN_LIMIT, MAX_LIMIT.into())),
        // Includes numbers that overflow the type.
        _ => Err(Fault::too_big(MIN_LIMIT, MAX_LIMIT.into())),
    }
}

/// Parses a timestamp. The plus sign of an offset arrives as a space if the client didn't
/// percent-encode it. A leading space would be a sign before the year, which isn't allowed.
pub(in crate::model) fn parse_cursor(text: &str) -> Option<Timestamp> {
    if text.starts_with(' ') {
        return None;
    }
    Timestamp::parse(text).or_else(|| Timestamp::parse(&text.replace(' ', "+")))
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// The creation time of the last item, if there are more items after it.
    pub next: Option<Timestamp>,
}

impl<T: Component> Page<T> {
    /// Returns the schema's name in the OpenAPI document, such as `CustomerList`.
    pub fn schema_name() -> String {
        format!("{}List", T::NAME)
    }

    /// Returns the schema of a page of `T`.
    pub fn component() -> Object {
        let items = ArrayBuilder::new().items(T::schema()).max_items(Some(MAX_LIMIT as usize));
        // Not a date-time, see `cursor_schema`.
        let next = nullable(String::schema());
        let next_cursor = "To get the next page, send this value unchanged as `cursor`. `null` on the \
                           last page.";
        ObjectSchema::new(&["A page of a list, newest first."])
            .constant("object", "list", &["The object's type."])
            .property_with_schema("data", items.into(), &["The items on this page."])
            .property::<bool>("has_more", &["Whether there are more items after this page."])
            .property_with_schema("next_cursor", next, &[next_cursor])
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

/// The JSON text of a page, made of items that are JSON already. It is the same as that of a
/// serialized [`Page`], but every item is copied only once.
#[derive(Debug)]
pub struct PageText {
    text: Vec<u8>,
    next: Option<Timestamp>,
}

impl PageText {
    const HEAD: &[u8] = br#"{"object":"list","data":["#;
    /// The typical length of an item in bytes, to size the buffer.
    const TYPICAL_ITEM_LEN: usize = 768;

    /// Returns a page that has no items yet, with space for this many.
    pub fn new(items: u32) -> Self {
        let mut text = Vec::with_capacity(Self::TYPICAL_ITEM_LEN * (items as usize + 1));
        text.extend_from_slice(Self::HEAD);
        Self { text, next: None }
    }

    /// Adds an item, which must be JSON.
    pub fn push(&mut self, item: &[u8]) {
        if self.text.len() > Self::HEAD.len() {
            self.text.push(b',');
        }
        self.text.extend_from_slice(item);
    }

    /// Sets the creation time of the last item, if there are more items after it.
    pub fn set_next(&mut self, next: Option<Timestamp>) {
        self.next = next;
    }

    pub fn into_bytes(mut self) -> Vec<u8> {
        let end = match self.next {
            None => "],\"has_more\":false,\"next_cursor\":null}".to_owned(),
            Some(next) => {
                format!("],\"has_more\":true,\"next_cursor\":\"{}\"}}", next.to_cursor())
            }
        };
        self.text.extend_from_slice(end.as_bytes());
        self.text
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
    fn a_plus_sign_in_a_cursor_need_not_be_percent_encoded() {
        let plus = parse(&[("cursor", "2026-06-15T02:00:00 02:00")]).unwrap();
        assert_eq!(plus, parse(&[("cursor", "2026-06-15T00:00:00Z")]).unwrap());
        for signed in ["+2026-06-15", " 2026-06-15", "-2026-06-15", " 2026-06-15T00:00:00Z"] {
            let rejected = Err(vec![(Rule::InvalidString, "cursor".into())]);
            assert_eq!(parse(&[("cursor", signed)]), rejected, "{signed}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_round_trips(micros in 0i64..250_000_000_000_000_000) {
            let time = Timestamp::from_micros(micros);
            let read = parse(&[("cursor", &time.to_cursor())]).unwrap();
            prop_assert_eq!(read.before, Some(time));
        }

        #[test]
        fn the_text_of_a_page_is_that_of_the_serialized_page(
            data in proptest::collection::vec("[a-z\"]{0,3}", 0..4),
            next in proptest::option::of(0i64..250_000_000_000_000_000),
        ) {
            let next = next.map(Timestamp::from_micros);
            let mut text = PageText::new(1);
            for item in &data {
                text.push(&serde_json::to_vec(item).unwrap());
            }
            text.set_next(next);
            prop_assert_eq!(text.into_bytes(), serde_json::to_vec(&Page { data, next }).unwrap());
        }

        #[test]
        fn arbitrary_text_never_causes_a_panic(text in ".{0,40}") {
            let _ = parse(&[("cursor", &text), ("limit", &text)]);
        }
    }
}
