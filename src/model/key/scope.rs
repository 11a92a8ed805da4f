//! Scopes: what a key may do.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use crate::model::parse::schema::{JsonSchema, Schema};
use crate::model::parse::string_enum::StringEnum;

/// Permission to read or write one type of resource.
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

/// The scopes of a key, without duplicates, in the order of their declaration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(Vec<Scope>);

impl StringEnum for Scope {
    const NAME: &'static str = "Scope";
    const DESCRIPTION: &'static str = "Addition: the hosted API doesn't have scopes. A permission to read or write one type of \
             resource. Write access doesn't include read access.";
}

impl JsonSchema for Scopes {
    fn schema() -> Schema {
        Vec::<Scope>::schema()
    }
}

impl Scopes {
    pub fn all() -> Self {
        Self(<Scope as VariantArray>::VARIANTS.to_vec())
    }

    /// Returns these scopes, or all scopes if there are none: a key without scopes would be
    /// useless.
    pub fn new_or_all(chosen: &[Scope]) -> Self {
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

    /// Returns whether a request that requires `scope` is allowed.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Formats the scopes for storage, as names separated by spaces.
    pub fn to_stored(&self) -> String {
        self.0.iter().map(|&scope| scope.into()).collect::<Vec<&str>>().join(" ")
    }

    /// Parses the format of [`Scopes::to_stored`]. Ignores unknown names.
    pub fn from_stored(text: &str) -> Self {
        Self(text.split(' ').filter_map(|name| name.parse().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_ordered_and_an_empty_selection_means_all() {
        let two =
            Scopes::new_or_all(&[Scope::WriteContacts, Scope::ReadCustomers, Scope::WriteContacts]);
        assert_eq!(two.to_stored(), "read:customers write:contacts");
        assert_eq!(Scopes::from_stored(&two.to_stored()), two);
        assert!(!two.allow(Scope::ReadContacts));
        assert_eq!(Scopes::new_or_all(&[]), Scopes::all());
    }
}
