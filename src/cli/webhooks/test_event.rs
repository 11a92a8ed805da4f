//! `webhooks send-test`

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::super::context::Context;
use super::super::output::failure::Failure;
use super::deliveries::print_queued;
use super::failures::{no_such_endpoint, other, scope_of, with_advice};
use crate::model::event::EventType;
use crate::model::plain_words::io_reason;
use crate::model::webhook::envelope::SyntheticEvent;
use crate::model::webhook::examples::example;
use crate::model::webhook::id::EndpointId;

/// The largest file, in bytes: the same limit as for the API's request bodies.
const MAX_DATA: u64 = 1 << 20;

/// The data of an event.
#[derive(Debug)]
struct Data {
    object: Box<RawValue>,
    previous_attributes: Option<Box<RawValue>>,
}

pub fn send(
    context: &Context,
    id: &EndpointId,
    kind: EventType,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let Data { object, previous_attributes } = match file {
        Some(file) => {
            let text = read(file).map_err(|error| cannot_use(file, &io_reason(&error)))?;
            parse(&text).map_err(|error| cannot_use(file, &error))?
        }
        None => example_data(kind)?,
    };
    let store = context.store()?;
    let (scope, endpoint) = (scope_of(&store, id)?, id.clone());
    let queued = store.write_blocking(scope, move |tx| {
        tx.send_test_event(&endpoint, |org_id, now| {
            let previous = previous_attributes.as_deref();
            SyntheticEvent::test(kind.into(), &object, previous, org_id, now)
        })
    });
    if !queued.map_err(|error| with_advice(id, error))? {
        return Err(no_such_endpoint(id));
    }
    print_queued(context, 1)
}

fn example_data(kind: EventType) -> Result<Data, Failure> {
    let example = example(kind).ok_or_else(|| other("this event is never delivered"))?;
    Ok(Data { object: example.object, previous_attributes: example.previous_attributes })
}

/// Reads a file, or stdin if its name is `-`. Stops one byte after [`MAX_DATA`], so that the caller
/// can detect a file that is too large.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if file == Path::new("-") {
        io::stdin().lock().take(MAX_DATA + 1).read_to_end(&mut text)?;
    } else {
        File::open(file)?.take(MAX_DATA + 1).read_to_end(&mut text)?;
    }
    Ok(text)
}

/// Parses a resource, or a resource with previous attributes. In the second case, `object` is an
/// object instead of a type name.
fn parse(text: &[u8]) -> Result<Data, String> {
    if text.len() as u64 > MAX_DATA {
        return Err("it must be at most 1 MiB".to_owned());
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let value: Value =
        serde_json::from_slice(text).map_err(|error| format!("it must be JSON: {error}"))?;
    let Value::Object(mut fields) = value else {
        return Err("it must be a JSON object".to_owned());
    };
    let (object, previous) = match fields.get("object") {
        Some(Value::Object(_)) => {
            let object = fields.remove("object").unwrap_or_default();
            (object, take_previous(fields)?)
        }
        _ => (Value::Object(fields), Value::Null),
    };
    let raw = |value: &Value| to_raw_value(value).map_err(|error| error.to_string());
    let previous_attributes = if previous.is_null() { None } else { Some(raw(&previous)?) };
    Ok(Data { object: raw(&object)?, previous_attributes })
}

fn take_previous(mut fields: Map<String, Value>) -> Result<Value, String> {
    let previous = fields.remove("previous_attributes").unwrap_or_default();
    if let Some(name) = fields.keys().next() {
        return Err(format!(
            "next to an `object` that is an object, only `previous_attributes` can be set, not {name:?}"
        ));
    }
    match previous {
        Value::Object(_) | Value::Null => Ok(previous),
        _ => Err("`previous_attributes` must be a JSON object or null".to_owned()),
    }
}

fn cannot_use(file: &Path, why: &str) -> Failure {
    Failure::Other(format!("can't use {} as the event's data: {why}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> (String, Option<String>) {
        let data = parse(text.as_bytes()).unwrap();
        let previous = data.previous_attributes.map(|previous| previous.get().to_owned());
        (data.object.get().to_owned(), previous)
    }

    #[test]
    fn data_is_a_resource_with_or_without_previous_attributes() {
        let customer = r#"{"object":"customer","b":1.50,"a":"é"}"#;
        assert_eq!(texts(customer), (customer.to_owned(), None));
        assert_eq!(texts("\u{feff}{ }\n"), ("{}".to_owned(), None));
        let both = format!(r#"{{"previous_attributes": {{"b": null}}, "object": {customer}}}"#);
        assert_eq!(texts(&both), (customer.to_owned(), Some(r#"{"b":null}"#.to_owned())));
        let null = format!(r#"{{"object": {customer}, "previous_attributes": null}}"#);
        assert_eq!(texts(&null), (customer.to_owned(), None));
    }

    #[test]
    fn other_data_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "must be JSON"),
            ("{", "must be JSON"),
            ("[]", "a JSON object"),
            (r#"{"object": {}, "previous_attributes": []}"#, "`previous_attributes` must be"),
            (r#"{"object": {}, "type": "x"}"#, r#"not "type""#),
        ] {
            assert!(parse(text.as_bytes()).unwrap_err().contains(reason), "{text}");
        }
        let long = format!(r#"{{"a":"{}"}}"#, "a".repeat(1 << 20));
        assert!(parse(long.as_bytes()).unwrap_err().contains("1 MiB"));
    }
}
