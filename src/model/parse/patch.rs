//! What a PATCH does to a nullable field.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field is absent: its value stays.
    Keep,
    /// The field is `null`.
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }

    /// Returns whether the body contains the field.
    pub fn is_sent(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

/// Sets a field that is not nullable, if a new value was sent.
pub fn set_if_some<T>(to: &mut T, new: Option<T>) {
    if let Some(value) = new {
        *to = value;
    }
}
