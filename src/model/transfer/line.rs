//! The lines of an export after the first: each is an object as the API returns it. A deleted
//! resource has `deleted_at` as its last field.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::entry::{
    ContactRow, CustomerKey, CustomerRow, Entry, OnboardingRow, Row, known_fields, unknown_fields,
};
use super::event::ImportedEvent;
use super::fault::{ImportFault, Place};
use super::summary::Kind;
use crate::model::customer::Customer;
use crate::model::parse::fields::{Body, Fields};
use crate::model::values::id::{Id, Ref};
use crate::model::values::time::Timestamp;

/// Parses lines.
pub struct LineParser {
    customer_fields: HashSet<String>,
    contact_fields: HashSet<String>,
    onboarding_fields: HashSet<String>,
}

/// A row with the customer that it belongs to.
struct Owned<B> {
    customer: Id<Customer>,
    row: B,
}

impl<B: Body> Body for Owned<B> {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let customer = fields.required("customer_id");
        let row = B::read(fields);
        Some(Self { customer: customer?, row: row? })
    }
}

#[derive(Deserialize)]
struct Tag {
    object: Option<String>,
}

impl Default for LineParser {
    fn default() -> Self {
        fn fields<B: Body>() -> HashSet<String> {
            let mut known = known_fields::<B>();
            known.insert("object".to_owned());
            known
        }
        Self {
            customer_fields: fields::<CustomerRow>(),
            contact_fields: fields::<Owned<ContactRow>>(),
            onboarding_fields: fields::<Owned<OnboardingRow>>(),
        }
    }
}

impl LineParser {
    /// Parses a line.
    ///
    /// # Errors
    /// Returns all faults, at least one.
    pub fn parse(&self, place: &Place, line: &str) -> Result<Entry, Vec<ImportFault>> {
        let fault = |message: String| vec![ImportFault::new(place, message)];
        let tag: Tag = serde_json::from_str(line)
            .map_err(|error| fault(format!("is not a JSON object: {error}")))?;
        let name = tag.object.ok_or_else(|| fault("object is required".to_owned()))?;
        match name.parse() {
            Ok(Kind::Event) => match ImportedEvent::parse(line) {
                Ok(event) => Ok(Entry::Event(Box::new(event))),
                Err(message) => Err(fault(message)),
            },
            Ok(Kind::Customer) => {
                let row: CustomerRow = resource(place, line, &self.customer_fields)?;
                complete(place, &row)?;
                Ok(Entry::Customer(row))
            }
            Ok(Kind::Contact) => {
                let Owned { customer, row } = resource(place, line, &self.contact_fields)?;
                complete(place, &row)?;
                Ok(Entry::Contact { customer: CustomerKey::Ref(Ref::Id(customer)), row })
            }
            Ok(Kind::Onboarding) => {
                let Owned { customer, row } = resource(place, line, &self.onboarding_fields)?;
                complete(place, &row)?;
                Ok(Entry::Onboarding { customer: CustomerKey::Ref(Ref::Id(customer)), row })
            }
            Err(_) => {
                Err(fault("object must be one of: customer, contact, onboarding, event".to_owned()))
            }
        }
    }
}

/// Parses the line of a resource.
fn resource<B: Body>(
    place: &Place,
    line: &str,
    known: &HashSet<String>,
) -> Result<B, Vec<ImportFault>> {
    let object: Map<String, Value> = serde_json::from_str(line)
        .map_err(|error| vec![ImportFault::new(place, format!("is not a JSON object: {error}"))])?;
    let unknown = unknown_fields(place, &object, known);
    match Fields::parse(&object) {
        Ok(parsed) if unknown.is_empty() => Ok(parsed),
        Ok(_) => Err(unknown),
        Err(problems) => {
            let mut faults = ImportFault::from_problems(place, problems);
            faults.extend(unknown);
            Err(faults)
        }
    }
}

/// Every object that the API returns has these fields.
fn complete<R, B>(place: &Place, row: &Row<R, B>) -> Result<(), Vec<ImportFault>> {
    let fields = [
        ("id", row.id.is_some()),
        ("display_id", row.display_id.is_some()),
        ("created_at", row.created_at.is_some()),
        ("updated_at", row.updated_at.is_some()),
    ];
    let missing = fields.into_iter().filter(|(_, is_present)| !is_present);
    let faults: Vec<ImportFault> = missing
        .map(|(name, _)| ImportFault {
            place: place.clone(),
            field: Some(name.to_owned()),
            message: format!("{name} is required"),
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Appends `deleted_at` to the object of a deleted resource.
pub fn with_deleted_at(object: &str, deleted_at: Timestamp) -> String {
    let fields = object.strip_suffix('}').unwrap_or(object);
    format!("{fields},\"deleted_at\":\"{deleted_at}\"}}")
}
