//! A whole seed.

use serde_json::{Map, Value};

use super::key::SeedKey;
use super::reader::Reader;
use super::rows::{RowShapes, raw_rows};
use super::shape::Shape;
use super::text;
use super::webhook::SeedWebhook;
use crate::model::parse::fields::Body;
use crate::model::transfer::{Entry, ImportFault, Place};
use crate::model::values::time::Timestamp;
use crate::model::workspace::NewWorkspace;

/// The fields of a seed.
pub(super) const FIELDS: &[&str] =
    &["$schema", "workspace", "customers", "contacts", "onboardings", "keys", "webhooks"];

/// How an export begins.
const EXPORT: &[u8] = br#"{"object":"export""#;

/// What a workspace contains. Relative times count from the time at which the seed was read.
pub struct Seed {
    document: Map<String, Value>,
    now: Timestamp,
    shapes: RowShapes,
    /// The workspace that the seed is for, if it names one.
    pub workspace: Option<NewWorkspace>,
    pub keys: Vec<Placed<SeedKey>>,
    pub webhooks: Vec<Placed<SeedWebhook>>,
    /// What is wrong outside the rows. Those report their own faults.
    pub faults: Vec<ImportFault>,
}

/// Something with its path in the seed.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    pub place: String,
    pub value: T,
}

impl<T> Placed<T> {
    /// Creates a fault of one of its fields.
    pub fn fault(&self, field: &str, message: impl Into<String>) -> ImportFault {
        let place = Place::Path(format!("{}.{field}", self.place));
        ImportFault { place, field: Some(field.to_owned()), message: message.into() }
    }
}

/// A row of a seed with its path.
pub struct SeedRow {
    pub place: Place,
    pub entry: Result<Entry, Vec<ImportFault>>,
}

impl Seed {
    /// Reads the text of a seed file, in JSON or YAML.
    ///
    /// # Errors
    /// If it is neither. Everything else that can be wrong with it is in [`Seed::faults`] and in
    /// the rows.
    pub fn read(text: &[u8], now: Timestamp) -> Result<Self, ImportFault> {
        if text.starts_with(EXPORT) {
            let message = "this is an export in JSON Lines, not a seed; its format is jsonl";
            return Err(ImportFault::new(&Place::Line(1), message));
        }
        let value = text::parse(text).map_err(|error| match error.at {
            Some((line, column)) => {
                let message = format!("column {column}: {}", error.message);
                ImportFault::new(&Place::Line(line), message)
            }
            None => ImportFault::new(&whole_seed(), error.message),
        })?;
        Self::from_json(value, now)
    }

    /// Reads a seed that is part of a JSON document.
    ///
    /// # Errors
    /// If it is not an object.
    pub fn from_json(value: Value, now: Timestamp) -> Result<Self, ImportFault> {
        let document = match value {
            Value::Object(document) => document,
            Value::Null => {
                return Err(ImportFault::new(&whole_seed(), "the seed is empty"));
            }
            _ => {
                let message = format!("a seed must be an object with {}", FIELDS[1..].join(", "));
                return Err(ImportFault::new(&whole_seed(), message));
            }
        };
        let mut reader = Reader::new(now);
        let own = Shape { noun: "seed", fields: Vec::new(), others: FIELDS, misplaced: &[] };
        for name in document.keys().filter(|name| !own.has(name)) {
            reader.report("", name, own.explain_unknown(name));
        }
        if document.get("$schema").is_some_and(|schema| !schema.is_string()) {
            reader.report("", "$schema", "$schema must be a string");
        }
        let workspace = document.get("workspace").and_then(|value| {
            let object = reader.object(value, "workspace")?;
            reader.parse(object, "workspace", &Shape::of::<NewWorkspace>("workspace"))
        });
        let keys = read_list(&mut reader, &document, "keys", "key");
        let webhooks = read_list(&mut reader, &document, "webhooks", "webhook");
        // Only for the lists that aren't lists.
        raw_rows(&mut reader, &document);
        let (shapes, faults) = (RowShapes::default(), reader.faults);
        Ok(Self { document, now, shapes, workspace, keys, webhooks, faults })
    }

    /// Whether the seed has a `workspace`, valid or not.
    pub fn names_workspace(&self) -> bool {
        self.document.contains_key("workspace")
    }

    /// Returns the rows, each customer before its contacts and onboardings. Parses each row when it
    /// is its turn.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = SeedRow> {
        let rows = raw_rows(&mut Reader::new(self.now), &self.document);
        rows.into_iter().map(|row| {
            let mut reader = Reader::new(self.now);
            let entry = match row.parse(&mut reader, &self.shapes) {
                Some(entry) if reader.faults.is_empty() => Ok(entry),
                _ => Err(reader.faults),
            };
            SeedRow { place: Place::Path(row.place), entry }
        })
    }
}

fn read_list<B: Body>(
    reader: &mut Reader,
    document: &Map<String, Value>,
    name: &'static str,
    noun: &'static str,
) -> Vec<Placed<B>> {
    let shape = Shape::of::<B>(noun);
    let mut found = Vec::new();
    for (place, value) in reader.list(document, "", name) {
        let Some(object) = reader.object(value, &place) else { continue };
        if let Some(value) = reader.parse(object, &place, &shape) {
            found.push(Placed { place, value });
        }
    }
    found
}

fn whole_seed() -> Place {
    Place::Path("seed".to_owned())
}
