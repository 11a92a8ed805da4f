//! `docs/webhooks/events.md` is generated from the `webhooks` part of the OpenAPI document.

use serde_json::Value;

use crate::support::assert_up_to_date;
use crate::support::contract::DOCUMENT;

const INTRODUCTION: &str = "\
# Events

Every type of event that is sent to [webhooks](index.md), with an example of the body. The examples
tell one story: Aurora Shipping becomes a customer, goes through its onboarding, and leaves.

Types may be [added](../versioning.md). Ignore those that you don't know.
";

#[test]
fn the_webhook_events_in_the_repository_are_up_to_date() {
    assert_up_to_date("docs/webhooks/events.md", &page(), "the_webhook_events");
}

fn page() -> String {
    let webhooks = DOCUMENT["webhooks"].as_object().unwrap();
    let mut page = INTRODUCTION.to_owned();
    page += "\n| Type | Sent |\n|---|---|\n";
    for (kind, webhook) in webhooks {
        page += &format!("| [`{kind}`](#{}) | {} |\n", anchor(kind), when(webhook));
    }
    for (kind, webhook) in webhooks {
        let content = &webhook["post"]["requestBody"]["content"]["application/json"];
        let schema = content["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let example = serde_json::to_string_pretty(&content["example"]).unwrap();
        page += &format!("\n## `{kind}`\n\n{}\n\n", description(webhook));
        page += &format!("```json schema={schema}\n{example}\n```\n");
    }
    page
}

/// The anchor of the heading of a type.
fn anchor(kind: &str) -> String {
    kind.replace('.', "")
}

/// The description without its last sentence, which repeats the type.
fn description(webhook: &Value) -> &str {
    let text = webhook["post"]["description"].as_str().unwrap();
    text.split_once(" The field `type`").unwrap().0
}

/// The first sentence without its first word: "when a customer is created".
fn when(webhook: &Value) -> &str {
    let text = description(webhook).trim_start_matches("Addition: ");
    let (_, text) = text.split_once(' ').unwrap();
    text.split(". ").next().unwrap().trim_end_matches('.')
}
