//! What a key may do.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::model::parse::choice::Choice;
use crate::model::parse::schema::{Described, Schema};

/// What a key may do with one type of resource.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[serde(into = "&'static str")]
pub enum Scope {
    #[strum(serialize = "read:customers")]
    ReadCustomers,
    #[strum(serialize = "write:customers")]
    WriteCustomers,
    #[strum(serialize = "read:contacts")]
    ReadContacts,
    #[strum(serialize = "write:contacts")]
    WriteContacts,
    #[strum(serialize = "read:onboardings")]
    ReadOnboardings,
    #[strum(serialize = "write:onboardings")]
    WriteOnboardings,
}

/// The scopes of a key, each once, in the order in which they are declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(Vec<Scope>);

impl Choice for Scope {
    const NAME: &'static str = "Scope";
    const ABOUT: &'static str = "Addition: the hosted API has no scopes. What a key may do with one type of resource; \
             writing does not include reading.";
}

impl Described for Scopes {
    fn schema() -> Schema {
        Vec::<Scope>::schema()
    }
}

impl Scopes {
    /// All six.
    pub fn all() -> Self {
        Self(<Scope as VariantArray>::VARIANTS.to_vec())
    }

    /// Exactly these; all six when there are none, since a key without any could do nothing.
    pub fn of(chosen: &[Scope]) -> Self {
        if chosen.is_empty() {
            return Self::all();
        }
        Self(
            <Scope as VariantArray>::VARIANTS
                .iter()
                .copied()
                .filter(|scope| chosen.contains(scope))
                .collect(),
        )
    }

    /// Whether a request that needs `scope` is allowed.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The form in which they are stored: names separated by single spaces.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|&scope| scope.into()).collect::<Vec<&str>>().join(" ")
    }

    /// Reads back what [`Scopes::to_text`] wrote; a name that is not known gives nothing.
    pub fn stored(text: &str) -> Self {
        Self(text.split(' ').filter_map(|name| name.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_kept_in_order_and_none_means_all() {
        let two = Scopes::of(&[Scope::WriteContacts, Scope::ReadCustomers, Scope::WriteContacts]);
        assert_eq!(two.to_text(), "read:customers write:contacts");
        assert_eq!(Scopes::stored(&two.to_text()), two);
        assert!(!two.allow(Scope::ReadContacts));
        assert_eq!(Scopes::of(&[]), Scopes::all());
    }
}
