//! Lists of tags or labels.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::ArrayBuilder;

use super::text::Label;
use crate::model::parse::fields::FieldValue;
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{JsonSchema, Schema};

/// At most 50 labels of 1 to 64 characters, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(Vec<Label>);

const MAX: usize = 50;

impl Labels {
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Label::as_str)
    }
}

fn too_many() -> Fault {
    Fault::new(Rule::TooBig, format!("must contain at most {MAX} items"))
}

fn array_schema(label: Schema) -> Schema {
    ArrayBuilder::new().items(label).max_items(Some(MAX)).into()
}

impl JsonSchema for Labels {
    fn schema() -> Schema {
        array_schema(Label::schema())
    }
}

impl FieldValue for Labels {
    fn input_schema() -> Schema {
        array_schema(Label::input_schema())
    }

    fn possible_faults() -> Vec<Fault> {
        let first_item = Label::possible_faults().into_iter().map(|fault| fault.at_index(0));
        [Fault::wrong_type("an array of strings"), too_many()]
            .into_iter()
            .chain(first_item)
            .collect()
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        let Value::Array(items) = value else {
            return Err(Fault::wrong_type("an array of strings").into());
        };
        // The limit includes duplicates, because JSON Schema has no way to exclude them.
        if items.len() > MAX {
            return Err(too_many().into());
        }
        let mut labels: Vec<Label> = Vec::new();
        let mut faults: Vec<Fault> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match Label::from_json(item) {
                Ok(label) if labels.contains(&label) => {}
                Ok(label) => labels.push(label),
                Err(found) => faults.extend(found.into_iter().map(|fault| fault.at_index(index))),
            }
        }
        if faults.is_empty() { Ok(Self(labels)) } else { Err(faults) }
    }
}
