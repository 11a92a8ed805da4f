//! The bodies of requests: their schemas, as their parsers ask for properties and the resources
//! describe them, and what their parsers say of wrong ones.

use serde_json::{Map, Value, json};
use strum::VariantArray;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::problems::one_of_each;
use crate::model::contact::{Contact, ContactPatch, NewContact};
use crate::model::customer::{Customer, CustomerPatch, NewCustomer};
use crate::model::onboarding::{NewOnboarding, Onboarding, OnboardingPatch, State};
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::Problem;
use crate::model::parse::schema::{Component, about, description};

/// A body that a request can have.
pub(in crate::api) trait Request: Body {
    /// The name of its schema.
    const NAME: &'static str;
    /// What it is.
    const ABOUT: &'static str;
    /// Whether it has to mention a property, whichever.
    const IS_PATCH: bool = false;
    /// The resource whose properties it has.
    type Of: Component;

    /// What is said of a property beyond what the resource says of it.
    fn more(_property: &str) -> Option<&'static str> {
        None
    }

    /// The bodies whose properties contradict each other, if there can be any.
    fn contradiction() -> Option<Contradiction> {
        None
    }
}

/// Bodies whose properties contradict each other.
pub(in crate::api) struct Contradiction {
    /// The schema of all of them.
    schema: Value,
    /// One of them.
    example: Value,
}

impl Request for NewCustomer {
    const NAME: &'static str = "NewCustomer";
    const ABOUT: &'static str = "A customer to create.";
    type Of = Customer;
}

impl Request for CustomerPatch {
    const NAME: &'static str = "CustomerPatch";
    const ABOUT: &'static str = "The properties of a customer that are to change.";
    const IS_PATCH: bool = true;
    type Of = Customer;
}

impl Request for NewContact {
    const NAME: &'static str = "NewContact";
    const ABOUT: &'static str = "A contact to create.";
    type Of = Contact;
}

impl Request for ContactPatch {
    const NAME: &'static str = "ContactPatch";
    const ABOUT: &'static str = "The properties of a contact that are to change.";
    const IS_PATCH: bool = true;
    type Of = Contact;
}

impl Request for NewOnboarding {
    const NAME: &'static str = "NewOnboarding";
    const ABOUT: &'static str = "An onboarding to create.";
    type Of = Onboarding;

    fn more(property: &str) -> Option<&'static str> {
        match property {
            "customer_id" => Some("Its `display_id` will do as well."),
            "state" => Some(
                "When it is not sent, it is `waiting` if `waiting_on_customer` is true, and `active` \
                 otherwise.",
            ),
            "waiting_on_customer" => Some(
                "When it is not sent, it is true if the `state` is `waiting`, and false otherwise.",
            ),
            _ => None,
        }
    }

    fn contradiction() -> Option<Contradiction> {
        OnboardingPatch::contradiction()
    }
}

impl Request for OnboardingPatch {
    const NAME: &'static str = "OnboardingPatch";
    const ABOUT: &'static str = "The properties of an onboarding that are to change.";
    const IS_PATCH: bool = true;
    type Of = Onboarding;

    fn contradiction() -> Option<Contradiction> {
        let waiting = <&str>::from(State::Waiting);
        let others: Vec<&str> = State::VARIANTS
            .iter()
            .map(|&state| state.into())
            .filter(|&name| name != waiting)
            .collect();
        let schema = json!({
            "required": ["state", "waiting_on_customer"],
            "anyOf": [
                {"properties": {"state": {"const": waiting}, "waiting_on_customer": {"const": false}}},
                {"properties": {"state": {"enum": others}, "waiting_on_customer": {"const": true}}},
            ],
        });
        Some(Contradiction {
            schema,
            example: json!({"state": "active", "waiting_on_customer": true}),
        })
    }
}

/// The schema of a body.
pub(super) fn schema<R: Request>() -> Object {
    let resource = R::Of::component();
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(R::ABOUT))
        .min_properties(R::IS_PATCH.then_some(1));
    for property in Fields::asked::<R>() {
        let said = resource.properties.get(&property.name).and_then(description);
        let said: Vec<&str> = said.into_iter().chain(R::more(&property.name)).collect();
        let schema = about(property.schema, &said.join(" "));
        object = object.property(&property.name, schema);
        if property.required {
            object = object.required(property.name);
        }
    }
    // The model of the library has no word for `not`; what it calls extensions is written as it is.
    let not = R::contradiction().map(|wrong| Extensions::from_iter([("not", wrong.schema)]));
    object.extensions(not).build()
}

/// What can be wrong with a body, in the words of its parser: the first problem of each kind that
/// it finds in properties that hold what they should not.
pub(super) fn problems<R: Request>() -> Vec<Problem> {
    let wrong = [
        json!(7),
        json!("https://aurora.example/"),
        json!("two words"),
        json!(""),
        json!([""]),
        json!(-1),
        json!("x".repeat(20_000)),
        json!(vec!["x"; 100]),
        json!(u64::MAX),
    ];
    let names: Vec<String> = Fields::asked::<R>().into_iter().map(|asked| asked.name).collect();
    let single = wrong
        .iter()
        .flat_map(|value| names.iter().map(|name| Map::from_iter([(name.clone(), value.clone())])));
    let contradiction = R::contradiction().and_then(|wrong| wrong.example.as_object().cloned());
    let found = single.chain(contradiction).filter_map(|body| Fields::parse::<R>(&body).err());
    one_of_each(found.flatten())
}
