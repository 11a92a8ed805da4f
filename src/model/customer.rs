//! Customers: the companies that a workspace mirrors and onboards.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};
use utoipa::openapi::schema::Object;

use super::parse::fields::{Body, Fields, Property, choice};
use super::parse::params::{Params, Query};
use super::parse::patch::{Patch, set};
use super::parse::problem::Fault;
use super::parse::schema::{Component, choices, object};
use super::values::domain::Domain;
use super::values::external_id::ExternalId;
use super::values::id::{DisplayId, Id, Ref};
use super::values::labels::Labels;
use super::values::metadata::Metadata;
use super::values::number::Amount;
use super::values::slug::Slug;
use super::values::text::{Name, Plan};
use super::values::time::Timestamp;

/// The id of a customer.
pub type CustomerId = Id<Customer>;
/// A customer's id in either form.
pub type CustomerRef = Ref<Customer>;

/// Where a customer stands. `archived` is a value like the others, not a deletion.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's values")]
pub enum CustomerStatus {
    #[default]
    Onboarding,
    Active,
    AtRisk,
    Churned,
    Archived,
}

impl Component for CustomerStatus {
    const NAME: &'static str = "CustomerStatus";

    fn component() -> Object {
        choices::<Self>("Where a customer stands.")
    }
}

impl Property for CustomerStatus {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        choice(value)
    }
}

object! {
    /// A company that the workspace onboards.
    #[derive(Deserialize)]
    pub struct Customer = "customer" {
        /// The id that never changes, and that no other object has.
        pub id: CustomerId,
        /// The number of the customer within its workspace: from 1, and never given again.
        pub display_id: DisplayId,
        /// The company's name.
        pub name: Name,
        /// A readable name that no other customer of the workspace has at the same time. When it is
        /// not given on create, it is made from the name, with `-2`, `-3` and so on appended until
        /// it is free.
        pub slug: Slug,
        /// The company's host name, without scheme, port or path; kept in lower case and without a
        /// final dot. An international name can be in Unicode or in Punycode (`xn--`). It is kept as
        /// you send it; filters find it in either form.
        pub domain: Option<Domain>,
        /// Where the customer stands. `archived` is a status like the others and does not hide the
        /// customer.
        pub status: CustomerStatus,
        /// The plan that the customer has, in your own words.
        pub plan: Option<Plan>,
        /// Monthly recurring revenue in the smallest unit of its currency, such as cents.
        pub mrr: Option<Amount>,
        /// Orders a month.
        pub monthly_orders: Option<Amount>,
        /// The company's id in HubSpot.
        pub hubspot_company_id: Option<ExternalId>,
        /// The deal's id in HubSpot.
        pub hubspot_deal_id: Option<ExternalId>,
        /// The customer's id in Stripe.
        pub stripe_customer_id: Option<ExternalId>,
        /// The company's id in Intercom.
        pub intercom_company_id: Option<ExternalId>,
        /// The id of the customer's channel in Slack.
        pub slack_channel_id: Option<ExternalId>,
        /// Addition: the API pages of the hosted service do not list this property. Tags, each of
        /// them once; a repeated one is dropped and the first is kept.
        pub tags: Labels,
        /// A JSON object of your own, kept as it is sent: the order of its keys and every digit of
        /// its numbers. At most 16 KiB of JSON without white space, and 16 levels deep. A new value
        /// replaces the whole object.
        pub metadata: Metadata,
        /// When the customer was created.
        pub created_at: Timestamp,
        /// When it was last changed.
        pub updated_at: Timestamp,
    }
}

/// The body of a POST that creates a customer.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the properties are those of `Customer`")]
pub struct NewCustomer {
    pub name: Name,
    /// Made from the name when it is not given.
    pub slug: Option<Slug>,
    pub domain: Option<Domain>,
    pub status: CustomerStatus,
    pub plan: Option<Plan>,
    pub mrr: Option<Amount>,
    pub monthly_orders: Option<Amount>,
    pub hubspot_company_id: Option<ExternalId>,
    pub hubspot_deal_id: Option<ExternalId>,
    pub stripe_customer_id: Option<ExternalId>,
    pub intercom_company_id: Option<ExternalId>,
    pub slack_channel_id: Option<ExternalId>,
    pub tags: Labels,
    pub metadata: Metadata,
}

impl Body for NewCustomer {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let rest = Self {
            slug: fields.given("slug"),
            domain: fields.optional("domain"),
            status: fields.or_default("status"),
            plan: fields.optional("plan"),
            mrr: fields.optional("mrr"),
            monthly_orders: fields.optional("monthly_orders"),
            hubspot_company_id: fields.optional("hubspot_company_id"),
            hubspot_deal_id: fields.optional("hubspot_deal_id"),
            stripe_customer_id: fields.optional("stripe_customer_id"),
            intercom_company_id: fields.optional("intercom_company_id"),
            slack_channel_id: fields.optional("slack_channel_id"),
            tags: fields.or_default("tags"),
            metadata: fields.or_default("metadata"),
            name: name?,
        };
        Some(rest)
    }
}

/// The body of a PATCH of a customer.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the properties are those of `Customer`")]
pub struct CustomerPatch {
    pub name: Option<Name>,
    pub slug: Option<Slug>,
    pub domain: Patch<Domain>,
    pub status: Option<CustomerStatus>,
    pub plan: Patch<Plan>,
    pub mrr: Patch<Amount>,
    pub monthly_orders: Patch<Amount>,
    pub hubspot_company_id: Patch<ExternalId>,
    pub hubspot_deal_id: Patch<ExternalId>,
    pub stripe_customer_id: Patch<ExternalId>,
    pub intercom_company_id: Patch<ExternalId>,
    pub slack_channel_id: Patch<ExternalId>,
    pub tags: Option<Labels>,
    pub metadata: Option<Metadata>,
}

impl Body for CustomerPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.given("name"),
            slug: fields.given("slug"),
            domain: fields.patch("domain"),
            status: fields.given("status"),
            plan: fields.patch("plan"),
            mrr: fields.patch("mrr"),
            monthly_orders: fields.patch("monthly_orders"),
            hubspot_company_id: fields.patch("hubspot_company_id"),
            hubspot_deal_id: fields.patch("hubspot_deal_id"),
            stripe_customer_id: fields.patch("stripe_customer_id"),
            intercom_company_id: fields.patch("intercom_company_id"),
            slack_channel_id: fields.patch("slack_channel_id"),
            tags: fields.given("tags"),
            metadata: fields.given("metadata"),
        })
    }
}

impl CustomerPatch {
    /// Changes the properties that were sent.
    pub fn apply(self, to: &mut Customer) {
        set(&mut to.name, self.name);
        set(&mut to.slug, self.slug);
        self.domain.apply(&mut to.domain);
        set(&mut to.status, self.status);
        self.plan.apply(&mut to.plan);
        self.mrr.apply(&mut to.mrr);
        self.monthly_orders.apply(&mut to.monthly_orders);
        self.hubspot_company_id.apply(&mut to.hubspot_company_id);
        self.hubspot_deal_id.apply(&mut to.hubspot_deal_id);
        self.stripe_customer_id.apply(&mut to.stripe_customer_id);
        self.intercom_company_id.apply(&mut to.intercom_company_id);
        self.slack_channel_id.apply(&mut to.slack_channel_id);
        set(&mut to.tags, self.tags);
        set(&mut to.metadata, self.metadata);
    }
}

impl Customer {
    /// Whether a change from `before` makes it a churned customer, which pauses its active
    /// onboardings.
    pub fn churns(&self, before: &Self) -> bool {
        self.status == CustomerStatus::Churned && before.status != self.status
    }
}

/// Which customers a list holds. The strings are compared as they are: one that no customer can
/// have finds none.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the names are those of the query parameters")]
pub struct CustomerFilter {
    pub status: Option<CustomerStatus>,
    pub slug: Option<String>,
    /// In the form in which host names compare.
    pub domain: Option<String>,
    pub hubspot_company_id: Option<String>,
    pub stripe_customer_id: Option<String>,
    /// A part of the name, slug or domain, in any case and in any Unicode normal form.
    pub q: Option<String>,
}

impl Query for CustomerFilter {
    fn read(params: &mut Params) -> Self {
        let external = |name, params: &mut Params| {
            params.text(name).map(|id| ExternalId::key_of(&id).to_owned())
        };
        Self {
            status: params.choice("status"),
            slug: params.text("slug"),
            domain: params.text("domain").map(|host| Domain::key_of(&host)),
            hubspot_company_id: external("hubspot_company_id", params),
            stripe_customer_id: external("stripe_customer_id", params),
            q: params.text("q"),
        }
    }
}
