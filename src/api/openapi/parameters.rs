//! The parameters of operations, in paths, queries, and headers.

use actix_web::http::Method;
use serde_json::json;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

use crate::model::idempotency::IdempotentRequest;
use crate::model::parse::input_spec::FieldSpec;
use crate::model::parse::page::PageRequest;
use crate::model::parse::params::Params;
use crate::model::parse::schema::{JsonSchema, string};
use crate::model::resource::ResourceType;
use crate::model::values::id;

/// Returns the parameters of an operation with these query parameters. Parameters that many
/// operations share are references to [`shared`] ones.
pub(super) fn for_operation(
    method: &Method,
    path: &str,
    query: &[FieldSpec],
) -> Vec<RefOr<Parameter>> {
    let in_path = PathParameter::find_in(path).map(PathParameter::component);
    let mut all: Vec<RefOr<Parameter>> = in_path.map(reference).into_iter().collect();
    all.extend(query.iter().map(|field| match field.name.as_str() {
        "limit" => reference("Limit"),
        "cursor" => reference("Cursor"),
        _ => RefOr::T(in_query(field)),
    }));
    if *method == Method::POST {
        all.push(reference("IdempotencyKey"));
    }
    all
}

/// Returns the parameters that operations refer to, by name.
pub(super) fn shared() -> Vec<(&'static str, Parameter)> {
    let mut all: Vec<(&'static str, Parameter)> =
        PathParameter::ALL.iter().map(|one| (one.component(), one.parameter())).collect();
    for field in Params::spec::<PageRequest>().fields {
        let component = if field.name == "limit" { "Limit" } else { "Cursor" };
        all.push((component, in_query(&field)));
    }
    all.push(("IdempotencyKey", idempotency_key()));
    all
}

fn reference(component: &str) -> RefOr<Parameter> {
    RefOr::Ref(Ref::new(format!("#/components/parameters/{component}")))
}

/// The kinds of path parameters. A path has at most one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathParameter {
    Customer,
    /// The customer in the path of a nested collection.
    ParentCustomer,
    Contact,
    Onboarding,
}

impl PathParameter {
    const ALL: [Self; 4] = [Self::Customer, Self::ParentCustomer, Self::Contact, Self::Onboarding];

    /// Returns the parameter in this path, if there is one.
    pub fn find_in(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| {
            let (collection, name) = one.position();
            path.strip_prefix(collection).is_some_and(|rest| rest.starts_with(name))
        })
    }

    /// Returns the type of resource that the parameter identifies.
    pub fn resource(self) -> ResourceType {
        match self {
            Self::Customer | Self::ParentCustomer => ResourceType::Customer,
            Self::Contact => ResourceType::Contact,
            Self::Onboarding => ResourceType::Onboarding,
        }
    }

    /// Returns the part of the path before the parameter, and the parameter as written in the path.
    fn position(self) -> (&'static str, &'static str) {
        match self {
            Self::Customer => ("/customers/", "{id}"),
            Self::ParentCustomer => ("/customers/", "{customerId}"),
            Self::Contact => ("/contacts/", "{id}"),
            Self::Onboarding => ("/onboardings/", "{id}"),
        }
    }

    fn component(self) -> &'static str {
        match self {
            Self::Customer => "CustomerId",
            Self::ParentCustomer => "ParentCustomerId",
            Self::Contact => "ContactId",
            Self::Onboarding => "OnboardingId",
        }
    }

    fn parameter(self) -> Parameter {
        let name = self.position().1.trim_matches(['{', '}']);
        let resource: &str = self.resource().into();
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(format!("The {resource}'s `id` or `display_id`.")))
            .schema(Some(id::Ref::<id::AnyResource>::schema()))
            .example(Some(json!("1")))
            .build()
    }
}

fn in_query(field: &FieldSpec) -> Parameter {
    // Sample requests in the docs send a limit and no other query parameter.
    let example = (field.name == "limit").then(|| json!(10));
    let is_list = matches!(field.schema, RefOr::T(Schema::Array(_)));
    ParameterBuilder::new()
        .name(&field.name)
        .parameter_in(ParameterIn::Query)
        .description(Some(description(&field.name, is_list)))
        .schema(Some(field.schema.clone()))
        .example(example)
        .build()
}

/// Returns the description of a query parameter, which is the same for every operation.
fn description(name: &str, is_list: bool) -> &'static str {
    match name {
        "limit" => "The maximum number of items to return.",
        "cursor" => {
            "The `next_cursor` of the previous page, unchanged. The page contains items created \
             before this time. You can also pass any timestamp or date."
        }
        "status" => "Only customers with this status.",
        "slug" => "Only the customer with this slug.",
        "domain" => {
            "Addition: the hosted API doesn't have this filter. Only customers with this domain, \
             ignoring case. International domains match in Unicode and in Punycode (`xn--`)."
        }
        "hubspot_company_id" => {
            "Addition: the hosted API doesn't have this filter. Only customers with this HubSpot \
             company ID."
        }
        "stripe_customer_id" => {
            "Addition: the hosted API doesn't have this filter. Only customers with this Stripe \
             customer ID."
        }
        "q" => {
            "Addition: the hosted API doesn't have this filter. Only customers whose name, slug, or \
             domain contains this text. Case is ignored (`ß` also matches `SS`), and so is whether \
             accented letters are composed or decomposed."
        }
        "customer_id" => {
            "Only onboardings of the customer with this `id` or `display_id`. The list is empty if \
             there is no such customer."
        }
        "state" => "Only onboardings in this state.",
        "phase" => "Only onboardings in this phase.",
        "type" if is_list => {
            "Only events of these types. Repeat the parameter for several types, or send `customer.*` \
             for all types that start with `customer.`."
        }
        "after" => {
            "Only events after this position, oldest first. Send the `next_cursor` of an earlier \
             response, the ID of an event, or a time or date. It can't be combined with `cursor`. The \
             ID of an event that isn't in the feed, such as a purged one, returns 400."
        }
        "type" => {
            "Only events of this type. Activity lists never contain the API key events, \
             `api_key.created` and `api_key.revoked`."
        }
        // A test fails if a parameter has no description.
        _ => "",
    }
}

fn idempotency_key() -> Parameter {
    // The characters that a header value can contain: visible ones, with whitespace between them.
    let visible = r"^[!-~\u0080-\u00ff]([\u0009 -~\u0080-\u00ff]*[!-~\u0080-\u00ff])?$";
    let key = string()
        .min_length(Some(1))
        .max_length(Some(IdempotentRequest::MAX_KEY_BYTES))
        .pattern(Some(visible));
    let description = "A unique value of your choice, 1 to 255 bytes long, that makes the request safe to retry. \
         For 24 hours, sending the same key with the same body returns the original response instead \
         of creating another resource.";
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .schema(Some(key))
        .build()
}
