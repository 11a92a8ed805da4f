//! Short lists of tags or labels.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::ArrayBuilder;

use super::text::Label;
use crate::model::parse::fields::Property;
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{Described, Schema};

/// At most 50 labels of 1 to 64 characters; of equal ones the first is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(Vec<Label>);

const MAX: usize = 50;

impl Labels {
    /// The labels, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Label::as_str)
    }
}

fn too_many() -> Fault {
    Fault::new(Rule::TooBig, format!("must hold at most {MAX} items"))
}

fn list_of(label: Schema) -> Schema {
    ArrayBuilder::new().items(label).max_items(Some(MAX)).into()
}

impl Described for Labels {
    fn schema() -> Schema {
        list_of(Label::schema())
    }
}

impl Property for Labels {
    fn accepted() -> Schema {
        list_of(Label::accepted())
    }

    fn faults() -> Vec<Fault> {
        let of_first = Label::faults().into_iter().map(|fault| fault.at(0));
        [Fault::wrong_type("an array of strings"), too_many()].into_iter().chain(of_first).collect()
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        let Value::Array(items) = value else {
            return Err(Fault::wrong_type("an array of strings").into());
        };
        // Of what was sent, and not of what is left of it: JSON Schema has no word for that.
        if items.len() > MAX {
            return Err(too_many().into());
        }
        let mut labels: Vec<Label> = Vec::new();
        let mut faults: Vec<Fault> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match Label::from_json(item) {
                Ok(label) if labels.contains(&label) => {}
                Ok(label) => labels.push(label),
                Err(wrong) => faults.extend(wrong.into_iter().map(|fault| fault.at(index))),
            }
        }
        if faults.is_empty() { Ok(Self(labels)) } else { Err(faults) }
    }
}
