//! The earlier values of what a change changed.

use serde_json::{Map, Value};

/// Keeps the fields of `before` that `after` doesn't have the same, except `updated_at`, which
/// always changes. Both are a resource as clients see it.
pub fn previous_values(
    mut before: Map<String, Value>,
    after: &Map<String, Value>,
) -> Map<String, Value> {
    // Compares as text, because clients choose the order of metadata keys and can change it.
    let text = |value: &Value| value.to_string();
    before.retain(|field, value| {
        field != "updated_at" && after.get(field).is_none_or(|now| text(now) != text(value))
    });
    before
}
