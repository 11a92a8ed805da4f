//! IDs: the opaque cuid that every object has, the small `display_id`, and references that can be
//! either.

use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::schema::{SchemaType, Type};
use uuid::Uuid;

use super::invisible::is_blank;
use super::number::{Integer, MAX_SAFE};
use super::text::{non_blank_pattern, trim_text};
use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// The cuid of a resource of type `R`: `c`, followed by 24 to 31 lowercase letters and digits.
pub struct Id<R> {
    text: String,
    resource: PhantomData<fn() -> R>,
}

impl<R> Id<R> {
    /// Generates an ID. It is greater than every ID that this process has generated before.
    pub fn generate() -> Self {
        Self::from_stored(format!("c{}", base36(Uuid::now_v7())))
    }

    /// Returns `None` if the text can't be an ID.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('c')?;
        let well_formed = (24..=31).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        well_formed.then(|| Self::from_stored(text.to_owned()))
    }

    /// Restores a stored value. It was generated or validated before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self { text, resource: PhantomData }
    }

    /// Converts to an ID that can belong to a resource of any type.
    pub fn erase_type(self) -> ResourceId {
        Id::from_stored(self.text)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Marks an ID as belonging to a resource of any type.
#[derive(Debug)]
pub enum AnyResource {}

/// The ID of a resource of any type.
pub type ResourceId = Id<AnyResource>;

/// Encodes a UUID in base 36. The result is zero-padded to 25 digits, so it sorts like the UUID.
pub(in crate::model) fn base36(uuid: Uuid) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; 25];
    let mut rest = uuid.as_u128();
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 36) as usize];
        rest /= 36;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

// Not derived: that would require the same traits of `R`, which is only a marker.
impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        Self::from_stored(self.text.clone())
    }
}

impl<R> PartialEq for Id<R> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<R> Eq for Id<R> {}

impl<R> Hash for Id<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<R> Debug for Id<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<R> Display for Id<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<R> Serialize for Id<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, R> Deserialize<'de> for Id<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from_stored)
    }
}

impl<R> JsonSchema for Id<R> {
    fn schema() -> Schema {
        schema::string().pattern(Some("^c[a-z0-9]{24,31}$")).into()
    }
}

impl<R> FieldValue for Id<R> {
    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), malformed_id()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Self::parse(expect_str(value)?).ok_or_else(|| malformed_id().into())
    }
}

fn malformed_id() -> Fault {
    let requirement = "must be an ID: c, followed by 24 to 31 lowercase letters and digits";
    Fault::new(Rule::InvalidString, requirement)
}

/// A sequential number within a workspace and resource type, starting at 1. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisplayId(pub i64);

impl JsonSchema for DisplayId {
    fn schema() -> Schema {
        schema::integer(1, MAX_SAFE).into()
    }
}

impl FieldValue for DisplayId {
    fn possible_faults() -> Vec<Fault> {
        Integer::<1, MAX_SAFE>::possible_faults()
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self(Integer::<1, MAX_SAFE>::from_json(value)?.get()))
    }
}

/// A reference to a resource of type `R`, by either of its IDs.
pub enum Ref<R> {
    Id(Id<R>),
    DisplayId(DisplayId),
}

impl<R> Ref<R> {
    /// Parses digits as a `display_id` and anything else as a cuid. Returns `None` for text that
    /// can be neither, such as a slug or a number that is out of range.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().ok().map(|number| Self::DisplayId(DisplayId(number)))
        } else {
            Id::parse(text).map(Self::Id)
        }
    }
}

impl<R> JsonSchema for Ref<R> {
    fn schema() -> Schema {
        schema::string().pattern(Some("^([0-9]+|c[a-z0-9]{24,31})$")).into()
    }
}

impl<R> Clone for Ref<R> {
    fn clone(&self) -> Self {
        match self {
            Self::Id(id) => Self::Id(id.clone()),
            Self::DisplayId(number) => Self::DisplayId(*number),
        }
    }
}

impl<R> Debug for Ref<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => Debug::fmt(id, f),
            Self::DisplayId(number) => Debug::fmt(number, f),
        }
    }
}

/// A reference in a request body: either ID as a string, or the `display_id` as a number. A
/// malformed reference becomes `None` rather than a fault, so the client gets "not found".
pub struct BodyRef<R>(pub Option<Ref<R>>);

impl<R> JsonSchema for BodyRef<R> {
    fn schema() -> Schema {
        let either = SchemaType::from_iter([Type::String, Type::Integer]);
        let text = schema::string().min_length(Some(1)).pattern(Some(non_blank_pattern()));
        text.schema_type(either).minimum(Some(0)).into()
    }
}

impl<R> FieldValue for BodyRef<R> {
    fn possible_faults() -> Vec<Fault> {
        // Strings and numbers are both valid types.
        vec![Fault::empty()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        match value {
            Value::Number(_) => match Integer::<0, MAX_SAFE>::from_json(value) {
                Ok(number) => Ok(Self(Some(Ref::DisplayId(DisplayId(number.get()))))),
                // Larger than any display ID.
                Err(faults) if faults.iter().all(|f| f.rule == Rule::TooBig) => Ok(Self(None)),
                Err(faults) => Err(faults),
            },
            _ => match trim_text(expect_str(value)?)?.trim_matches(is_blank) {
                "" => Err(Fault::empty().into()),
                text => Ok(Self(Ref::parse(text))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn new_ids_are_well_formed_and_sort_by_creation() {
        let ids: Vec<String> = (0..1000).map(|_| Id::<()>::generate().to_string()).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.len() == 26 && Id::<()>::parse(id).is_some()));
    }

    #[test]
    fn base_36_is_zero_padded_and_fits_every_uuid() {
        assert_eq!(base36(Uuid::nil()), "0".repeat(25));
        assert_eq!(base36(Uuid::from_u128(35)), format!("{}z", "0".repeat(24)));
        assert_eq!(base36(Uuid::max()), "f5lxx1zz5pnorynqglhzmsp33");
    }

    #[test]
    fn a_reference_is_a_display_id_or_a_cuid() {
        assert!(matches!(Ref::<()>::parse("007"), Some(Ref::DisplayId(DisplayId(7)))));
        assert!(matches!(Ref::<()>::parse(&format!("c{}", "a".repeat(24))), Some(Ref::Id(_))));
        assert!(matches!(Ref::<()>::parse(&format!("c{}", "9".repeat(31))), Some(Ref::Id(_))));
        for text in ["", "aurora", "-1", "1.0", "99999999999999999999", "c", "１"] {
            assert!(Ref::<()>::parse(text).is_none(), "{text}");
        }
        assert!(Ref::<()>::parse(&format!("c{}", "a".repeat(23))).is_none());
        assert!(Ref::<()>::parse(&format!("c{}", "a".repeat(32))).is_none());
    }

    proptest! {
        #[test]
        fn base_36_preserves_the_order_of_uuids(a: u128, b: u128) {
            let (x, y) = (base36(Uuid::from_u128(a)), base36(Uuid::from_u128(b)));
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
        }

        #[test]
        fn parsing_a_reference_never_panics(text in ".{0,60}") {
            let _ = Ref::<()>::parse(&text);
        }
    }
}
