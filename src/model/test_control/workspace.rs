//! The workspaces that tests create for themselves.

use rand::RngExt;
use serde_json::Value;
use utoipa::openapi::schema::{Object, Type};

use crate::model::key::{Mode, NewKey, Scopes, Tier};
use crate::model::parse::fields::{Body, FieldValue, Fields};
use crate::model::parse::problem::Fault;
use crate::model::parse::schema::{JsonSchema, Schema, any_of, string};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::workspace::NewWorkspace;

/// The length of the random part of a slug. Even ten thousand workspaces collide with a probability
/// of one in fifty thousand.
const RANDOM: usize = 8;

/// A workspace with a live and a test key.
#[derive(Debug)]
pub struct NewTestWorkspace {
    pub workspace: NewWorkspace,
    pub tier: Tier,
    pub seed: Option<SeedInput>,
}

/// What a workspace starts with.
#[derive(Debug)]
pub enum SeedInput {
    /// A seed as an object.
    Document(Value),
    /// The text of a seed file.
    Text(String),
}

impl JsonSchema for SeedInput {
    fn schema() -> Schema {
        any_of([Object::with_type(Type::Object).into(), string().into()])
    }
}

impl FieldValue for SeedInput {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        match value {
            Value::Object(_) => Ok(Self::Document(value.clone())),
            Value::String(text) => Ok(Self::Text(text.clone())),
            _ => Err(Fault::wrong_type("an object, or the text of a seed file").into()),
        }
    }
}

impl Body for NewTestWorkspace {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let slug = fields.optional("slug").or_else(random_slug)?;
        let name = fields.optional("name").or_else(|| Name::parse(slug.as_str()).ok())?;
        let tier = fields.optional("tier").unwrap_or(Tier::Standard);
        let seed = fields.optional("seed");
        Some(Self { workspace: NewWorkspace { slug, name }, tier, seed })
    }
}

impl NewTestWorkspace {
    /// Returns the keys to create: one for each mode, with all scopes.
    pub fn keys(&self) -> Vec<NewKey> {
        let key = |mode: Mode| {
            let name = Name::parse(<&str>::from(mode)).ok()?;
            Some(NewKey {
                name,
                mode,
                tier: self.tier,
                scopes: Scopes::all(),
                expires_at: None,
                replaces: None,
            })
        };
        [Mode::Live, Mode::Test].into_iter().filter_map(key).collect()
    }
}

/// Returns a slug that no other test uses, such as `test-4k9x0qzt`.
fn random_slug() -> Option<Slug> {
    const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut random = rand::rng();
    let letter = |_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]);
    let letters: String = (0..RANDOM).map(letter).collect();
    Slug::parse(&format!("test-{letters}")).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::parse::problem::Problem;

    fn parse(body: Value) -> Result<NewTestWorkspace, Vec<Problem>> {
        Fields::parse(body.as_object().unwrap())
    }

    #[test]
    fn a_workspace_without_a_slug_gets_one_that_is_not_used() {
        let (one, other) = (parse(json!({})).unwrap(), parse(json!({})).unwrap());
        assert_ne!(one.workspace.slug, other.workspace.slug);
        assert!(one.workspace.slug.as_str().starts_with("test-"));
        assert_eq!(one.workspace.name.as_str(), one.workspace.slug.as_str());
        let modes: Vec<Mode> = one.keys().iter().map(|key| key.mode).collect();
        assert_eq!(modes, [Mode::Live, Mode::Test]);
    }

    #[test]
    fn every_bad_value_is_reported_with_its_field() {
        let body = json!({"slug": "No Slug", "name": "", "tier": "gold", "seed": 1});
        let problems = parse(body).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["slug", "name", "tier", "seed"]);
    }
}
