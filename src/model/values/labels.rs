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
    /// Reads back the JSON array that [`Labels::to_json`] wrote.
    ///
    /// # Errors
    /// When the text is not an array of strings, which only a damaged file can cause.
    pub fn stored(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    /// The labels, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Label::as_str)
    }

    /// The labels as the text of a JSON array.
    pub fn to_json(&self) -> String {
        Value::from_iter(self.iter()).to_string()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_equal_labels_the_first_is_kept() {
        let labels = Labels::from_json(&json!(["b", " a ", "b", "a"])).unwrap();
        assert_eq!(labels.to_json(), r#"["b","a"]"#);
        assert_eq!(Labels::stored(&labels.to_json()).unwrap(), labels);
    }

    #[test]
    fn fifty_labels_fit_and_one_more_does_not_even_if_it_is_there_already() {
        let many = |n: usize| Value::from_iter((0..n).map(|i| format!("label {i}")));
        assert!(Labels::from_json(&many(50)).is_ok());
        assert_eq!(Labels::from_json(&many(51)).unwrap_err()[0].rule, Rule::TooBig);
        assert!(Labels::from_json(&json!(vec!["same"; 50])).is_ok());
        assert_eq!(Labels::from_json(&json!(vec!["same"; 51])).unwrap_err()[0].rule, Rule::TooBig);
    }

    #[test]
    fn every_wrong_item_is_named() {
        let faults = Labels::from_json(&json!(["a", 1, "", "b"])).unwrap_err();
        let found: Vec<_> = faults.iter().map(|f| (f.rule, f.index)).collect();
        assert_eq!(found, [(Rule::InvalidType, Some(1)), (Rule::TooSmall, Some(2))]);
    }
}
