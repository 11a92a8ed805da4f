//! API keys: what one may do, and what is kept of it.

pub mod checksum;
pub mod form;
pub mod hash;
pub mod rotation;
pub mod secret;

use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};
use utoipa::openapi::schema::Object;

use self::secret::Prefix;
use super::parse::schema::{Component, Described, Schema, choices};
use super::values::id::Id;
use super::values::slug::Slug;
use super::values::text::Name;
use super::values::time::Timestamp;

/// The id of a key.
pub type KeyId = Id<Key>;

/// Whether a key's requests may have effects outside the server.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's values")]
pub enum Mode {
    #[default]
    Live,
    Test,
}

impl Mode {
    /// What every key of this mode begins with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "pivotal_",
            Self::Test => "pivotal_test_",
        }
    }

    /// The `livemode` flag.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// How many requests a minute a key has.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(into = "&'static str")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's values")]
pub enum Tier {
    #[default]
    Standard,
    Paid,
    Unlimited,
}

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
#[expect(missing_docs, reason = "the names are the API's values")]
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

impl Component for Mode {
    const NAME: &'static str = "KeyMode";

    fn component() -> Object {
        choices::<Self>("Whether effects of a key's requests may leave the server.")
    }
}

impl Component for Tier {
    const NAME: &'static str = "RateLimitTier";

    fn component() -> Object {
        choices::<Self>(
            "How many requests a minute a key has. Addition: the hosted API does not have the tier \
             `unlimited`.",
        )
    }
}

impl Component for Scope {
    const NAME: &'static str = "Scope";

    fn component() -> Object {
        choices::<Self>(
            "Addition: the hosted API has no scopes. What a key may do with one type of resource; \
             writing does not include reading.",
        )
    }
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

/// A key as it is kept and shown: everything but its secret.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// The part that is safe to show and to log, such as `pivotal_K8s9X2mP`.
    pub prefix: Prefix,
    /// What people call it.
    pub name: Name,
    /// Live or test.
    pub mode: Mode,
    /// The slug of its workspace.
    pub workspace: Slug,
    /// Its rate limit tier.
    pub tier: Tier,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a request was last made with it.
    pub last_used_at: Option<Timestamp>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// How many requests were made with it.
    pub request_count: i64,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key of which it is the twin that takes its place.
    pub replaces: Option<KeyId>,
}

/// What a new key is made of.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people call it.
    pub name: Name,
    /// Live or test.
    pub mode: Mode,
    /// Its rate limit tier.
    pub tier: Tier,
    /// What it may do.
    pub scopes: Scopes,
    /// The key that it takes the place of.
    pub replaces: Option<KeyId>,
}

impl NewKey {
    /// A key that is like another one and takes its place.
    pub fn twin_of(key: &Key) -> Self {
        Self {
            name: key.name.clone(),
            mode: key.mode,
            tier: key.tier,
            scopes: key.scopes.clone(),
            replaces: Some(key.id.clone()),
        }
    }
}

/// Requests that were made with a key since that was last written down.
#[derive(Clone, Copy, Debug)]
pub struct KeyUse {
    /// When the last of them was made.
    pub at: Timestamp,
    /// From which address.
    pub from: std::net::IpAddr,
    /// How many they were.
    pub requests: i64,
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
