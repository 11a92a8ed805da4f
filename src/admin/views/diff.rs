//! The fields that an event changed, with their values before and after, or all fields if there are
//! no earlier values. For the audit log.

use serde_json::{Map, Value};

/// A changed field. None where it had no value.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::admin) struct Change {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::admin) enum Diff {
    Changes(Vec<Change>),
    /// All fields, when the resource was created or deleted.
    AllFields(Vec<(String, Option<String>)>),
}

/// Compares a resource with its previous values. Both are the text of JSON objects.
pub(in crate::admin) fn diff(object: &str, previous: Option<&str>) -> Diff {
    let object = read(object);
    let Some(previous) = previous.map(read) else {
        let all = object.iter().map(|(field, value)| (field.clone(), display_value(value)));
        return Diff::AllFields(all.collect());
    };
    let mut changes = Vec::new();
    for (field, before) in &previous {
        compare(field, Some(before), object.get(field), &mut changes);
    }
    Diff::Changes(changes)
}

fn read(text: &str) -> Map<String, Value> {
    // The store only keeps objects. If there were something else, there would be no fields to show.
    serde_json::from_str(text).unwrap_or_default()
}

/// Adds the changes to one field. Objects, such as metadata, are compared key by key.
fn compare(field: &str, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<Change>) {
    let count_before = changes.len();
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (before, after) {
        for (key, value) in old {
            if new.get(key) != Some(value) {
                compare(&format!("{field}.{key}"), Some(value), new.get(key), changes);
            }
        }
        for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
            compare(&format!("{field}.{key}"), None, Some(value), changes);
        }
    }
    // Not an object, or only the order of its keys changed.
    if changes.len() == count_before {
        let field = field.to_owned();
        changes.push(Change {
            field,
            before: before.and_then(display_value),
            after: after.and_then(display_value),
        });
    }
}

/// Formats a value. Returns `None` for null.
fn display_value(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => Some("\"\"".to_owned()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) if items.iter().all(Value::is_string) && !items.is_empty() => {
            let items = items.iter().filter_map(Value::as_str);
            Some(items.collect::<Vec<_>>().join("\n"))
        }
        Value::Array(_) | Value::Object(_) => {
            Some(serde_json::to_string_pretty(value).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(object: &str, previous: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let Diff::Changes(changes) = diff(object, Some(previous)) else { panic!() };
        changes.into_iter().map(|change| (change.field, change.before, change.after)).collect()
    }

    fn change(
        field: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> (String, Option<String>, Option<String>) {
        (field.to_owned(), before.map(str::to_owned), after.map(str::to_owned))
    }

    #[test]
    fn only_changed_fields_are_listed() {
        let object = r#"{"name":"B","mrr":12.50,"domain":null,"primary":true,"tags":["a","b"]}"#;
        let previous = r#"{"mrr":10,"domain":"x.example","primary":false,"tags":[]}"#;
        assert_eq!(
            changes(object, previous),
            [
                change("mrr", Some("10"), Some("12.50")),
                change("domain", Some("x.example"), None),
                change("primary", Some("no"), Some("yes")),
                change("tags", Some("[]"), Some("a\nb")),
            ]
        );
    }

    #[test]
    fn metadata_is_compared_key_by_key() {
        let object = r#"{"metadata":{"kept":1,"new":"x","changed":2}}"#;
        let previous = r#"{"metadata":{"kept":1,"gone":"y","changed":1}}"#;
        assert_eq!(
            changes(object, previous),
            [
                change("metadata.gone", Some("y"), None),
                change("metadata.changed", Some("1"), Some("2")),
                change("metadata.new", None, Some("x")),
            ]
        );
    }

    #[test]
    fn reordered_keys_are_shown_as_one_change() {
        let changes = changes(r#"{"metadata":{"a":1,"b":2}}"#, r#"{"metadata":{"b":2,"a":1}}"#);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].0, "metadata");
        assert_ne!(changes[0].1, changes[0].2);
    }

    #[test]
    fn a_removed_field_has_only_a_value_before() {
        assert_eq!(changes("{}", r#"{"old":"x"}"#), [change("old", Some("x"), None)]);
    }

    #[test]
    fn without_previous_values_all_fields_are_listed() {
        let object = r#"{"object":"contact","title":null,"name":"","n":123456789012345678901}"#;
        let whole = [
            ("object", Some("contact")),
            ("title", None),
            ("name", Some("\"\"")),
            ("n", Some("123456789012345678901")),
        ];
        let whole = whole.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        assert_eq!(diff(object, None), Diff::AllFields(whole.to_vec()));
        assert_eq!(diff("[]", None), Diff::AllFields(Vec::new()));
    }
}
