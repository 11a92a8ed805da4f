//! Builds the OpenAPI document.

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

use super::bodies::{self, BodySchema};
use super::description::{BodyDescription, Group};
use super::{errors, parameters, responses, webhooks};
use crate::api::endpoint::{BASE, Endpoint};
use crate::api::health::{self, Health};
use crate::api::me::{ApiKey, Me, Organization};
use crate::api::operation::Access;
use crate::api::response::Deleted;
use crate::model::contact::{Contact, ContactPatch, NewContact};
use crate::model::customer::{Customer, CustomerPatch, CustomerStatus, NewCustomer};
use crate::model::event::{Actor, ActorKind, Event, EventData, EventType, Snapshot};
use crate::model::event_feed::EventFeedPage;
use crate::model::key;
use crate::model::onboarding::{NewOnboarding, Onboarding, OnboardingPatch, Phase, State};
use crate::model::parse::page::Page;
use crate::model::parse::schema::Component;
use crate::model::resource::ResourceType;

/// The name of the security scheme.
const API_KEY: &str = "apiKey";

/// Builds the document of an API with these endpoints at this origin.
pub(in crate::api) fn build(endpoints: &[Endpoint], origin: &str) -> OpenApi {
    let mut paths = Paths::new();
    for endpoint in endpoints {
        let Some(method) = method(&endpoint.method) else { continue };
        let item: &mut PathItem = paths.paths.entry(endpoint.path.to_owned()).or_default();
        item.merge_operations(PathItem::new(method, operation(endpoint)));
    }
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new(format!("{origin}{BASE}"))]))
        .tags(Some(Group::ALL.map(Group::tag)))
        .paths(paths)
        .webhooks(Some(webhooks::webhooks()))
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
        "The API of a self-hosted Pivotal server. Use it to manage customers, their contacts, and \
         their onboardings. Clients of the hosted API work with this server once you change their \
         base URL. Anything that the hosted API doesn't have is marked \"Addition\".\n\n\
         Within v1, fields, enum values, and endpoints may be added, but never removed. Clients \
         should ignore fields and values that they don't know."
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
            text.push_str(&format!("\n\nAddition: requires the `{scope}` scope."));
        }
        Access::AnyOf(scopes) => {
            let scopes: Vec<_> =
                scopes.iter().map(|scope| format!("`{}`", <&str>::from(scope))).collect();
            let scopes = scopes.join(", ");
            text.push_str(&format!("\n\nAddition: requires at least one of the scopes {scopes}."));
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
    let parameters = parameters::for_operation(&endpoint.method, endpoint.path, &description.query);
    operation.parameters = (!parameters.is_empty()).then_some(parameters);
    operation.responses = responses::for_operation(endpoint, description);
    operation
}

/// Returns what a request must be authorized with. OpenAPI allows roles in the list of an HTTP
/// scheme; it contains the required scope.
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

fn request_body(body: &BodyDescription) -> RequestBody {
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
    let parameters = parameters::shared().into_iter().chain(webhooks::parameters());
    all.parameters.extend(parameters.map(|(name, one)| (name.to_owned(), RefOr::T(one))));
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
            "Send your API key as `Authorization: Bearer <key>`. Keys that start with \
             `pivotal_test_` are test keys; all others are live keys.",
        ));
    SecurityScheme::Http(http.build())
}

fn schemas() -> Vec<(String, Object)> {
    fn component<C: Component>() -> (String, Object) {
        (C::NAME.to_owned(), C::component())
    }
    fn list<C: Component>() -> (String, Object) {
        (Page::<C>::schema_name(), Page::<C>::component())
    }
    fn body<R: BodySchema>() -> (String, Object) {
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
    all.extend(webhooks::schemas());
    all.extend(errors::components().map(|(name, object)| (name.to_owned(), object)));
    all
}
