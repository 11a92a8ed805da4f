//! What a PATCH does to a property.

/// The three things that can be said of a nullable property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not mentioned: it stays as it is.
    Keep,
    /// `null`: it has no value afterwards.
    Clear,
    /// A new value.
    Set(T),
}

impl<T> Patch<T> {
    /// Changes a nullable property.
    pub fn apply(self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value),
        }
    }

    /// Whether the property was mentioned at all.
    pub fn is_sent(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

/// Changes a property that always has a value, when a new one was sent.
pub fn set<T>(to: &mut T, new: Option<T>) {
    if let Some(value) = new {
        *to = value;
    }
}
