//! The webhook endpoints of a seed.

use serde_json::Value;
use utoipa::openapi::schema::ArrayBuilder;

use crate::model::event::EventType;
use crate::model::key::Mode;
use crate::model::parse::fields::{Body, FieldValue, Fields, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};
use crate::model::values::text::Line;
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::subscription::{DELIVERED, FieldName, Subscription};
use crate::model::webhook::url::EndpointUrl;

/// An endpoint that a seed describes.
#[derive(Clone, Debug)]
pub struct SeedWebhook {
    pub url: EndpointUrl,
    pub mode: Mode,
    pub subscription: Subscription,
    pub description: Option<Line>,
    /// Generated if absent.
    pub secret: Option<SigningSecret>,
}

impl Body for SeedWebhook {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url");
        let mode = fields.optional("mode").unwrap_or_default();
        let events: Option<Delivered> = fields.optional("events");
        let only: Option<FieldNames> = fields.optional("fields");
        let description = fields.optional("description");
        let secret = fields.optional("secret");
        fields.declare_default("mode", &Mode::default());
        let (events, only) = (events.unwrap_or_default().0, only.unwrap_or_default().0);
        // Refuses only types that `Delivered` refuses, too.
        let subscription = Subscription::new(events, only).unwrap_or_default();
        Some(Self { url: url?, mode, subscription, description, secret })
    }
}

/// Event types that can be delivered, at least one.
#[derive(Default)]
struct Delivered(Vec<EventType>);

/// Names of fields, at least one.
#[derive(Default)]
struct FieldNames(Vec<FieldName>);

fn delivered_names() -> [&'static str; DELIVERED.len()] {
    DELIVERED.map(<&str>::from)
}

impl JsonSchema for Delivered {
    fn schema() -> Schema {
        let names = schema::string().enum_values(Some(delivered_names()));
        ArrayBuilder::new().items(names).min_items(Some(1)).into()
    }
}

impl FieldValue for Delivered {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        parse_items(value, |text| {
            let known = text.parse().ok().filter(|kind| DELIVERED.contains(kind));
            known.ok_or_else(|| {
                let names = delivered_names().join(", ");
                Fault::new(Rule::InvalidEnumValue, format!("must be one of: {names}"))
            })
        })
        .map(Self)
    }
}

impl JsonSchema for FieldNames {
    fn schema() -> Schema {
        let name = schema::string().pattern(Some("^[a-z0-9_]{1,64}$"));
        ArrayBuilder::new().items(name).min_items(Some(1)).into()
    }
}

impl FieldValue for FieldNames {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        parse_items(value, FieldName::parse).map(Self)
    }
}

/// Parses an array of strings with at least one item.
fn parse_items<T>(
    value: &Value,
    parse: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, Vec<Fault>> {
    let Value::Array(items) = value else {
        return Err(Fault::wrong_type("an array of strings").into());
    };
    if items.is_empty() {
        let requirement = "must not be empty; leave it out to include all";
        return Err(Fault::new(Rule::TooSmall, requirement).into());
    }
    let (mut parsed, mut faults) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        match expect_str(item).and_then(&parse) {
            Ok(item) => parsed.push(item),
            Err(fault) => faults.push(fault.at_index(index)),
        }
    }
    if faults.is_empty() { Ok(parsed) } else { Err(faults) }
}
