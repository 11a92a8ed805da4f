//! Customers in the database: their methods of [`WorkspaceReader`] and [`WorkspaceTx`].

use rusqlite::{Row, params};

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::live::{self, List, Listed, Resource};
use super::rows::record::{Columns, Difference, Subject, nullable, time};
use super::rows::sequences;
use super::tx::WorkspaceTx;
use crate::model::customer::{Customer, CustomerFilter, CustomerPatch, CustomerRef, NewCustomer};
use crate::model::event::{self, EventType};
use crate::model::parse::page::{Page, PageRequest};
use crate::model::resource::ResourceType;
use crate::model::values::comparison::folded;
use crate::model::values::domain::Domain;
use crate::model::values::external_id::ExternalId;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::labels::Labels;
use crate::model::values::metadata::Metadata;
use crate::model::values::number::Amount;
use crate::model::values::slug::Slug;
use crate::model::values::text::{Name, Plan};
use crate::model::values::time::Timestamp;

use super::rows::row::{choice, json};

impl Resource for Customer {
    const TYPE: ResourceType = ResourceType::Customer;
}

impl Listed for Customer {
    const TABLE: &'static str = "customers";
    const COLUMNS: &'static str = "id, display_id, name, slug, domain, status, plan, mrr,
        monthly_orders, hubspot_company_id, hubspot_deal_id, stripe_customer_id,
        intercom_company_id, slack_channel_id, tags, metadata, created_at, updated_at";

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let external = |index: usize| {
            Ok::<_, rusqlite::Error>(row.get::<_, Option<_>>(index)?.map(ExternalId::stored))
        };
        Ok(Self {
            id: Id::stored(row.get(0)?),
            display_id: DisplayId(row.get(1)?),
            name: Name::stored(row.get(2)?),
            slug: Slug::stored(row.get(3)?),
            domain: row.get::<_, Option<_>>(4)?.map(Domain::stored),
            status: choice(row, 5)?,
            plan: row.get::<_, Option<_>>(6)?.map(Plan::stored),
            mrr: row.get::<_, Option<_>>(7)?.map(Amount::stored),
            monthly_orders: row.get::<_, Option<_>>(8)?.map(Amount::stored),
            hubspot_company_id: external(9)?,
            hubspot_deal_id: external(10)?,
            stripe_customer_id: external(11)?,
            intercom_company_id: external(12)?,
            slack_channel_id: external(13)?,
            tags: json(row, 14, |text| Labels::stored(&text))?,
            metadata: json(row, 15, Metadata::stored)?,
            created_at: Timestamp::from_micros(row.get(16)?),
            updated_at: Timestamp::from_micros(row.get(17)?),
        })
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

fn columns(customer: &Customer) -> Columns<'_> {
    let domain = customer.domain.as_ref().map(Domain::as_str);
    let search = search_text(customer.name.as_str(), customer.slug.as_str(), domain);
    vec![
        ("id", customer.id.as_str().into()),
        ("display_id", customer.display_id.0.into()),
        ("name", customer.name.as_str().into()),
        ("slug", customer.slug.as_str().into()),
        ("domain", nullable(domain)),
        ("domain_key", nullable(customer.domain.as_ref().map(Domain::key))),
        ("status", <&str>::from(customer.status).into()),
        ("plan", nullable(customer.plan.as_ref().map(Plan::as_str))),
        ("mrr", nullable(customer.mrr.map(Amount::get))),
        ("monthly_orders", nullable(customer.monthly_orders.map(Amount::get))),
        (
            "hubspot_company_id",
            nullable(customer.hubspot_company_id.as_ref().map(ExternalId::as_str)),
        ),
        ("hubspot_deal_id", nullable(customer.hubspot_deal_id.as_ref().map(ExternalId::as_str))),
        (
            "stripe_customer_id",
            nullable(customer.stripe_customer_id.as_ref().map(ExternalId::as_str)),
        ),
        (
            "intercom_company_id",
            nullable(customer.intercom_company_id.as_ref().map(ExternalId::as_str)),
        ),
        ("slack_channel_id", nullable(customer.slack_channel_id.as_ref().map(ExternalId::as_str))),
        ("tags", customer.tags.to_json().into()),
        ("metadata", customer.metadata.as_str().into()),
        ("search", search.into()),
        ("created_at", time(customer.created_at)),
        ("updated_at", time(customer.updated_at)),
    ]
}

/// What the substring filter looks at. The separator stands in none of the parts.
pub(super) fn search_text(name: &str, slug: &str, domain: Option<&str>) -> String {
    format!("{}\u{1f}{slug}\u{1f}{}", folded(name), folded(domain.unwrap_or_default()))
}

fn subject(customer: &Customer) -> Subject<'_> {
    Subject {
        resource: ResourceType::Customer,
        resource_id: customer.id.as_str(),
        customer_id: Some(customer.id.as_str()),
        phases: None,
    }
}

impl WorkspaceReader<'_> {
    /// A customer by either form of its id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn customer(&self, named: &CustomerRef) -> Result<Customer, StoreError> {
        live::find(self.conn, self.workspace, named)
    }

    /// A page of the workspace's customers.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn customers(
        &self,
        filter: &CustomerFilter,
        page: &PageRequest,
    ) -> Result<Page<Customer>, StoreError> {
        let part = filter.q.as_ref().map(|q| folded(q));
        let status = filter.status.map(<&str>::from);
        let mut list = List::of(&self.workspace);
        // The most telling filter has an index of its own; the others are tested row by row.
        let mut narrowed = false;
        let mut narrow = |column, value| {
            if std::mem::replace(&mut narrowed, true) {
                list.also(column, value);
            } else {
                list.by(column, value);
            }
        };
        if let Some(slug) = &filter.slug {
            narrow("slug", slug);
        }
        if let Some(company) = &filter.hubspot_company_id {
            narrow("hubspot_company_id", company);
        }
        if let Some(customer) = &filter.stripe_customer_id {
            narrow("stripe_customer_id", customer);
        }
        if let Some(domain) = &filter.domain {
            narrow("domain_key", domain);
        }
        if let Some(status) = &status {
            narrow("status", status);
        }
        if let Some(part) = &part {
            list.containing("search", part);
        }
        list.page(self.conn, page)
    }
}

impl WorkspaceTx<'_> {
    /// Creates a customer, with a slug made from its name when none was chosen.
    ///
    /// # Errors
    /// [`StoreError::SlugTaken`].
    pub fn create_customer(&self, new: NewCustomer) -> Result<Customer, StoreError> {
        let slug = match &new.slug {
            Some(slug) => slug.clone(),
            None => self.free_slug(Slug::from_name(new.name.as_str()))?,
        };
        let (display_id, created_at) =
            sequences::next(self.conn, self.workspace(), Customer::TYPE.into(), self.now)?;
        let customer = new.create(Id::generate(), display_id, slug, created_at);
        let mut columns = columns(&customer);
        columns.push(("workspace_no", self.workspace().0.into()));
        self.insert(Customer::TABLE, &columns)?;
        self.take_slug(&customer.slug)?;
        self.record(&[EventType::CustomerCreated], &subject(&customer), &customer, None)?;
        Ok(customer)
    }

    /// Changes the properties of a customer that a patch mentions. When it becomes `churned`, its
    /// active onboardings are paused.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::SlugTaken`].
    pub fn update_customer(
        &self,
        named: &CustomerRef,
        patch: CustomerPatch,
    ) -> Result<Customer, StoreError> {
        let before: Customer = live::find(self.conn, self.workspace(), named)?;
        let mut after = before.clone();
        patch.apply(&mut after);
        after.updated_at = self.moved(before.updated_at);
        let difference = Difference::between(&before, &after)?;
        let mut always = vec!["search", "updated_at"];
        if difference.has("domain") {
            always.push("domain_key");
        }
        self.update(Customer::TABLE, after.id.as_str(), &columns(&after), &difference, &always)?;
        if difference.has("slug") {
            self.free_number_of(&before.slug)?;
            self.take_slug(&after.slug)?;
        }
        let kinds = event::of_customer_update(&before, &after);
        self.record(&kinds, &subject(&after), &after, Some(&difference))?;
        if after.churns(&before) {
            self.pause_onboardings(&after.id)?;
        }
        Ok(after)
    }

    /// Deletes a customer, which hides its contacts and onboardings from lists. A second time
    /// changes nothing and answers the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was one.
    pub fn delete_customer(
        &self,
        named: &CustomerRef,
    ) -> Result<(Id<Customer>, DisplayId), StoreError> {
        let remains = live::find_even_deleted(self.conn, self.workspace(), named)?;
        if !remains.deleted {
            let customer: Customer = live::find(self.conn, self.workspace(), named)?;
            self.bury(Customer::TABLE, customer.id.as_str())?;
            self.free_number_of(&customer.slug)?;
            let sql = "UPDATE onboardings SET customer_deleted_at = ?1
                       WHERE customer_id = ?2 AND deleted_at IS NULL AND customer_deleted_at IS NULL";
            self.conn.prepare_cached(sql)?.execute(params![self.now.as_micros(), customer.id])?;
            let kinds = [EventType::CustomerArchived];
            self.record(&kinds, &subject(&customer), &customer, None)?;
        }
        Ok((remains.id, remains.display_id))
    }
}
