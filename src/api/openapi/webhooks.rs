//! The `webhooks` part of the document: the requests that endpoints receive. Code generators make
//! the types of a receiver from it.

use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem,
    PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{ResponseBuilder, Responses};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{Paths, Ref, RefOr, Required};

use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::event::{API_VERSION, EventType};
use crate::model::onboarding::Onboarding;
use crate::model::parse::schema::{Component, JsonSchema, ObjectSchema, Schema, nullable, string};
use crate::model::values::time::Timestamp;
use crate::model::webhook::envelope::PING;
use crate::model::webhook::examples::{ExampleEvent, examples};
use crate::model::workspace::WorkspaceId;

const SVIX_ID: &str = "SvixId";
const SVIX_TIMESTAMP: &str = "SvixTimestamp";
const SVIX_SIGNATURE: &str = "SvixSignature";
/// The schemas of `data`, one for each type of resource.
const CUSTOMER_DATA: &str = "CustomerEventData";
const CONTACT_DATA: &str = "ContactEventData";
const ONBOARDING_DATA: &str = "OnboardingEventData";
const PING_DATA: &str = "WebhookPingEventData";

/// Builds an entry for every type of event that is delivered.
pub(super) fn webhooks() -> Paths {
    let entry = |example: ExampleEvent| {
        (example.kind, PathItem::new(HttpMethod::Post, operation(&example)))
    };
    let all = examples().into_iter().map(entry);
    all.fold(PathsBuilder::new(), |paths, (kind, item)| paths.path(kind, item)).build()
}

/// Returns the header parameters that all entries refer to, by name.
pub(super) fn parameters() -> Vec<(&'static str, Parameter)> {
    let header = |name, description, pattern, example: &str| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(string().pattern(Some(pattern))))
            .example(Some(json!(example)))
            .build()
    };
    vec![
        (
            SVIX_ID,
            header(
                "svix-id",
                "The ID of the delivery, the same for every attempt. It is not the ID of the event. \
                 `webhook-id` has the same value.",
                "^msg_[a-z0-9]{25}$",
                "msg_03hakp1wqk2s8d5y0f7b4n6tc",
            ),
        ),
        (
            SVIX_TIMESTAMP,
            header(
                "svix-timestamp",
                "The time of this attempt, in seconds since 1970. `webhook-timestamp` has the same \
                 value.",
                "^[0-9]+$",
                "1795497316",
            ),
        ),
        (
            SVIX_SIGNATURE,
            header(
                "svix-signature",
                "`v1,` and the base64 of the HMAC-SHA256 of `svix-id`, `svix-timestamp`, and the \
                 body, joined by periods. Within 24 hours after a rotation, there are two signatures, \
                 separated by a space. `webhook-signature` has the same value.",
                "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ),
    ]
}

/// Returns the schemas that only webhooks have, by name.
pub(super) fn schemas() -> Vec<(String, Object)> {
    let mut all = vec![
        (CUSTOMER_DATA.to_owned(), data(Customer::schema(), "The customer after the change.")),
        (CONTACT_DATA.to_owned(), data(Contact::schema(), "The contact after the change.")),
        (
            ONBOARDING_DATA.to_owned(),
            data(Onboarding::schema(), "The onboarding after the change."),
        ),
        (PING_DATA.to_owned(), data(PingedEndpoint::schema(), "The endpoint.")),
        (PingedEndpoint::NAME.to_owned(), PingedEndpoint::component()),
    ];
    all.extend(examples().iter().map(|example| (schema_name(example.kind), envelope(example))));
    all
}

/// The endpoint in a ping.
enum PingedEndpoint {}

impl Component for PingedEndpoint {
    const NAME: &'static str = "WebhookEndpoint";

    fn component() -> Object {
        let id = string().pattern(Some("^ep_[a-z0-9]{25}$"));
        ObjectSchema::new(&["The endpoint that a ping was sent to."])
            .constant("object", "webhook_endpoint", &["The object's type."])
            .property_with_schema("id", id.into(), &["Unique identifier for the endpoint."])
            .property::<String>("url", &["The URL of the endpoint."])
            .build()
    }
}

fn operation(example: &ExampleEvent) -> Operation {
    let description =
        format!("{} The field `type` is always `{}`.", when(example.kind), example.kind);
    let mut operation = OperationBuilder::new()
        .summary(Some(example.kind))
        .description(Some(description))
        .request_body(Some(body(example)))
        .build();
    let parameter = |name: &str| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")));
    operation.parameters = Some([SVIX_ID, SVIX_TIMESTAMP, SVIX_SIGNATURE].map(parameter).into());
    operation.responses = responses();
    operation
}

fn body(example: &ExampleEvent) -> RequestBody {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema_name(example.kind))))
        .example(serde_json::to_value(example.envelope()).ok())
        .build();
    RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True))
        .build()
}

fn responses() -> Responses {
    let success = "The receiver accepted the event. It must return any 2xx status within the \
                   timeout; the body is ignored.";
    let mut all = Responses::new();
    let response = ResponseBuilder::new().description(success).build();
    all.responses.insert("2XX".to_owned(), RefOr::T(response));
    all
}

/// Builds the schema of a body.
fn envelope(example: &ExampleEvent) -> Object {
    let id = string().pattern(Some("^evt_[a-z0-9]{25}$"));
    let about = format!("The body of a webhook of the type `{}`.", example.kind);
    ObjectSchema::new(&[&about])
        .property_with_schema(
            "id",
            id.into(),
            &["Unique identifier for the event, the same for every endpoint and attempt. Use it to \
               skip events that you have handled before."],
        )
        .constant("type", example.kind, &["What happened."])
        .property::<Timestamp>("created_at", &["When the change was made."])
        .property::<WorkspaceId>("org_id", &["The ID of the organization."])
        .property::<bool>("livemode", &["`false` if a test key made the change."])
        .constant("api_version", API_VERSION, &["The API version that the event is rendered in."])
        .property_with_schema(
            "data",
            Ref::from_schema_name(data_name(example.kind)).into(),
            &["What changed."],
        )
        .build()
}

fn data(object: Schema, about: &str) -> Object {
    let before = nullable(Object::with_type(Type::Object).into());
    ObjectSchema::new(&["What changed."])
        .property_with_schema("object", object, &[about])
        .property_with_schema(
            "previous_attributes",
            before,
            &["The previous values of the fields that changed, in `*.updated`, \
               `onboarding.phase_changed`, and `onboarding.state_changed`; otherwise `null`."],
        )
        .build()
}

fn data_name(kind: &str) -> &'static str {
    match kind.split('.').next() {
        Some("customer") => CUSTOMER_DATA,
        Some("contact") => CONTACT_DATA,
        Some("onboarding") => ONBOARDING_DATA,
        _ => PING_DATA,
    }
}

/// Returns the name of the schema of a type's body, such as `CustomerCreatedEvent`.
fn schema_name(kind: &str) -> String {
    let words = kind.split(['.', '_']).map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    });
    words.chain(["Event".to_owned()]).collect()
}

/// Says when an event is sent.
fn when(kind: &str) -> &'static str {
    match kind.parse() {
        Ok(EventType::CustomerCreated) => "Sent when a customer is created.",
        Ok(EventType::CustomerUpdated) => "Sent when fields of a customer change.",
        Ok(EventType::CustomerArchived) => {
            "Sent when a customer's status becomes `archived`, in addition to \
             `customer.updated`, and when a customer is deleted."
        }
        Ok(EventType::CustomerAtRisk) => {
            "Sent when a customer's status becomes `at_risk`, in addition to \
             `customer.updated`."
        }
        Ok(EventType::CustomerChurned) => {
            "Sent when a customer's status becomes `churned`, in addition to \
             `customer.updated`."
        }
        Ok(EventType::ContactCreated) => "Sent when a contact is created.",
        Ok(EventType::ContactUpdated) => "Addition: sent when fields of a contact change.",
        Ok(EventType::ContactDeleted) => "Addition: sent when a contact is deleted.",
        Ok(EventType::OnboardingCreated) => "Sent when an onboarding is created.",
        Ok(EventType::OnboardingUpdated) => "Addition: sent when fields of an onboarding change.",
        Ok(EventType::OnboardingPhaseChanged) => {
            "Sent when an onboarding moves to a different phase, in addition to \
             `onboarding.updated`."
        }
        Ok(EventType::OnboardingStateChanged) => {
            "Sent when an onboarding's state changes, in addition to `onboarding.updated`."
        }
        Ok(EventType::OnboardingAtRisk) => {
            "Sent when an onboarding's state becomes `at_risk`, in addition to \
             `onboarding.state_changed`."
        }
        Ok(EventType::OnboardingBackOnTrack) => {
            "Sent when an onboarding's state changes from `at_risk` to any other state, in \
             addition to `onboarding.state_changed`."
        }
        Ok(EventType::OnboardingLaunched) => {
            "Sent when an onboarding moves to the `launch` phase, in addition to \
             `onboarding.phase_changed`."
        }
        Ok(EventType::OnboardingCompleted) => {
            "Sent when an onboarding moves to the `completed` phase, in addition to \
             `onboarding.phase_changed`."
        }
        Ok(EventType::OnboardingDeleted) => "Addition: sent when an onboarding is deleted.",
        _ if kind == PING => {
            "Sent when an endpoint is created or enabled, and on request, to check that the endpoint \
             is reachable. The hosted API doesn't document its body."
        }
        // A test fails if a type has no description.
        _ => "",
    }
}
