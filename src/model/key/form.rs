//! Forms of the admin pages: filtering keys, and creating keys and workspaces.

use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::openapi::schema::ArrayBuilder;

use super::api_key::NewKey;
use super::scope::{Scope, Scopes};
use crate::model::parse::fields::{Body, FieldValue, Fields, expect_str};
use crate::model::parse::params::{Params, Query};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{JsonSchema, Schema};
use crate::model::parse::string_enum::parse_enum;
use crate::model::values::slug::Slug;
use crate::model::workspace::NewWorkspace;

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum KeyState {
    /// Neither revoked nor expired. Includes replaced keys.
    Active,
    /// Active, and has an active replacement.
    Replaced,
    Expired,
    Revoked,
}

/// Filters for the list of keys. A blank parameter counts as absent, because a form submits every
/// field.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    pub workspace: Option<Slug>,
    pub state: Option<KeyState>,
}

impl Query for KeyFilter {
    fn read(params: &mut Params) -> Self {
        Self {
            workspace: params.parse_non_blank("workspace", Slug::parse),
            state: params.parse_non_blank("state", parse_enum),
        }
    }
}

/// The form that creates a key.
#[derive(Debug)]
pub struct KeyForm {
    pub workspace: Slug,
    pub new: NewKey,
}

impl Body for KeyForm {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let workspace = fields.required("workspace");
        let name = fields.required("name");
        let mode = fields.required("mode");
        let tier = fields.required("tier");
        let scopes = fields.required("scopes");
        let mut expires_at = None;
        fields.patch("expires_at").apply(&mut expires_at);
        let new = NewKey {
            name: name?,
            mode: mode?,
            tier: tier?,
            scopes: scopes?,
            expires_at,
            replaces: None,
        };
        Some(Self { workspace: workspace?, new })
    }
}

impl Body for NewWorkspace {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let slug = fields.required("slug");
        Some(Self { slug: slug?, name: name? })
    }
}

impl FieldValue for Scopes {
    fn input_schema() -> Schema {
        ArrayBuilder::new().items(Scope::schema()).min_items(Some(1)).into()
    }

    /// Requires at least one scope: an empty selection doesn't mean all scopes.
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        let Value::Array(items) = value else {
            return Err(Fault::wrong_type("an array").into());
        };
        if items.is_empty() {
            let requirement = "must include at least one scope";
            return Err(Fault::new(Rule::TooSmall, requirement).into());
        }
        let parse_scope = |(index, item): (usize, &Value)| {
            expect_str(item)?
                .parse::<Scope>()
                .map_err(|_| Fault::unknown_variant::<Scope>())
                .map_err(|fault| fault.at_index(index))
        };
        let chosen: Result<Vec<Scope>, Fault> = items.iter().enumerate().map(parse_scope).collect();
        Ok(Self::new_or_all(&chosen?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::key::{Mode, Tier};

    fn read(value: &Value) -> Result<KeyForm, Vec<String>> {
        let problems: Result<KeyForm, _> = Fields::parse(value.as_object().unwrap());
        problems.map_err(|problems| problems.into_iter().map(|p| p.field).collect())
    }

    #[test]
    fn all_problems_of_a_form_are_reported() {
        let empty = read(&json!({"scopes": []})).unwrap_err();
        assert_eq!(empty, ["workspace", "name", "mode", "tier", "scopes"]);
        let wrong = json!({"workspace": "No", "name": "", "mode": "dead", "tier": "gold",
            "scopes": ["read:contacts", "read:all"]});
        let fields = read(&wrong).unwrap_err();
        assert_eq!(fields, ["workspace", "name", "mode", "tier", "scopes.1"]);
    }

    #[test]
    fn a_key_gets_exactly_the_selected_scopes() {
        let chosen = json!({"workspace": "acme", "name": "CI", "mode": "test", "tier": "paid",
            "scopes": ["write:contacts", "read:contacts"]});
        let form = read(&chosen).unwrap();
        assert_eq!((form.new.mode, form.new.tier), (Mode::Test, Tier::Paid));
        assert_eq!(form.new.scopes.to_stored(), "read:contacts write:contacts");
        assert!(form.new.replaces.is_none());
    }
}
