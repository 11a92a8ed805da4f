//! Customers: their methods of [`WorkspaceReader`] and [`WorkspaceTx`].

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::document::{Document, Stored};
use super::rows::list::{Extent, List, PageForm};
use super::rows::live;
use super::rows::record::Change;
use super::rows::resource::{Columns, Resource, Table, nullable};
use super::tx::WorkspaceTx;
use crate::model::customer::{
    Customer, CustomerFilter, CustomerId, CustomerPatch, CustomerRef, NewCustomer,
};
use crate::model::event::{self, EventType};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;
use crate::model::values::domain::Domain;
use crate::model::values::external_id::ExternalId;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::normalize::search_key;
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::params;

impl Table for Customer {
    const TABLE: &'static str = "customers";
}

impl Resource for Customer {
    const TYPE: ResourceType = ResourceType::Customer;
    const SHAPE: i64 = 1;

    fn id(&self) -> &CustomerId {
        &self.id
    }

    fn display_id(&self) -> DisplayId {
        self.display_id
    }

    fn customer_id(&self) -> &CustomerId {
        &self.id
    }

    fn times(&self) -> (Timestamp, Timestamp) {
        (self.created_at, self.updated_at)
    }

    fn set_times(&mut self, created_at: Timestamp, updated_at: Timestamp) {
        (self.created_at, self.updated_at) = (created_at, updated_at);
    }

    fn columns(&self) -> Columns<'_> {
        let domain = self.domain.as_ref();
        let search =
            search_text(self.name.as_str(), self.slug.as_str(), domain.map(Domain::as_str));
        vec![
            ("slug", self.slug.as_str().into()),
            ("domain_key", nullable(domain.map(Domain::key))),
            ("status", <&str>::from(self.status).into()),
            (
                "hubspot_company_id",
                nullable(self.hubspot_company_id.as_ref().map(ExternalId::as_str)),
            ),
            (
                "stripe_customer_id",
                nullable(self.stripe_customer_id.as_ref().map(ExternalId::as_str)),
            ),
            ("search", search.into()),
        ]
    }
}

/// Returns the text that the substring filter searches. The separator cannot occur in any of the
/// parts.
pub(super) fn search_text(name: &str, slug: &str, domain: Option<&str>) -> String {
    format!("{}\u{1f}{slug}\u{1f}{}", search_key(name), search_key(domain.unwrap_or_default()))
}

/// Returns the list of the customers that match a filter.
fn filtered(workspace: WorkspaceNo, filter: &CustomerFilter) -> List<'_> {
    let mut list = List::in_workspace(workspace);
    // Use the index of the most selective filter; the other filters are tested row by row.
    let mut uses_index = false;
    let mut add_filter = |column, value| {
        if std::mem::replace(&mut uses_index, true) {
            list.filter(column, value);
        } else {
            list.filter_indexed(column, value);
        }
    };
    if let Some(slug) = &filter.slug {
        add_filter("slug", slug.as_str());
    }
    if let Some(company) = &filter.hubspot_company_id {
        add_filter("hubspot_company_id", company);
    }
    if let Some(customer) = &filter.stripe_customer_id {
        add_filter("stripe_customer_id", customer);
    }
    if let Some(domain) = &filter.domain {
        add_filter("domain_key", domain);
    }
    if let Some(status) = filter.status {
        add_filter("status", status.into());
    }
    if let Some(q) = &filter.q {
        list.filter_contains("search", search_key(q));
    }
    list
}

impl CustomerFilter {
    /// Returns how many rows a page of the list may have to read.
    pub fn extent(&self) -> Extent {
        filtered(WorkspaceNo(0), self).extent()
    }
}

impl WorkspaceReader<'_> {
    /// Returns the customer with this ID or display ID.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn customer(&self, id_ref: &CustomerRef) -> Result<Document<Customer>, StoreError> {
        live::find(self.conn, self.workspace, id_ref)
    }

    /// Returns a page of the workspace's customers.
    pub fn customers<P: PageForm<Customer>>(
        &self,
        filter: &CustomerFilter,
        page: &PageRequest,
    ) -> Result<P, StoreError> {
        P::read(filtered(self.workspace, filter), self.conn, page)
    }

    /// Whether at least two customers have this domain. Reads two entries of an index, however many
    /// there are.
    pub fn is_domain_shared(&self, domain: &Domain) -> Result<bool, StoreError> {
        let key = domain.key();
        let mut list = List::in_workspace(self.workspace);
        list.filter_indexed("domain_key", &*key);
        Ok(list.nth_created_at::<Customer>(self.conn, None, 1)?.is_some())
    }
}

impl WorkspaceTx<'_> {
    /// Creates a customer. If it has no slug, one is derived from its name.
    ///
    /// # Errors
    /// [`StoreError::SlugTaken`].
    pub fn create_customer(&self, new: NewCustomer) -> Result<Stored<Customer>, StoreError> {
        let slug = match &new.slug {
            Some(slug) => slug.clone(),
            None => self.find_free_slug(Slug::from_name(new.name.as_str()))?,
        };
        let (display_id, created_at) = self.allocate::<Customer>()?;
        let customer = new.create(Id::generate(), display_id, slug, created_at);
        let created = self.create(customer, EventType::CustomerCreated)?;
        self.claim_slug_number(&created.resource.slug)?;
        Ok(created)
    }

    /// Updates the fields of a customer that the patch contains. If the customer becomes `churned`,
    /// its active onboardings are paused.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::SlugTaken`].
    pub fn update_customer(
        &self,
        id_ref: &CustomerRef,
        patch: CustomerPatch,
    ) -> Result<Stored<Customer>, StoreError> {
        let before = self.find(id_ref)?;
        let mut after: Customer = before.resource.clone();
        patch.apply(&mut after);
        let events = event::customer_update_events(&before.resource, &after);
        let after = self.change(&before, after, Change { events, ..Change::default() })?;
        let (old, new) = (&before.resource, &after.resource);
        if new.slug != old.slug {
            self.release_slug_number(&old.slug)?;
            self.claim_slug_number(&new.slug)?;
        }
        if new.churned_since(old) {
            self.pause_onboardings(&new.id)?;
        }
        Ok(after)
    }

    /// Deletes a customer, which removes its contacts and onboardings from lists. Deleting it again
    /// changes nothing and returns the same result.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the customer never existed.
    pub fn delete_customer(
        &self,
        id_ref: &CustomerRef,
    ) -> Result<(CustomerId, DisplayId), StoreError> {
        self.delete(id_ref, EventType::CustomerArchived, |customer: &Customer| {
            self.release_slug_number(&customer.slug)?;
            let sql = "UPDATE onboardings SET customer_deleted_at = ?1
                       WHERE customer_id = ?2 AND deleted_at IS NULL AND customer_deleted_at IS NULL";
            self.conn.prepare_cached(sql)?.execute(params![self.now.as_micros(), customer.id])?;
            Ok(())
        })
    }
}
