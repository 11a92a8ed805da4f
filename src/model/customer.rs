//! Customers: the companies that a workspace onboards.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use super::parse::changes::Changes;
use super::parse::fields::{Body, Fields};
use super::parse::params::{Params, Query};
use super::parse::schema::object;
use super::parse::string_enum::StringEnum;
use super::values::domain::Domain;
use super::values::external_id::ExternalId;
use super::values::id::{DisplayId, Id, Ref};
use super::values::labels::Labels;
use super::values::metadata::Metadata;
use super::values::number::Amount;
use super::values::slug::Slug;
use super::values::text::{Name, Plan};
use super::values::time::Timestamp;

pub type CustomerId = Id<Customer>;
pub type CustomerRef = Ref<Customer>;

/// `Archived` is an ordinary status, not a deletion.
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

impl StringEnum for CustomerStatus {
    const NAME: &'static str = "CustomerStatus";
    const DESCRIPTION: &'static str = "A customer's status.";
}

object! {
    /// A company that the workspace onboards.
    #[derive(Deserialize)]
    pub struct Customer = "customer" {
        /// Unique identifier for the customer.
        pub id: CustomerId,
        /// The customer's sequential number within the workspace, starting at 1. Numbers are never
        /// reused.
        pub display_id: DisplayId,
        /// The company's name.
        pub name: Name,
        /// A readable identifier. Must be unique among the workspace's customers. If you don't set
        /// it when you create a customer, it is generated from `name`, with `-2`, `-3`, and so on
        /// appended if the slug is taken.
        pub slug: Slug,
        /// The company's host name, without a scheme, port, or path. Stored in lowercase, without a
        /// trailing dot. Internationalized names can be in Unicode or in Punycode (`xn--`):
        /// responses return the form that you sent, and filters match both.
        pub domain: Option<Domain>,
        /// The customer's status. `archived` is an ordinary status: it doesn't hide or delete the
        /// customer.
        pub status: CustomerStatus,
        /// The name of the customer's plan. Any text is accepted.
        pub plan: Option<Plan>,
        /// Monthly recurring revenue in the smallest currency unit, such as cents.
        pub mrr: Option<Amount>,
        /// Number of orders per month.
        pub monthly_orders: Option<Amount>,
        /// The ID of the company in HubSpot.
        pub hubspot_company_id: Option<ExternalId>,
        /// The ID of the deal in HubSpot.
        pub hubspot_deal_id: Option<ExternalId>,
        /// The ID of the customer in Stripe.
        pub stripe_customer_id: Option<ExternalId>,
        /// The ID of the company in Intercom.
        pub intercom_company_id: Option<ExternalId>,
        /// The ID of the customer's Slack channel.
        pub slack_channel_id: Option<ExternalId>,
        /// Addition: the hosted API's reference doesn't list this field. Tags for your own use.
        /// Duplicates are dropped, keeping the first.
        pub tags: Labels,
        /// A JSON object for your own use. The order of its keys and every digit of its numbers are
        /// preserved. Up to 16 KiB of JSON, not counting whitespace between values, and 16 levels
        /// deep. Updating it replaces the whole object.
        pub metadata: Metadata,
        /// When the customer was created.
        pub created_at: Timestamp,
        /// When the customer was last updated.
        pub updated_at: Timestamp,
    }
}

/// The body of a POST that creates a customer.
#[derive(Clone)]
pub struct NewCustomer {
    pub name: Name,
    /// Generated from the name if absent.
    pub slug: Option<Slug>,
    /// Sets the remaining fields.
    pub changes: Changes<Customer>,
}

impl Body for NewCustomer {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, slug) = (fields.required("name"), fields.optional("slug"));
        let properties = read(Changes::empty(), fields);
        fields.declare_default("status", &CustomerStatus::default());
        fields.declare_default("tags", &Labels::default());
        fields.declare_default("metadata", &Metadata::default());
        Some(Self { name: name?, slug, changes: properties })
    }
}

impl NewCustomer {
    /// Creates the customer. `slug` is the final slug, which is known to be free.
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
        self.changes.apply(&mut customer);
        customer
    }
}

/// The body of a PATCH of a customer.
pub struct CustomerPatch(Changes<Customer>);

impl Body for CustomerPatch {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let changes = Changes::empty()
            .non_null(fields, "name", |to: &mut Customer| &mut to.name)
            .non_null(fields, "slug", |to| &mut to.slug);
        Some(Self(read(changes, fields)))
    }
}

impl CustomerPatch {
    /// Changes only the fields that were sent.
    pub fn apply(self, to: &mut Customer) {
        self.0.apply(to);
    }
}

/// Reads the fields that are optional in both POST and PATCH.
fn read(changes: Changes<Customer>, fields: &mut Fields<'_>) -> Changes<Customer> {
    changes
        .nullable(fields, "domain", |to| &mut to.domain)
        .non_null(fields, "status", |to| &mut to.status)
        .nullable(fields, "plan", |to| &mut to.plan)
        .nullable(fields, "mrr", |to| &mut to.mrr)
        .nullable(fields, "monthly_orders", |to| &mut to.monthly_orders)
        .nullable(fields, "hubspot_company_id", |to| &mut to.hubspot_company_id)
        .nullable(fields, "hubspot_deal_id", |to| &mut to.hubspot_deal_id)
        .nullable(fields, "stripe_customer_id", |to| &mut to.stripe_customer_id)
        .nullable(fields, "intercom_company_id", |to| &mut to.intercom_company_id)
        .nullable(fields, "slack_channel_id", |to| &mut to.slack_channel_id)
        .non_null(fields, "tags", |to| &mut to.tags)
        .non_null(fields, "metadata", |to| &mut to.metadata)
}

impl Customer {
    /// Returns whether an update from `before` to `self` marks the customer as churned, which
    /// pauses its active onboardings.
    pub fn churned_since(&self, before: &Self) -> bool {
        self.status == CustomerStatus::Churned && before.status != self.status
    }
}

/// Filters for a list of customers. Values aren't validated: one that no customer can have matches
/// nothing.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    pub status: Option<CustomerStatus>,
    pub slug: Option<String>,
    /// In normalized form, see [`Domain::lookup_key`].
    pub domain: Option<String>,
    pub hubspot_company_id: Option<String>,
    pub stripe_customer_id: Option<String>,
    /// A substring of the name, slug, or domain, in any case and any Unicode normalization form.
    pub q: Option<String>,
}

impl Query for CustomerFilter {
    fn read(params: &mut Params) -> Self {
        let external = |name, params: &mut Params| {
            params.text(name).map(|id| ExternalId::lookup_key(&id).to_owned())
        };
        Self {
            status: params.enum_value("status"),
            slug: params.text("slug"),
            domain: params.text("domain").map(|host| Domain::lookup_key(&host)),
            hubspot_company_id: external("hubspot_company_id", params),
            stripe_customer_id: external("stripe_customer_id", params),
            q: params.text("q"),
        }
    }
}
