//! The JSON Schema of seed files, generated from the same parsers that read them.

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{Object, Schema as Inline};

use super::document::FIELDS;
use super::key::SeedKey;
use super::relative_time;
use super::rows::RowShapes;
use super::shape::Shape;
use super::webhook::SeedWebhook;
use crate::model::contact::Contact;
use crate::model::customer::{Customer, CustomerStatus};
use crate::model::key::{Mode, Scope, Tier};
use crate::model::onboarding::{Onboarding, OnboardingPatch, Phase, State};
use crate::model::parse::schema::{Component, Schema, description};
use crate::model::workspace::NewWorkspace;

/// Where the server serves the schema.
pub const SCHEMA_PATH: &str = "/docs/seed.schema.json";

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Where the schemas of the model refer to each other, and where they are here.
const COMPONENTS: &str = "#/components/schemas/";
const DEFINITIONS: &str = "#/$defs/";

/// The descriptions of the fields that no resource has.
const OWN_FIELDS: &[(&str, &str)] = &[
    ("object", "The object's type, as in responses of the API."),
    ("deleted_at", "When it was deleted. Leave it out unless it is deleted."),
    ("customer", "The slug of the customer that it belongs to."),
    ("contacts", "The customer's contacts."),
    ("onboardings", "The customer's onboardings."),
];

/// Returns the schema of a seed. `origin` is where the server is.
pub fn seed_schema(origin: &str) -> Value {
    let shapes = RowShapes::default();
    let mut definitions = Map::new();
    let mut define = |name: &str, schema: Value| definitions.insert(name.to_owned(), schema);
    let (customer, contact, onboarding) =
        (Customer::component(), Contact::component(), Onboarding::component());
    define("Workspace", workspace());
    define("Customer", row("A customer.", &shapes.customer, &customer));
    define(
        "Contact",
        row("A contact of the customer around it.", &shapes.nested_contact, &contact),
    );
    define(
        "Onboarding",
        onboarding_row(
            "An onboarding of the customer around it.",
            &shapes.nested_onboarding,
            &onboarding,
        ),
    );
    define(
        "ListedContact",
        listed(row("A contact with its customer.", &shapes.listed_contact, &contact)),
    );
    define(
        "ListedOnboarding",
        listed(onboarding_row(
            "An onboarding with its customer.",
            &shapes.listed_onboarding,
            &onboarding,
        )),
    );
    define("Key", key());
    define("Webhook", webhook());
    for (name, component) in [
        component::<CustomerStatus>(),
        component::<Phase>(),
        component::<State>(),
        component::<Mode>(),
        component::<Tier>(),
        component::<Scope>(),
    ] {
        define(&name, component);
    }
    let mut schema = json!({
        "$schema": DIALECT,
        "$id": format!("{origin}{SCHEMA_PATH}"),
        "title": "Pivotal seed file",
        "description": "What a workspace contains. Everything is optional. Times can be relative \
            to the import, such as -3d, +2w, or -1d12h.",
        "type": "object",
        "properties": properties(),
        "additionalProperties": false,
        "$defs": definitions,
    });
    move_references(&mut schema);
    schema
}

fn properties() -> Value {
    let list = |name: &str, text: &str| {
        let items = json!({"$ref": format!("{DEFINITIONS}{name}")});
        json!({"type": "array", "items": items, "description": text})
    };
    let schemas = [
        json!({"type": "string", "description": "The URL of this schema, for editors."}),
        json!({"$ref": format!("{DEFINITIONS}Workspace")}),
        list("Customer", "Customers, with their contacts and onboardings."),
        list("ListedContact", "Contacts outside their customers."),
        list("ListedOnboarding", "Onboardings outside their customers."),
        list("Key", "API keys."),
        list("Webhook", "Webhook endpoints."),
    ];
    FIELDS.iter().map(|&name| name.to_owned()).zip(schemas).collect::<Map<_, _>>().into()
}

fn workspace() -> Value {
    let text = "The workspace that the seed is for. It is created if it doesn't exist. Not needed \
                if another one is given where the seed is used.";
    object(text, &Shape::of::<NewWorkspace>("workspace"), |name| match name {
        "slug" => "The workspace's short name on the command line and in URLs.".to_owned(),
        _ => "The display name of the workspace, if it is created.".to_owned(),
    })
}

fn key() -> Value {
    let text = "An API key. It is printed when it is created.";
    let mut schema = object(text, &Shape::of::<SeedKey>("key"), |name| {
        match name {
            "name" => "The key's name.",
            "mode" => "Whether it is a live or a test key.",
            "tier" => "Determines how many requests per minute the key may make.",
            "scopes" => "What the key may do. All scopes if absent.",
            _ => {
                "A key of your own, as `pivotal-server keys generate` prints it. Anyone who can \
                 read the seed can use it. Generated if absent."
            }
        }
        .to_owned()
    });
    let of_other_mode = |mode: &str, pattern: &str| {
        json!({"required": ["mode", "key"], "properties": {
            "mode": {"const": mode},
            "key": {"type": "string", "pattern": pattern},
        }})
    };
    schema["not"] = json!({"anyOf": [
        of_other_mode("live", "^pivotal_test_"),
        of_other_mode("test", "^pivotal_[^_]*$"),
    ]});
    schema
}

fn webhook() -> Value {
    object("A webhook endpoint.", &Shape::of::<SeedWebhook>("webhook"), |name| {
        match name {
            "url" => "Where events are sent. Checked like the URL of `webhooks create`.",
            "mode" => "Whether it receives live or test events.",
            "events" => "The types of events to send. All of them if absent.",
            "fields" => {
                "For `*.updated` events: send them only if one of these fields has changed."
            }
            "description" => "A description for your own use.",
            _ => {
                "The signing secret, `whsec_` followed by 24 to 64 bytes in base64. Generated and \
                 printed if absent."
            }
        }
        .to_owned()
    })
}

fn row(text: &str, shape: &Shape, resource: &Object) -> Value {
    let mut schema = object(text, shape, |name| {
        let own = OWN_FIELDS.iter().find(|(own, _)| *own == name).map(|(_, text)| *text);
        let of_resource = || resource.properties.get(name).and_then(description);
        let text = own.or_else(of_resource).unwrap_or_default();
        // The API always assigns them, so their descriptions don't say when.
        let assigned = matches!(name, "id" | "display_id" | "created_at" | "updated_at");
        format!("{text}{}", if assigned { " Assigned if absent." } else { "" })
    });
    schema["dependentRequired"] =
        json!({"updated_at": ["created_at"], "deleted_at": ["created_at", "id"]});
    schema
}

fn onboarding_row(text: &str, shape: &Shape, resource: &Object) -> Value {
    let mut schema = row(text, shape, resource);
    schema["not"] = OnboardingPatch::contradiction_schema();
    schema
}

/// Requires exactly one of the two ways to name the customer.
fn listed(mut schema: Value) -> Value {
    schema["oneOf"] = json!([{"required": ["customer"]}, {"required": ["customer_id"]}]);
    schema
}

/// Builds the schema of an object from what its parser declares.
fn object(text: &str, shape: &Shape, describe: impl Fn(&str) -> String) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in &shape.fields {
        let is_time = relative_time::is_time(&field.schema);
        let schema = field.schema.clone();
        let schema = if is_time { relative_time::allow_relative(schema) } else { schema };
        properties.insert(field.name.clone(), described(&schema, describe(&field.name)));
        if field.required {
            required.push(field.name.as_str());
        }
    }
    for &name in shape.others {
        let schema = match name {
            "contacts" => json!({"type": "array", "items": {"$ref": "#/$defs/Contact"}}),
            "onboardings" => json!({"type": "array", "items": {"$ref": "#/$defs/Onboarding"}}),
            _ => json!({"const": shape.noun}),
        };
        properties.insert(name.to_owned(), with_text(schema, describe(name)));
    }
    let mut schema = json!({"type": "object", "description": text, "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(false);
    schema
}

fn described(schema: &Schema, text: String) -> Value {
    // A schema without special values can always be serialized.
    with_text(serde_json::to_value(schema).unwrap_or_default(), text)
}

fn with_text(mut schema: Value, text: String) -> Value {
    if let Some(object) = schema.as_object_mut().filter(|_| !text.is_empty()) {
        object.insert("description".to_owned(), text.into());
    }
    schema
}

fn component<C: Component>() -> (String, Value) {
    let schema: Schema = Inline::Object(C::component()).into();
    (C::NAME.to_owned(), serde_json::to_value(schema).unwrap_or_default())
}

/// Makes references lead to the definitions of this schema.
fn move_references(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(target) if name == "$ref" => {
                        *target = target.replace(COMPONENTS, DEFINITIONS);
                    }
                    value => move_references(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(move_references),
        _ => {}
    }
}
