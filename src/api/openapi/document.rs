//! Puts the document together from the route table and what the other modules say of its rows.

use actix_web::http::Method;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, PathItem, Paths};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::Object;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Info, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Schema, SecurityRequirement,
    Server,
};

use super::bodies::{self, Request};
use super::description::{Group, Posted};
use super::{errors, parameters, responses};
use crate::api::answer::Deleted;
use crate::api::endpoint::{BASE, Endpoint};
use crate::api::health::{self, Health};
use crate::api::me::{ApiKey, Me, Organization};
use crate::api::operation::Access;
use crate::model::contact::{Contact, ContactPatch, NewContact};
use crate::model::customer::{Customer, CustomerPatch, CustomerStatus, NewCustomer};
use crate::model::event::{Actor, ActorKind, Event, EventData, EventType, Snapshot};
use crate::model::event_feed::EventFeedPage;
use crate::model::key;
use crate::model::onboarding::{NewOnboarding, Onboarding, OnboardingPatch, Phase, State};
use crate::model::parse::page::Page;
use crate::model::parse::schema::Component;
use crate::model::resource::ResourceType;

/// The name of the way in which keys are sent.
const API_KEY: &str = "apiKey";

/// The document of an API that has these endpoints, at this origin.
pub(in crate::api) fn build(endpoints: &[Endpoint], origin: &str) -> OpenApi {
    let mut paths = Paths::new();
    for endpoint in endpoints {
        let Some(method) = method(&endpoint.method) else { continue };
        let item: &mut PathItem = paths.paths.entry(endpoint.path.to_owned()).or_default();
        let own = PathItem::new(method, operation(endpoint));
        item.merge_operations(own);
    }
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new(format!("{origin}{BASE}"))]))
        .tags(Some(Group::ALL.map(Group::tag)))
        .paths(paths)
        .components(Some(components()))
        .build()
}

fn method(method: &Method) -> Option<HttpMethod> {
    match *method {
        Method::GET => Some(HttpMethod::Get),
        Method::POST => Some(HttpMethod::Post),
        Method::PATCH => Some(HttpMethod::Patch),
        Method::DELETE => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn info() -> Info {
    let mut info = Info::new("Pivotal API", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "The API of a self-hosted Pivotal server: customers, their contacts and their onboardings. \
         A client of the hosted API works with it when only its base URL is changed. What this \
         server has beyond the hosted API is marked \"Addition\".\n\n\
         Properties, values of enums and endpoints may be added within v1, and none is taken away: \
         a client should pass over what it does not know."
            .to_owned(),
    );
    info
}

fn operation(endpoint: &Endpoint) -> Operation {
    let description = (endpoint.describe)();
    let mut text = description.text.clone();
    match endpoint.operation.access {
        Access::Public | Access::AnyKey => {}
        Access::Scope(scope) => {
            let scope: &str = scope.into();
            text.push_str(&format!("\n\nAddition: the key needs the scope `{scope}`."));
        }
        Access::AnyOf(scopes) => {
            let scopes: Vec<_> =
                scopes.iter().map(|one| format!("`{}`", <&str>::from(one))).collect();
            let scopes = scopes.join(", ");
            text.push_str(&format!(
                "\n\nAddition: the key needs at least one of the scopes {scopes}."
            ));
        }
    }
    let mut operation = OperationBuilder::new()
        .tag(description.group.name())
        .summary(Some(description.summary))
        .description(Some(text))
        .operation_id(Some(endpoint.operation.id))
        .request_body(description.body.as_ref().map(request_body))
        .securities(Some(security(endpoint.operation.access)))
        .build();
    let parameters = parameters::list(&endpoint.method, endpoint.path, &description.query);
    operation.parameters = (!parameters.is_empty()).then_some(parameters);
    operation.responses = responses::list(endpoint, description);
    operation
}

/// What a request has to carry; the scope is named in the place that OpenAPI has for roles.
fn security(access: Access) -> Vec<SecurityRequirement> {
    match access {
        Access::Public => Vec::new(),
        Access::AnyKey => vec![SecurityRequirement::new::<_, [&str; 0], &str>(API_KEY, [])],
        Access::Scope(scope) => vec![requirement(scope)],
        Access::AnyOf(scopes) => scopes.iter().copied().map(requirement).collect(),
    }
}

fn requirement(scope: key::Scope) -> SecurityRequirement {
    SecurityRequirement::new(API_KEY, [<&str>::from(scope)])
}

fn request_body(body: &Posted) -> RequestBody {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(body.name)))
        .example(Some(body.example.clone()))
        .build();
    RequestBodyBuilder::new()
        .content("application/json", content)
        .required(Some(Required::True))
        .build()
}

fn components() -> Components {
    let mut all = Components::new();
    all.schemas.extend(schemas().into_iter().map(|(name, object)| {
        let schema: RefOr<Schema> = object.into();
        (name, schema)
    }));
    let responses = responses::shared();
    all.responses.extend(responses.into_iter().map(|(name, one)| (name.to_owned(), RefOr::T(one))));
    let parameters = parameters::shared();
    all.parameters
        .extend(parameters.into_iter().map(|(name, one)| (name.to_owned(), RefOr::T(one))));
    let headers = responses::headers();
    all.headers.extend(headers.into_iter().map(|(name, one)| (name.to_owned(), RefOr::T(one))));
    all.security_schemes.insert(API_KEY.to_owned(), RefOr::T(api_key()));
    all
}

fn api_key() -> SecurityScheme {
    let http = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("pivotal_…")
        .description(Some(
            "`Authorization: Bearer <key>`. A key that begins with `pivotal_test_` is a test key, \
             any other one is a live key.",
        ));
    SecurityScheme::Http(http.build())
}

fn schemas() -> Vec<(String, Object)> {
    fn component<C: Component>() -> (String, Object) {
        (C::NAME.to_owned(), C::component())
    }
    fn list<C: Component>() -> (String, Object) {
        (Page::<C>::name(), Page::<C>::component())
    }
    fn body<R: Request>() -> (String, Object) {
        (R::NAME.to_owned(), bodies::schema::<R>())
    }
    let mut all = vec![
        component::<Customer>(),
        body::<NewCustomer>(),
        body::<CustomerPatch>(),
        list::<Customer>(),
        component::<CustomerStatus>(),
        component::<Contact>(),
        body::<NewContact>(),
        body::<ContactPatch>(),
        list::<Contact>(),
        component::<Onboarding>(),
        body::<NewOnboarding>(),
        body::<OnboardingPatch>(),
        list::<Onboarding>(),
        component::<Phase>(),
        component::<State>(),
        component::<Event>(),
        component::<EventData<'_>>(),
        component::<Snapshot>(),
        list::<Event>(),
        component::<EventFeedPage>(),
        component::<EventType>(),
        component::<Actor>(),
        component::<ActorKind>(),
        component::<ResourceType>(),
        component::<Deleted>(),
        component::<Me>(),
        component::<ApiKey>(),
        component::<key::Mode>(),
        component::<key::Tier>(),
        component::<key::Scope>(),
        component::<Organization>(),
        component::<Health>(),
        component::<health::Status>(),
    ];
    all.extend(errors::components().map(|(name, object)| (name.to_owned(), object)));
    all
}
