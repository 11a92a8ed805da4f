//! The API keys of a seed.

use crate::model::key::known::KnownKey;
use crate::model::key::{Mode, NewKey, Scopes, Tier};
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::{Problem, Rule};

/// A key that a seed describes.
#[derive(Clone, Debug)]
pub struct SeedKey {
    pub new: NewKey,
    /// Generated if absent.
    pub key: Option<KnownKey>,
}

impl Body for SeedKey {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let mode: Option<Mode> = fields.optional("mode");
        let tier = fields.optional("tier").unwrap_or_default();
        let scopes = fields.optional("scopes").unwrap_or_else(Scopes::all);
        let key: Option<KnownKey> = fields.optional("key");
        fields.declare_default("mode", &Mode::default());
        fields.declare_default("tier", &Tier::default());
        let of_key = key.as_ref().map(KnownKey::mode);
        fields.reject_if(mode.is_some_and(|mode| of_key.is_some_and(|own| own != mode)), || {
            Problem {
                rule: Rule::ConflictingFields,
                message: "mode must be test if key starts with pivotal_test_, and live otherwise"
                    .to_owned(),
                field: "mode".to_owned(),
            }
        });
        let mode = mode.or(of_key).unwrap_or_default();
        let new = NewKey { name: name?, mode, tier, scopes, expires_at: None, replaces: None };
        Some(Self { new, key })
    }
}
