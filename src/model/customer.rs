//! Customers: the companies that a workspace mirrors and onboards.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use super::parse::changes::Changes;
use super::parse::choice::Choice;
use super::parse::fields::{Body, Fields};
use super::parse::params::{Params, Query};
use super::parse::schema::object;
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
pub enum CustomerStatus {
    #[default]
    Onboarding,
    Active,
    AtRisk,
    Churned,
    Archived,
}

impl Choice for CustomerStatus {
    const NAME: &'static str = "CustomerStatus";
    const ABOUT: &'static str = "Where a customer stands.";
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
        /// final dot. An international name can be in Unicode or in Punycode (`xn--`). It is kept
        /// as you send it; filters find it in either form.
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
pub struct NewCustomer {
    /// Its name.
    pub name: Name,
    /// Made from the name when it is not given.
    pub slug: Option<Slug>,
    /// The other properties.
    pub properties: Changes<Customer>,
}

impl Body for NewCustomer {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, slug) = (fields.required("name"), fields.given("slug"));
        let properties = read(Changes::none(), fields);
        fields.absent_means("status", &CustomerStatus::default());
        fields.absent_means("tags", &Labels::default());
        fields.absent_means("metadata", &Metadata::default());
        Some(Self { name: name?, slug, properties })
    }
}

impl NewCustomer {
    /// The customer, with the slug that was chosen for it.
    pub fn create(
        self,
        id: CustomerId,
        display_id: DisplayId,
        slug: Slug,
        created_at: Timestamp,
    ) -> Customer {
        let mut customer = Customer {
            id,
            display_id,
            name: self.name,
            slug,
            domain: None,
            status: CustomerStatus::default(),
            plan: None,
            mrr: None,
            monthly_orders: None,
            hubspot_company_id: None,
            hubspot_deal_id: None,
            stripe_customer_id: None,
            intercom_company_id: None,
            slack_channel_id: None,
            tags: Labels::default(),
            metadata: Metadata::default(),
            created_at,
            updated_at: created_at,
        };
        self.properties.apply(&mut customer);
        customer
    }
}

/// The body of a PATCH of a customer.
pub struct CustomerPatch(Changes<Customer>);

impl Body for CustomerPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let changes = Changes::none()
            .value(fields, "name", |to: &mut Customer| &mut to.name)
            .value(fields, "slug", |to| &mut to.slug);
        Some(Self(read(changes, fields)))
    }
}

impl CustomerPatch {
    /// Changes the properties that were sent.
    pub fn apply(self, to: &mut Customer) {
        self.0.apply(to);
    }
}

/// Reads the properties that are optional in every body.
fn read(changes: Changes<Customer>, fields: &mut Fields<'_>) -> Changes<Customer> {
    changes
        .nullable(fields, "domain", |to| &mut to.domain)
        .value(fields, "status", |to| &mut to.status)
        .nullable(fields, "plan", |to| &mut to.plan)
        .nullable(fields, "mrr", |to| &mut to.mrr)
        .nullable(fields, "monthly_orders", |to| &mut to.monthly_orders)
        .nullable(fields, "hubspot_company_id", |to| &mut to.hubspot_company_id)
        .nullable(fields, "hubspot_deal_id", |to| &mut to.hubspot_deal_id)
        .nullable(fields, "stripe_customer_id", |to| &mut to.stripe_customer_id)
        .nullable(fields, "intercom_company_id", |to| &mut to.intercom_company_id)
        .nullable(fields, "slack_channel_id", |to| &mut to.slack_channel_id)
        .value(fields, "tags", |to| &mut to.tags)
        .value(fields, "metadata", |to| &mut to.metadata)
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
