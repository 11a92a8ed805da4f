//! What the document says about an endpoint beyond its row in the route table. Every handler has
//! its description beside it.

use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::link::Link;
use utoipa::openapi::{Ref, Tag};

use super::bodies::Request;
use super::problems::one_of_each;
use crate::api::error::ApiError;
use crate::model::parse::declaration::Field;
use crate::model::parse::fields::Fields;
use crate::model::parse::page::Page;
use crate::model::parse::params::{Params, Query};
use crate::model::parse::problem::Problem;
use crate::model::parse::schema::{Component, Described, Schema};

/// The groups of operations, in the order in which the document lists them.
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
                Self::Contacts => "The people at a customer.",
                Self::Onboardings => "The ways of customers through the phases, up to the launch.",
                Self::Activity => "What happened to customers and onboardings, and who did it.",
                Self::Account => "The key that requests are made with.",
                Self::Server => "The server itself. No key is needed.",
            }
            .to_owned(),
        );
        tag
    }
}

/// What is said of an operation.
pub(in crate::api) struct Description {
    pub(super) group: Group,
    pub(super) summary: &'static str,
    /// In Markdown.
    pub(super) text: String,
    pub(super) query: Vec<Field>,
    pub(super) body: Option<Posted>,
    pub(super) success: Success,
    /// Whether a client that has the answer already is told so, instead of being sent it again.
    pub(super) is_kept: bool,
    /// What can be wrong with the query or the body, an example for each rule.
    pub(super) problems: Vec<Problem>,
    /// What can go wrong beyond what can go wrong with every operation of its kind.
    pub(super) failures: Vec<ApiError>,
}

/// The body of a request.
pub(super) struct Posted {
    /// The name of its schema.
    pub name: &'static str,
    pub example: Value,
}

/// The answer to a request that is answered with what it asked for.
pub(in crate::api) struct Success {
    pub status: StatusCode,
    pub says: &'static str,
    pub schema: Schema,
    pub example: Value,
    /// What can be done next with what is in the answer.
    pub links: Vec<(&'static str, Link)>,
}

impl Success {
    /// 200 with an object.
    pub fn ok<C: Component + Serialize>(says: &'static str, example: &C) -> Self {
        Self {
            status: StatusCode::OK,
            says,
            schema: C::schema(),
            example: value(example),
            links: Vec::new(),
        }
    }

    /// 200 with a list.
    pub fn list<C: Component + Serialize>(says: &'static str, example: &Page<C>) -> Self {
        Self {
            status: StatusCode::OK,
            says,
            schema: Ref::from_schema_name(Page::<C>::name()).into(),
            example: value(example),
            links: Vec::new(),
        }
    }

    /// 201 with what was created.
    pub fn created<C: Component + Serialize>(
        says: &'static str,
        example: &C,
        links: Vec<(&'static str, Link)>,
    ) -> Self {
        Self { status: StatusCode::CREATED, links, ..Self::ok(says, example) }
    }
}

impl Description {
    /// A description whose text has these paragraphs.
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
            is_kept: false,
            problems: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// The names of the query parameters.
    pub(in crate::api) fn parameters(self) -> Vec<String> {
        self.query.into_iter().map(|field| field.name).collect()
    }

    /// The query parameters are read as `Q`.
    pub(in crate::api) fn query<Q: Query>(mut self) -> Self {
        let declared = Params::declared::<Q>();
        self.query = declared.fields;
        self.problems = one_of_each(declared.problems);
        self
    }

    /// The body is read as `R`.
    pub(in crate::api) fn body<R: Request>(mut self, example: Value) -> Self {
        self.body = Some(Posted { name: R::NAME, example });
        self.problems = one_of_each(Fields::declared::<R>().problems);
        self
    }

    /// The answer has a tag, by which a client can ask whether its copy is still right.
    pub(in crate::api) fn kept(mut self) -> Self {
        self.is_kept = true;
        self
    }

    /// What else can go wrong.
    pub(in crate::api) fn fails_with(
        mut self,
        failures: impl IntoIterator<Item = ApiError>,
    ) -> Self {
        self.failures.extend(failures);
        self
    }
}

/// The JSON that is shown of something.
fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}
