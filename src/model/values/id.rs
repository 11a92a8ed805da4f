//! Ids: the opaque cuid that every object has, the small `display_id`, and the path parameter
//! that can be either.

use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use utoipa::openapi::schema::{SchemaType, Type};
use uuid::Uuid;

use super::invisible::is_blank;
use super::number::{MAX_SAFE, Whole};
use super::text::{clean, visible_pattern};
use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Described, Schema};

/// The cuid of an `R`, such as a customer: `c` and 24 to 31 lower-case letters and digits.
pub struct Id<R> {
    text: String,
    of: PhantomData<fn() -> R>,
}

impl<R> Id<R> {
    /// A new id, greater than every id that this process made before it.
    pub fn generate() -> Self {
        Self::stored(format!("c{}", base36(Uuid::now_v7())))
    }

    /// Takes an id in its text form; nothing when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('c')?;
        let well_formed = (24..=31).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        well_formed.then(|| Self::stored(text.to_owned()))
    }

    /// A value that the store reads back: it was generated or parsed before it was written.
    pub fn stored(text: String) -> Self {
        Self { text, of: PhantomData }
    }

    /// The same id where resources of every type are meant.
    pub fn of_any_type(self) -> ResourceId {
        Id::stored(self.text)
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Anything that an event can be about.
#[derive(Debug)]
pub enum Anything {}

/// The id of a resource of whatever type.
pub type ResourceId = Id<Anything>;

/// A UUID in base 36: 25 digits, zero-padded, so that ids sort as their UUIDs do.
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

// Derives would ask the same of `R`, which is only a mark.
impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        Self::stored(self.text.clone())
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
        String::deserialize(deserializer).map(Self::stored)
    }
}

impl<R> Described for Id<R> {
    fn schema() -> Schema {
        schema::string().pattern(Some("^c[a-z0-9]{24,31}$")).into()
    }
}

/// The small number of an object within its workspace and type: from 1, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DisplayId(pub i64);

impl Described for DisplayId {
    fn schema() -> Schema {
        schema::whole(1, MAX_SAFE).into()
    }
}

/// What a client names an `R` by.
pub enum Ref<R> {
    /// By its cuid.
    Id(Id<R>),
    /// By its `display_id`.
    DisplayId(DisplayId),
}

impl<R> Ref<R> {
    /// All digits mean a `display_id`, anything else a cuid. Text that can be neither, such as a
    /// slug or a number beyond every counter, names nothing.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().ok().map(|number| Self::DisplayId(DisplayId(number)))
        } else {
            Id::parse(text).map(Self::Id)
        }
    }
}

impl<R> Described for Ref<R> {
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

/// A reference in a body: a string in either form, or the number itself. Well-formed or not, it is
/// looked up, so that a reference to nothing is "not found" and not "invalid".
pub struct BodyRef<R>(pub Option<Ref<R>>);

impl<R> Described for BodyRef<R> {
    fn schema() -> Schema {
        let either = SchemaType::from_iter([Type::String, Type::Integer]);
        let text = schema::string().min_length(Some(1)).pattern(Some(visible_pattern()));
        text.schema_type(either).minimum(Some(0)).into()
    }
}

impl<R> Property for BodyRef<R> {
    fn faults() -> Vec<Fault> {
        // Strings and numbers are both of the right type, so no type is the wrong one.
        vec![Fault::empty()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        match value {
            Value::Number(_) => match Whole::<0, MAX_SAFE>::from_json(value) {
                Ok(number) => Ok(Self(Some(Ref::DisplayId(DisplayId(number.get()))))),
                // Beyond every counter.
                Err(faults) if faults.iter().all(|f| f.rule == Rule::TooBig) => Ok(Self(None)),
                Err(faults) => Err(faults),
            },
            _ => match clean(string(value)?)?.trim_matches(is_blank) {
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
    fn new_ids_have_the_form_and_sort_by_creation() {
        let ids: Vec<String> = (0..1000).map(|_| Id::<()>::generate().to_string()).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.len() == 26 && Id::<()>::parse(id).is_some()));
    }

    #[test]
    fn base_36_is_zero_padded_and_holds_every_uuid() {
        assert_eq!(base36(Uuid::nil()), "0".repeat(25));
        assert_eq!(base36(Uuid::from_u128(35)), format!("{}z", "0".repeat(24)));
        assert_eq!(base36(Uuid::max()), "f5lxx1zz5pnorynqglhzmsp33");
    }

    #[test]
    fn digits_are_a_display_id_and_the_rest_a_cuid_or_nothing() {
        assert!(matches!(Ref::<()>::parse("007"), Some(Ref::DisplayId(DisplayId(7)))));
        assert!(matches!(Ref::<()>::parse(&format!("c{}", "a".repeat(24))), Some(Ref::Id(_))));
        assert!(matches!(Ref::<()>::parse(&format!("c{}", "9".repeat(31))), Some(Ref::Id(_))));
        for nothing in ["", "aurora", "-1", "1.0", "99999999999999999999", "c", "１"] {
            assert!(Ref::<()>::parse(nothing).is_none(), "{nothing}");
        }
        assert!(Ref::<()>::parse(&format!("c{}", "a".repeat(23))).is_none());
        assert!(Ref::<()>::parse(&format!("c{}", "a".repeat(32))).is_none());
    }

    proptest! {
        #[test]
        fn base_36_keeps_the_order_of_uuids(a: u128, b: u128) {
            let (x, y) = (base36(Uuid::from_u128(a)), base36(Uuid::from_u128(b)));
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
        }

        #[test]
        fn no_text_makes_a_reference_panic(text in ".{0,60}") {
            let _ = Ref::<()>::parse(&text);
        }
    }
}
