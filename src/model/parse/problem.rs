//! Validation problems. The model's parsers report them, and the HTTP layer turns them into the
//! error envelope.
//!
//! The hosted API documents the messages `name is required` and `Invalid datetime`. All other
//! messages have the same form: the bare name of the field, and no period.

use strum::{IntoStaticStr, VariantArray, VariantNames};

/// The rule that a value breaks. Serialized as the error's `code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// A required field is missing.
    MissingField,
    /// The value has the wrong JSON type.
    InvalidType,
    /// The string has the wrong format.
    InvalidString,
    /// The string is not one of the allowed values.
    InvalidEnumValue,
    /// The value is too short or too small.
    TooSmall,
    /// The value is too long or too big.
    TooBig,
    /// Two fields contradict each other.
    ConflictingFields,
}

/// A problem with a field or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub rule: Rule,
    /// Names the field and says what is wrong, such as `limit must be between 1 and 100`.
    pub message: String,
    /// The path of the field, such as `name` or `labels.2`.
    pub field: String,
}

/// A problem with a value, before it is known which field contains the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub rule: Rule,
    /// The rest of a sentence that starts with the name of the field, such as `must be a string`.
    pub requirement: String,
    /// The index of the array element that is at fault, if the value is an array.
    pub index: Option<usize>,
}

impl Fault {
    /// Creates a fault of the value as a whole.
    pub fn new(rule: Rule, requirement: impl Into<String>) -> Self {
        Self { rule, requirement: requirement.into(), index: None }
    }

    /// The value doesn't have the `expected` type, such as `a string`.
    pub fn wrong_type(expected: &str) -> Self {
        Self::new(Rule::InvalidType, format!("must be {expected}"))
    }

    /// The string is not the name of one of the enum's variants.
    pub fn unknown_variant<E: VariantNames>() -> Self {
        Self::new(Rule::InvalidEnumValue, format!("must be one of: {}", E::VARIANTS.join(", ")))
    }

    /// The string is empty.
    pub fn empty() -> Self {
        Self::new(Rule::TooSmall, "must not be empty")
    }

    /// The string is longer than `max` characters.
    pub fn too_long(max: usize) -> Self {
        Self::new(Rule::TooBig, format!("must be at most {max} characters long"))
    }

    /// The number is less than `min`.
    pub fn too_small(min: i64, max: i64) -> Self {
        Self::new(Rule::TooSmall, format!("must be between {min} and {max}"))
    }

    /// The number is greater than `max`.
    pub fn too_big(min: i64, max: i64) -> Self {
        Self::new(Rule::TooBig, format!("must be between {min} and {max}"))
    }

    /// Attributes the fault to an element of an array.
    #[must_use]
    pub fn at_index(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// Attributes the fault to a field.
    pub fn into_problem(self, field: &str) -> Problem {
        let field = match self.index {
            Some(index) => format!("{field}.{index}"),
            None => field.to_owned(),
        };
        Problem { rule: self.rule, message: format!("{field} {}", self.requirement), field }
    }
}

impl From<Fault> for Vec<Fault> {
    fn from(fault: Fault) -> Self {
        vec![fault]
    }
}
