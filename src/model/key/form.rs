//! What people ask of keys and workspaces on a page: which keys they want to see, and what they
//! fill in for a new one.

use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::api_key::NewKey;
use super::scope::{Scope, Scopes};
use crate::model::parse::choice::choice;
use crate::model::parse::fields::{Body, Fields, Property, string};
use crate::model::parse::params::{Params, Query};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::values::slug::Slug;
use crate::model::workspace::NewWorkspace;

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum KeyState {
    /// Requests may be made with it, whether it has a twin or not.
    Active,
    /// It has a twin that takes its place, and requests may be made with it all the same.
    Replaced,
    /// It is revoked.
    Revoked,
}

/// Which keys are shown. Parameters that are blank, as forms send them, count as not given.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    /// Only those of one workspace.
    pub workspace: Option<Slug>,
    /// Only those in one state.
    pub state: Option<KeyState>,
}

impl Query for KeyFilter {
    fn read(params: &mut Params) -> Self {
        Self {
            workspace: params.filled("workspace", Slug::parse),
            state: params.filled("state", choice),
        }
    }
}

/// A key that somebody asks for, and for which workspace.
#[derive(Debug)]
pub struct KeyForm {
    /// The slug of its workspace.
    pub workspace: Slug,
    /// What it is made of.
    pub new: NewKey,
}

impl Body for KeyForm {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let workspace = fields.required("workspace");
        let name = fields.required("name");
        let mode = fields.required("mode");
        let tier = fields.required("tier");
        let scopes = fields.required("scopes");
        let new = NewKey { name: name?, mode: mode?, tier: tier?, scopes: scopes?, replaces: None };
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

impl Property for Scopes {
    /// At least one: a form on which nothing is chosen does not mean that everything is.
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        let Value::Array(items) = value else {
            return Err(Fault::wrong_type("an array").into());
        };
        if items.is_empty() {
            let says = "must be chosen, at least one: a key without any could do nothing";
            return Err(Fault::new(Rule::TooSmall, says).into());
        }
        let scope = |(index, item): (usize, &Value)| {
            let unknown = || Fault::new(Rule::InvalidEnumValue, "must be the name of a scope");
            string(item)?.parse::<Scope>().map_err(|_| unknown()).map_err(|fault| fault.at(index))
        };
        let chosen: Result<Vec<Scope>, Fault> = items.iter().enumerate().map(scope).collect();
        Ok(Self::of(&chosen?))
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
    fn a_form_says_all_that_is_wrong_with_it() {
        let empty = read(&json!({"scopes": []})).unwrap_err();
        assert_eq!(empty, ["workspace", "name", "mode", "tier", "scopes"]);
        let wrong = json!({"workspace": "No", "name": "", "mode": "dead", "tier": "gold",
            "scopes": ["read:contacts", "read:all"]});
        let fields = read(&wrong).unwrap_err();
        assert_eq!(fields, ["workspace", "name", "mode", "tier", "scopes.1"]);
    }

    #[test]
    fn a_key_may_do_what_was_chosen_and_no_more() {
        let chosen = json!({"workspace": "acme", "name": "CI", "mode": "test", "tier": "paid",
            "scopes": ["write:contacts", "read:contacts"]});
        let form = read(&chosen).unwrap();
        assert_eq!((form.new.mode, form.new.tier), (Mode::Test, Tier::Paid));
        assert_eq!(form.new.scopes.to_text(), "read:contacts write:contacts");
        assert!(form.new.replaces.is_none());
    }
}
