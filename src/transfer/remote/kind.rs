//! The types of objects that are transferred.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Customer,
    Contact,
    Onboarding,
}

impl Kind {
    /// In an order in which they can be imported.
    pub(super) const ALL: [Self; 3] = [Self::Customer, Self::Contact, Self::Onboarding];

    /// Returns the value of an object's `object` field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Contact => "contact",
            Self::Onboarding => "onboarding",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
