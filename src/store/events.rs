//! Reads events: the activity of a customer or an onboarding.

use serde_json::value::RawValue;

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::list::{Extent, List};
use super::rows::live;
use super::rows::resource::{Listed, Table};
use super::rows::row::{enum_value, json};
use crate::model::customer::CustomerRef;
use crate::model::event::{Actor, Event, EventFilter, ReadableTypes};
use crate::model::onboarding::OnboardingRef;
use crate::model::parse::page::{Page, PageRequest};
use crate::model::values::id::Id;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, Row};

impl Table for Event {
    const TABLE: &'static str = "events";
    // Events are never deleted.
    const LISTED_WHERE: &'static str = "TRUE";
}

impl Listed for Event {
    const COLUMNS: &'static str = "id, type, created_at,
        (SELECT w.id FROM workspaces AS w WHERE w.no = events.workspace_no) AS org_id, livemode,
        actor_type, actor_id, actor_name, object, previous";

    fn from_row(row: &Row<'_>) -> engine::Result<Self> {
        let previous: Option<String> = row.get(9)?;
        Ok(Self {
            id: row.get(0)?,
            kind: enum_value(row, 1)?,
            created_at: Timestamp::from_micros(row.get(2)?),
            org_id: Id::from_stored(row.get(3)?),
            livemode: row.get(4)?,
            actor: Actor { kind: enum_value(row, 5)?, id: row.get(6)?, name: row.get(7)? },
            object: json(row, 8, RawValue::from_string)?,
            previous_attributes: previous
                .map(|_| json(row, 9, RawValue::from_string))
                .transpose()?,
        })
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

/// Returns the list of the events of a customer, its contacts, and its onboardings.
fn of_customer<'c>(
    workspace: WorkspaceNo,
    customer: &'c str,
    readable: ReadableTypes,
    filter: &EventFilter,
) -> List<'c> {
    let mut list = List::with_parent(workspace, "customer_id", customer);
    if readable != ReadableTypes::ALL {
        list.filter_in("resource", &readable.names());
    }
    if let Some(kind) = filter.kind {
        list.filter("type", <&str>::from(kind));
    }
    list
}

/// Returns the list of the events of an onboarding.
fn of_onboarding<'o>(
    workspace: WorkspaceNo,
    onboarding: &'o str,
    filter: &EventFilter,
) -> List<'o> {
    let mut list = List::with_parent(workspace, "resource_id", onboarding);
    if let Some(kind) = filter.kind {
        list.filter("type", <&str>::from(kind));
    }
    list
}

impl EventFilter {
    /// Returns how many rows a page of a customer's activity may have to read.
    pub fn extent_of_customer(&self, readable: ReadableTypes) -> Extent {
        of_customer(WorkspaceNo(0), "", readable, self).extent()
    }

    /// Returns how many rows a page of an onboarding's activity may have to read.
    pub fn extent_of_onboarding(&self) -> Extent {
        of_onboarding(WorkspaceNo(0), "", self).extent()
    }
}

impl WorkspaceReader<'_> {
    /// Returns a page of the events of a customer, its contacts, and its onboardings, limited to
    /// the resource types in `readable`. Also works for deleted customers.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the customer never existed.
    pub fn customer_activity(
        &self,
        id_ref: &CustomerRef,
        readable: ReadableTypes,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let customer = live::find_including_deleted(self.conn, self.workspace, id_ref)?;
        of_customer(self.workspace, customer.id.as_str(), readable, filter).page(self.conn, page)
    }

    /// Returns a page of the events of an onboarding, even if it has been deleted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the onboarding never existed.
    pub fn onboarding_activity(
        &self,
        id_ref: &OnboardingRef,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let onboarding = live::find_including_deleted(self.conn, self.workspace, id_ref)?;
        of_onboarding(self.workspace, onboarding.id.as_str(), filter).page(self.conn, page)
    }
}
