//! Onboardings: their methods of [`WorkspaceReader`] and [`WorkspaceTx`].

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::document::{Document, Stored};
use super::rows::list::{Extent, List, PageForm};
use super::rows::live;
use super::rows::record::{Change, PhaseMove};
use super::rows::resource::{Columns, Resource, Table, nullable};
use super::tx::WorkspaceTx;
use crate::model::customer::{Customer, CustomerId, CustomerRef};
use crate::model::event::{self, EventType};
use crate::model::onboarding::{
    NewOnboarding, Onboarding, OnboardingFilter, OnboardingId, OnboardingPatch, OnboardingRef,
    OwnerFilter, State,
};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;

impl Table for Onboarding {
    const TABLE: &'static str = "onboardings";
    // An onboarding disappears from lists when its customer is deleted.
    const LISTED_WHERE: &'static str = "deleted_at IS NULL AND customer_deleted_at IS NULL";
    const UNLISTED_WHERE: &'static str =
        "(deleted_at IS NOT NULL OR customer_deleted_at IS NOT NULL)";
}

impl Resource for Onboarding {
    const TYPE: ResourceType = ResourceType::Onboarding;
    const SHAPE: i64 = 1;

    fn id(&self) -> &OnboardingId {
        &self.id
    }

    fn display_id(&self) -> DisplayId {
        self.display_id
    }

    fn customer_id(&self) -> &CustomerId {
        &self.customer_id
    }

    fn times(&self) -> (Timestamp, Timestamp) {
        (self.created_at, self.updated_at)
    }

    fn set_times(&mut self, created_at: Timestamp, updated_at: Timestamp) {
        (self.created_at, self.updated_at) = (created_at, updated_at);
    }

    fn fixed_columns(&self) -> Columns<'_> {
        vec![("customer_id", self.customer_id.as_str().into())]
    }

    fn columns(&self) -> Columns<'_> {
        vec![
            ("phase", <&str>::from(self.phase).into()),
            ("state", <&str>::from(self.state).into()),
            ("target_launch_date", nullable(self.target_launch_date.map(Timestamp::as_micros))),
        ]
    }
}

/// Returns the list of a workspace's onboardings. Every combination of filters has an index.
pub(super) fn of_workspace(workspace: WorkspaceNo, filter: &OnboardingFilter) -> List<'static> {
    let mut list = List::in_workspace(workspace);
    if let Some(phase) = filter.phase {
        list.filter_indexed("phase", <&str>::from(phase));
    }
    if let Some(state) = filter.state {
        list.filter_indexed("state", <&str>::from(state));
    }
    list
}

/// Returns the list of a customer's onboardings.
pub(super) fn of_customer<'c>(
    workspace: WorkspaceNo,
    customer: &'c str,
    filter: &OnboardingFilter,
) -> List<'c> {
    let mut list = List::with_parent(workspace, "customer_id", customer);
    if let Some(phase) = filter.phase {
        list.filter("phase", <&str>::from(phase));
    }
    if let Some(state) = filter.state {
        list.filter("state", <&str>::from(state));
    }
    list
}

impl OnboardingFilter {
    /// Returns how many rows a page of onboardings, of the whole workspace or of one customer, may
    /// have to read.
    pub fn extent(&self, customer: &OwnerFilter) -> Extent {
        match customer {
            OwnerFilter::Any => of_workspace(WorkspaceNo(0), self).extent(),
            OwnerFilter::One(_) | OwnerFilter::Unknown => self.extent_of_customer(),
        }
    }

    /// Returns how many rows a page of a customer's onboardings may have to read.
    pub fn extent_of_customer(&self) -> Extent {
        of_customer(WorkspaceNo(0), "", self).extent()
    }
}

impl WorkspaceReader<'_> {
    /// Returns the onboarding with this ID or display ID.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn onboarding(&self, id_ref: &OnboardingRef) -> Result<Document<Onboarding>, StoreError> {
        live::find(self.conn, self.workspace, id_ref)
    }

    /// Returns a page of onboardings, of the whole workspace or of one customer. The page is empty
    /// for a customer that does not exist.
    pub fn onboardings<P: PageForm<Onboarding>>(
        &self,
        customer: &OwnerFilter,
        filter: &OnboardingFilter,
        page: &PageRequest,
    ) -> Result<P, StoreError> {
        let id_ref = match customer {
            OwnerFilter::One(id_ref) => id_ref,
            OwnerFilter::Unknown => return Ok(P::empty()),
            OwnerFilter::Any => {
                return P::read(of_workspace(self.workspace, filter), self.conn, page);
            }
        };
        match self.onboardings_of(id_ref, filter, page) {
            Err(StoreError::NotFound(_)) => Ok(P::empty()),
            found => found,
        }
    }

    /// Returns a page of a customer's onboardings.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the customer does not exist.
    pub fn onboardings_of<P: PageForm<Onboarding>>(
        &self,
        customer: &CustomerRef,
        filter: &OnboardingFilter,
        page: &PageRequest,
    ) -> Result<P, StoreError> {
        let customer = live::find_id(self.conn, self.workspace, customer)?;
        P::read(of_customer(self.workspace, customer.as_str(), filter), self.conn, page)
    }
}

impl WorkspaceTx<'_> {
    /// Creates an onboarding.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the customer does not exist.
    pub fn create_onboarding(&self, new: NewOnboarding) -> Result<Stored<Onboarding>, StoreError> {
        let id_ref = new.customer.ok_or(StoreError::NotFound(Customer::TYPE))?;
        let customer = live::find_id(self.conn, self.workspace(), &id_ref)?;
        let (display_id, created_at) = self.allocate::<Onboarding>()?;
        let mut onboarding =
            Onboarding::with_defaults(Id::generate(), display_id, customer, created_at);
        new.fields.apply(&mut onboarding, self.now);
        self.create(onboarding, EventType::OnboardingCreated)
    }

    /// Updates the fields of an onboarding that the patch contains, and the fields derived from
    /// them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn update_onboarding(
        &self,
        id_ref: &OnboardingRef,
        patch: OnboardingPatch,
    ) -> Result<Stored<Onboarding>, StoreError> {
        let before = self.find(id_ref)?;
        let mut after: Onboarding = before.resource.clone();
        patch.apply(&mut after, self.now);
        self.change_onboarding(&before, after)
    }

    /// Pauses a customer's active onboardings, oldest first, with separate events for each.
    pub(super) fn pause_onboardings(&self, customer: &CustomerId) -> Result<(), StoreError> {
        let active = OnboardingFilter { phase: None, state: Some(State::Active) };
        let list = of_customer(self.workspace(), customer.as_str(), &active);
        for document in list.all::<Document<Onboarding>>(self.conn)? {
            let before = document.into_stored()?;
            let after = Onboarding { state: State::Paused, ..before.resource.clone() };
            self.change_onboarding(&before, after)?;
        }
        Ok(())
    }

    fn change_onboarding(
        &self,
        before: &Stored<Onboarding>,
        after: Onboarding,
    ) -> Result<Stored<Onboarding>, StoreError> {
        let change = Change {
            events: event::onboarding_update_events(&before.resource, &after),
            phases: phase_move(&before.resource, &after),
            columns: Columns::new(),
        };
        self.change(before, after, change)
    }

    /// Deletes an onboarding. Deleting it again changes nothing and returns the same result.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the onboarding never existed.
    pub fn delete_onboarding(
        &self,
        id_ref: &OnboardingRef,
    ) -> Result<(OnboardingId, DisplayId), StoreError> {
        self.delete(id_ref, EventType::OnboardingDeleted, |_: &Onboarding| Ok(()))
    }
}

pub(super) fn phase_move(before: &Onboarding, after: &Onboarding) -> PhaseMove {
    (before.phase != after.phase).then_some((before.phase, after.phase))
}
