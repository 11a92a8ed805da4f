//! The description of an operation: what the OpenAPI document says about it beyond its row in the
//! route table.
//!
//! Each handler has its description next to it.

use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::link::Link;
use utoipa::openapi::{Ref, Tag};

use super::bodies::BodySchema;
use super::problem_examples::one_per_rule;
use crate::api::error::ApiError;
use crate::model::parse::fields::Fields;
use crate::model::parse::input_spec::FieldSpec;
use crate::model::parse::page::Page;
use crate::model::parse::params::{Params, Query};
use crate::model::parse::problem::Problem;
use crate::model::parse::schema::{Component, JsonSchema, Schema};

/// The groups of operations, in the order of the document.
#[derive(Clone, Copy)]
pub(in crate::api) enum Group {
    Customers,
    Contacts,
    Onboardings,
    Activity,
    Account,
    Server,
}

impl Group {
    pub const ALL: [Self; 6] = [
        Self::Customers,
        Self::Contacts,
        Self::Onboardings,
        Self::Activity,
        Self::Account,
        Self::Server,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Customers => "Customers",
            Self::Contacts => "Contacts",
            Self::Onboardings => "Onboardings",
            Self::Activity => "Activity",
            Self::Account => "Account",
            Self::Server => "Server",
        }
    }

    pub fn tag(self) -> Tag {
        let mut tag = Tag::new(self.name());
        tag.description = Some(
            match self {
                Self::Customers => "The companies that a workspace onboards.",
                Self::Contacts => "The people who work at a customer.",
                Self::Onboardings => "A customer's onboarding projects, from kickoff to launch.",
                Self::Activity => {
                    "The history of customers and onboardings: what changed, when, and who changed it."
                }
                Self::Account => "The API key that makes the request.",
                Self::Server => "The server itself. These endpoints don't require an API key.",
            }
            .to_owned(),
        );
        tag
    }
}

pub(in crate::api) struct Description {
    pub(super) group: Group,
    pub(super) summary: &'static str,
    /// Markdown.
    pub(super) text: String,
    pub(super) query: Vec<FieldSpec>,
    pub(super) body: Option<BodyDescription>,
    pub(super) success: Success,
    /// Whether the response has an `ETag` and a conditional request can get a 304.
    pub(super) is_cacheable: bool,
    /// What can be wrong with the query or the body: one example per rule.
    pub(super) problems: Vec<Problem>,
    /// The errors that are specific to the operation.
    pub(super) failures: Vec<ApiError>,
}

pub(super) struct BodyDescription {
    /// The name of the schema.
    pub name: &'static str,
    pub example: Value,
}

/// The response to a successful request.
pub(in crate::api) struct Success {
    pub status: StatusCode,
    pub description: &'static str,
    pub schema: Schema,
    pub example: Value,
    /// The operations to call next with what the response returned.
    pub links: Vec<(&'static str, Link)>,
}

impl Success {
    /// A 200 with an object.
    pub fn ok<C: Component + Serialize>(description: &'static str, example: &C) -> Self {
        Self {
            status: StatusCode::OK,
            description,
            schema: C::schema(),
            example: to_json(example),
            links: Vec::new(),
        }
    }

    /// A 200 with a list.
    pub fn list<C: Component + Serialize>(description: &'static str, example: &Page<C>) -> Self {
        Self {
            status: StatusCode::OK,
            description,
            schema: Ref::from_schema_name(Page::<C>::schema_name()).into(),
            example: to_json(example),
            links: Vec::new(),
        }
    }

    /// A 201 with the created resource.
    pub fn created<C: Component + Serialize>(
        description: &'static str,
        example: &C,
        links: Vec<(&'static str, Link)>,
    ) -> Self {
        Self { status: StatusCode::CREATED, links, ..Self::ok(description, example) }
    }
}

impl Description {
    /// Creates a description from the paragraphs of its text.
    pub(in crate::api) fn new(
        group: Group,
        summary: &'static str,
        text: &[&str],
        success: Success,
    ) -> Self {
        Self {
            group,
            summary,
            text: text.join("\n\n"),
            query: Vec::new(),
            body: None,
            success,
            is_cacheable: false,
            problems: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// Returns the names of the query parameters.
    pub(in crate::api) fn parameters(self) -> Vec<String> {
        self.query.into_iter().map(|field| field.name).collect()
    }

    /// Sets the query parameters: those that `Q` reads.
    pub(in crate::api) fn query<Q: Query>(mut self) -> Self {
        let declared = Params::spec::<Q>();
        self.query = declared.fields;
        self.problems = one_per_rule(declared.problems);
        self
    }

    /// Sets the request body, which is parsed as `R`.
    pub(in crate::api) fn body<R: BodySchema>(mut self, example: Value) -> Self {
        self.body = Some(BodyDescription { name: R::NAME, example });
        self.problems = one_per_rule(Fields::spec::<R>().problems);
        self
    }

    /// Marks the response as having an `ETag` for conditional requests.
    pub(in crate::api) fn cacheable(mut self) -> Self {
        self.is_cacheable = true;
        self
    }

    /// Adds errors that are specific to the operation.
    pub(in crate::api) fn fails_with(
        mut self,
        failures: impl IntoIterator<Item = ApiError>,
    ) -> Self {
        self.failures.extend(failures);
        self
    }
}

fn to_json(example: &impl Serialize) -> Value {
    serde_json::to_value(example).unwrap_or_default()
}
