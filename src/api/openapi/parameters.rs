//! The parameters of operations: in paths, in queries and in headers.

use actix_web::http::Method;
use serde_json::json;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

use crate::model::idempotency::Retry;
use crate::model::parse::declaration::Field;
use crate::model::parse::page::PageRequest;
use crate::model::parse::params::Params;
use crate::model::parse::schema::{Described, string};
use crate::model::resource::ResourceType;
use crate::model::values::id;

/// The parameters of an operation that reads these from its query. Those of paths, pages and
/// headers are the same for many, and are referred to.
pub(super) fn list(method: &Method, path: &str, query: &[Field]) -> Vec<RefOr<Parameter>> {
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

/// Those that are referred to, by their names.
pub(super) fn shared() -> Vec<(&'static str, Parameter)> {
    let mut all: Vec<(&'static str, Parameter)> =
        PathParameter::ALL.iter().map(|one| (one.component(), one.parameter())).collect();
    for field in Params::declared::<PageRequest>().fields {
        let component = if field.name == "limit" { "Limit" } else { "Cursor" };
        all.push((component, in_query(&field)));
    }
    all.push(("IdempotencyKey", idempotency_key()));
    all
}

fn reference(component: &str) -> RefOr<Parameter> {
    RefOr::Ref(Ref::new(format!("#/components/parameters/{component}")))
}

/// The parameter of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PathParameter {
    Customer,
    /// The customer in the path of what belongs to it.
    ParentCustomer,
    Contact,
    Onboarding,
}

impl PathParameter {
    const ALL: [Self; 4] = [Self::Customer, Self::ParentCustomer, Self::Contact, Self::Onboarding];

    /// The parameter that a path has, if it has one.
    pub fn find_in(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| {
            let (collection, name) = one.place();
            path.strip_prefix(collection).is_some_and(|rest| rest.starts_with(name))
        })
    }

    /// The resource that it names.
    pub fn resource(self) -> ResourceType {
        match self {
            Self::Customer | Self::ParentCustomer => ResourceType::Customer,
            Self::Contact => ResourceType::Contact,
            Self::Onboarding => ResourceType::Onboarding,
        }
    }

    /// Where it stands in a path, and how.
    fn place(self) -> (&'static str, &'static str) {
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
        let name = self.place().1.trim_matches(['{', '}']);
        let resource: &str = self.resource().into();
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(format!("The {resource}'s `id` or `display_id`.")))
            .schema(Some(id::Ref::<id::Anything>::schema()))
            .example(Some(json!("1")))
            .build()
    }
}

fn in_query(field: &Field) -> Parameter {
    // A request that is shown to people says how much it wants, and nothing else.
    let example = (field.name == "limit").then(|| json!(10));
    let is_list = matches!(field.schema, RefOr::T(Schema::Array(_)));
    ParameterBuilder::new()
        .name(&field.name)
        .parameter_in(ParameterIn::Query)
        .description(Some(about(&field.name, is_list)))
        .schema(Some(field.schema.clone()))
        .example(example)
        .build()
}

/// What a parameter of a query means. Each of them means the same wherever it can be sent.
fn about(name: &str, is_list: bool) -> &'static str {
    match name {
        "limit" => "How many items the page holds at most.",
        "cursor" => {
            "The `next_cursor` of the page before, as it was given: the page holds items that were \
             created before this time. A time of your own, or a date alone, will do as well."
        }
        "status" => "Only customers with this status.",
        "slug" => "Only the customer with this slug.",
        "domain" => {
            "Addition: the hosted API does not have this filter. Only customers with this host name, \
             in any case, in Unicode or in Punycode (`xn--`)."
        }
        "hubspot_company_id" => {
            "Addition: the hosted API does not have this filter. Only customers with this id in \
             HubSpot."
        }
        "stripe_customer_id" => {
            "Addition: the hosted API does not have this filter. Only customers with this id in \
             Stripe."
        }
        "q" => {
            "Addition: the hosted API does not have this filter. Only customers whose name, slug or \
             domain contains this text. Upper and lower case are the same (also `ß` and `SS`), and so \
             are composed and decomposed letters."
        }
        "customer_id" => {
            "Only onboardings of the customer with this `id` or `display_id`; none when there is no \
             such customer."
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
            "Only events of this type. Those of keys, `api_key.created` and `api_key.revoked`, are in \
             no activity list: there are none of them here."
        }
        // A test fails when there is such a parameter.
        _ => "",
    }
}

fn idempotency_key() -> Parameter {
    // Whatever a header can hold: visible characters, and spaces between them.
    let visible = r"^[!-~\u0080-\u00ff]([\u0009 -~\u0080-\u00ff]*[!-~\u0080-\u00ff])?$";
    let key = string().min_length(Some(1)).max_length(Some(Retry::MAX_KEY)).pattern(Some(visible));
    let says = "Makes the request safe to send again: for 24 hours, the same key with the same body \
                gets the answer that was given the first time, and nothing is created twice. It has \
                1 to 255 bytes, which mean nothing to the server.";
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(says))
        .schema(Some(key))
        .build()
}
