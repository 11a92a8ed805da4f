//! The lines of an export after the first: each is an object as the API returns it. A deleted
//! resource has `deleted_at` as its last field.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::entry::{
    ContactRow, CustomerKey, CustomerRow, Entry, OnboardingRow, Row, known_fields, unknown_fields,
};
use super::event::ImportedEvent;
use super::fault::{ImportFault, Place, json_message, message_without_position};
use super::summary::Kind;
use crate::model::customer::Customer;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::unique_keys::check_unique_keys;
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
#[serde(expecting = "an object")]
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
            .map_err(|error| fault(format!("is not a JSON object: {}", json_message(&error))))?;
        check_unique_keys(line).map_err(|error| fault(message_without_position(&error)))?;
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
    let object: Map<String, Value> = serde_json::from_str(line).map_err(|error| {
        vec![ImportFault::new(place, format!("is not a JSON object: {}", json_message(&error)))]
    })?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::examples;
    use crate::model::transfer::event_line;

    fn parse(line: &str) -> Result<Entry, Vec<String>> {
        let parsed = LineParser::default().parse(&Place::Line(7), line);
        parsed.map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    fn faults(line: &str) -> Vec<String> {
        parse(line).err().unwrap()
    }

    /// One line of each type.
    fn lines() -> Vec<String> {
        let customer = serde_json::to_string(&examples::customer()).unwrap();
        vec![
            with_deleted_at(&customer, examples::time(9_999_999)),
            serde_json::to_string(&examples::contact()).unwrap(),
            serde_json::to_string(&examples::onboarding()).unwrap(),
            event_line(&examples::onboarding_event()).unwrap(),
            customer,
        ]
    }

    #[test]
    fn what_is_exported_can_be_imported() {
        let entries: Vec<Entry> =
            lines().iter().map(|line| parse(line).unwrap_or_else(|e| panic!("{e:?}"))).collect();
        let Entry::Customer(deleted) = &entries[0] else { panic!("not a customer") };
        assert_eq!(deleted.deleted_at, Some(examples::time(9_999_999)));
        assert_eq!(deleted.id, Some(examples::customer().id));
        let Entry::Contact { customer: CustomerKey::Ref(Ref::Id(id)), .. } = &entries[1] else {
            panic!("not a contact")
        };
        assert_eq!(id, &examples::customer().id);
        assert!(matches!(&entries[2], Entry::Onboarding { row, .. } if row.created_at.is_some()));
        let Entry::Event(event) = &entries[3] else { panic!("not an event") };
        assert_eq!(event.object.get(), examples::onboarding_event().object.get());
    }

    #[test]
    fn all_faults_of_a_line_are_reported() {
        let line = json!({"object": "contact", "id": "x", "display_id": 0, "name": "", "color": 1,
            "created_at": "2026-02-01", "updated_at": "2026-01-01"});
        assert_eq!(
            faults(&line.to_string()),
            [
                "line 7: customer_id is required",
                "line 7: id must be an ID: c, followed by 24 to 31 lowercase letters and digits",
                "line 7: display_id must be between 1 and 9007199254740991",
                "line 7: name must not be empty",
                "line 7: email is required",
                "line 7: updated_at needs a created_at that is not later",
                "line 7: color is not a known field",
            ]
        );
        let mut highest: Value = serde_json::from_str(&lines()[4]).unwrap();
        highest["display_id"] = json!(9_007_199_254_740_991_i64);
        let fault =
            "line 7: display_id must be less than 9007199254740991, so that another can follow";
        assert_eq!(faults(&highest.to_string()), [fault]);
        let line = json!({"object": "customer", "name": "Aurora"}).to_string();
        let missing = ["id", "display_id", "created_at", "updated_at"];
        assert_eq!(faults(&line), missing.map(|name| format!("line 7: {name} is required")));
        for repeated in [r#""id":"x","id":"y""#, r#""data":{"object":{"id":1,"id":2}}"#] {
            let line = format!(r#"{{"object":"event",{repeated}}}"#);
            let fault = "line 7: the key `id` occurs twice in the same object; keep one of them";
            assert_eq!(faults(&line), [fault]);
        }
        for (line, fault) in [
            ("{", "line 7: is not a JSON object: EOF while parsing"),
            ("[]", "line 7: "),
            ("{}", "line 7: object is required"),
            (r#"{"object":"export"}"#, "line 7: object must be one of: customer, contact,"),
            (r#"{"object":"event","id":"x"}"#, "line 7: missing field"),
        ] {
            assert!(faults(line)[0].starts_with(fault), "{:?}", faults(line));
        }
    }

    #[test]
    fn an_event_needs_a_resource_that_fits_its_type() {
        let valid: Value = serde_json::from_str(&lines()[3]).unwrap();
        for (path, value, fault) in [
            ("/type", json!("customer.eaten"), "type customer.eaten is not known"),
            ("/id", json!("evt_1"), "id must be evt_"),
            ("/api_version", json!("v2"), "api_version must be v1"),
            ("/actor/type", json!("ghost"), "actor.type is not known"),
            ("/data/object", json!({"id": "c1"}), "data.object."),
            ("/data/object", json!([]), "data.object: "),
            ("/data/previous_attributes", json!([]), "data.previous_attributes"),
        ] {
            let mut event = valid.clone();
            *event.pointer_mut(path).unwrap() = value;
            let found = faults(&event.to_string());
            assert!(found[0].starts_with(&format!("line 7: {fault}")), "{found:?}");
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..3)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn garbage_never_causes_a_panic(line in ".{0,80}") {
            let _ = parse(&line);
        }

        #[test]
        fn a_line_with_one_wrong_value_never_causes_a_panic(
            number in 0usize..5,
            field in any::<prop::sample::Index>(),
            value in json_value(),
            cut in any::<prop::sample::Index>(),
        ) {
            let line = lines().swap_remove(number);
            let mut object: Map<String, Value> = serde_json::from_str(&line).unwrap();
            let name = object.keys().nth(field.index(object.len())).unwrap().clone();
            object[&name] = value;
            let _ = parse(&Value::Object(object).to_string());
            let mut at = cut.index(line.len());
            while !line.is_char_boundary(at) {
                at -= 1;
            }
            prop_assert!(parse(&line[..at]).is_err());
        }
    }
}
