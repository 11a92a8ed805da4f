//! What can be wrong with a request's content. Every parser of the model reports in these
//! terms; the HTTP layer turns them into the error envelope.

use strum::{IntoStaticStr, VariantArray, VariantNames};

/// The rule that a value broke. The names are the wire's `code`s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// A required property is not there.
    MissingField,
    /// The JSON type is not the property's.
    InvalidType,
    /// A string of the wrong form.
    InvalidString,
    /// A string that is not one of the values allowed.
    InvalidEnumValue,
    /// Shorter, fewer or less than allowed.
    TooSmall,
    /// Longer, more or greater than allowed.
    TooBig,
    /// Two properties contradict each other.
    ConflictingFields,
}

/// One thing that is wrong, and with which property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule that was broken.
    pub rule: Rule,
    /// An English sentence that names the property.
    pub message: String,
    /// The property's path, such as `name` or `labels.2`.
    pub field: String,
}

/// What a single value's parser found wrong, before it is known which property holds the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule that was broken.
    pub rule: Rule,
    /// The end of a sentence that begins with the property's name: `must be a string`.
    pub says: String,
    /// The place inside an array, when one of its elements is at fault.
    pub index: Option<usize>,
}

impl Fault {
    /// A fault of the value as a whole.
    pub fn new(rule: Rule, says: impl Into<String>) -> Self {
        Self { rule, says: says.into(), index: None }
    }

    /// A value of another type than the `expected` one, such as `a string`.
    pub fn wrong_type(expected: &str) -> Self {
        Self::new(Rule::InvalidType, format!("must be {expected}"))
    }

    /// A string that is none of an enum's variants.
    pub fn unknown_variant<E: VariantNames>() -> Self {
        Self::new(Rule::InvalidEnumValue, format!("must be one of {}", E::VARIANTS.join(", ")))
    }

    /// A string with nothing in it.
    pub fn empty() -> Self {
        Self::new(Rule::TooSmall, "must not be empty")
    }

    /// A string of more than `max` characters.
    pub fn too_long(max: usize) -> Self {
        Self::new(Rule::TooBig, format!("must be at most {max} characters"))
    }

    /// A number less than `min`.
    pub fn below(min: i64) -> Self {
        Self::new(Rule::TooSmall, format!("must be at least {min}"))
    }

    /// A number greater than `max`.
    pub fn above(max: i64) -> Self {
        Self::new(Rule::TooBig, format!("must be at most {max}"))
    }

    /// The same fault as that of an array's element.
    #[must_use]
    pub fn at(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// The problem that this fault is when the value stands in the property `field`.
    pub fn of(self, field: &str) -> Problem {
        let field = match self.index {
            Some(index) => format!("{field}.{index}"),
            None => field.to_owned(),
        };
        Problem { rule: self.rule, message: format!("{field} {}", self.says), field }
    }
}

impl From<Fault> for Vec<Fault> {
    fn from(fault: Fault) -> Self {
        vec![fault]
    }
}
