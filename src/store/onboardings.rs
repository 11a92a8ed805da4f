//! Onboardings in the database: their methods of [`WorkspaceReader`] and [`WorkspaceTx`].

use rusqlite::Row;

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::live::{self, List, Listed, Resource};
use super::rows::record::{Columns, Difference, Subject, nullable, time};
use super::rows::row::choice;
use super::rows::sequences;
use super::tx::WorkspaceTx;
use crate::model::customer::{Customer, CustomerRef};
use crate::model::event::{self, EventType};
use crate::model::onboarding::{
    NewOnboarding, OfCustomer, Onboarding, OnboardingFilter, OnboardingPatch, OnboardingRef, Phase,
    State,
};
use crate::model::parse::page::{Page, PageRequest};
use crate::model::resource::ResourceType;
use crate::model::values::external_id::ExternalId;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::number::Days;
use crate::model::values::text::{Line, Notes};
use crate::model::values::time::Timestamp;

impl Resource for Onboarding {
    const TYPE: ResourceType = ResourceType::Onboarding;
}

impl Listed for Onboarding {
    const TABLE: &'static str = "onboardings";
    const COLUMNS: &'static str = "id, display_id, customer_id, name, template_id, phase, state,
        waiting_on_customer, started_at, completed_at, target_launch_date, csm_id, se_id,
        designer_id, product_ops_id, notes, reminders_enabled, reminder_frequency_days, created_at,
        updated_at";
    // An onboarding leaves the lists with its customer.
    const CONDITION: &'static str = "deleted_at IS NULL AND customer_deleted_at IS NULL";

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let external = |index: usize| {
            Ok::<_, rusqlite::Error>(row.get::<_, Option<_>>(index)?.map(ExternalId::stored))
        };
        let time = |index: usize| {
            Ok::<_, rusqlite::Error>(row.get::<_, Option<_>>(index)?.map(Timestamp::from_micros))
        };
        Ok(Self {
            id: Id::stored(row.get(0)?),
            display_id: DisplayId(row.get(1)?),
            customer_id: Id::stored(row.get(2)?),
            name: row.get::<_, Option<_>>(3)?.map(Line::stored),
            template_id: external(4)?,
            phase: choice(row, 5)?,
            state: choice(row, 6)?,
            waiting_on_customer: row.get(7)?,
            started_at: time(8)?,
            completed_at: time(9)?,
            target_launch_date: time(10)?,
            csm_id: external(11)?,
            se_id: external(12)?,
            designer_id: external(13)?,
            product_ops_id: external(14)?,
            notes: row.get::<_, Option<_>>(15)?.map(Notes::stored),
            reminders_enabled: row.get(16)?,
            reminder_frequency_days: Days::stored(row.get(17)?),
            created_at: Timestamp::from_micros(row.get(18)?),
            updated_at: Timestamp::from_micros(row.get(19)?),
        })
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

fn columns(onboarding: &Onboarding) -> Columns<'_> {
    vec![
        ("id", onboarding.id.as_str().into()),
        ("display_id", onboarding.display_id.0.into()),
        ("customer_id", onboarding.customer_id.as_str().into()),
        ("name", nullable(onboarding.name.as_ref().map(Line::as_str))),
        ("template_id", nullable(onboarding.template_id.as_ref().map(ExternalId::as_str))),
        ("phase", <&str>::from(onboarding.phase).into()),
        ("state", <&str>::from(onboarding.state).into()),
        ("waiting_on_customer", onboarding.waiting_on_customer.into()),
        ("started_at", nullable(onboarding.started_at.map(Timestamp::as_micros))),
        ("completed_at", nullable(onboarding.completed_at.map(Timestamp::as_micros))),
        ("target_launch_date", nullable(onboarding.target_launch_date.map(Timestamp::as_micros))),
        ("csm_id", nullable(onboarding.csm_id.as_ref().map(ExternalId::as_str))),
        ("se_id", nullable(onboarding.se_id.as_ref().map(ExternalId::as_str))),
        ("designer_id", nullable(onboarding.designer_id.as_ref().map(ExternalId::as_str))),
        ("product_ops_id", nullable(onboarding.product_ops_id.as_ref().map(ExternalId::as_str))),
        ("notes", nullable(onboarding.notes.as_ref().map(Notes::as_str))),
        ("reminders_enabled", onboarding.reminders_enabled.into()),
        ("reminder_frequency_days", onboarding.reminder_frequency_days.get().into()),
        ("created_at", time(onboarding.created_at)),
        ("updated_at", time(onboarding.updated_at)),
    ]
}

fn subject(onboarding: &Onboarding) -> Subject<'_> {
    Subject {
        resource: ResourceType::Onboarding,
        resource_id: onboarding.id.as_str(),
        customer_id: Some(onboarding.customer_id.as_str()),
        phases: None,
    }
}

impl WorkspaceReader<'_> {
    /// An onboarding by either form of its id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn onboarding(&self, named: &OnboardingRef) -> Result<Onboarding, StoreError> {
        live::find(self.conn, self.workspace, named)
    }

    /// A page of the workspace's onboardings, or of those of one customer; a customer that does
    /// not exist has none.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn onboardings(
        &self,
        customer: &OfCustomer,
        filter: &OnboardingFilter,
        page: &PageRequest,
    ) -> Result<Page<Onboarding>, StoreError> {
        let named = match customer {
            OfCustomer::One(named) => named,
            OfCustomer::Nobody => {
                return Ok(Page { data: Vec::new(), next: None });
            }
            OfCustomer::Any => {
                let (phase, state) =
                    (filter.phase.map(<&str>::from), filter.state.map(<&str>::from));
                let mut list = List::of(&self.workspace);
                if let Some(phase) = &phase {
                    list.by("phase", phase);
                }
                if let Some(state) = &state {
                    list.by("state", state);
                }
                return list.page(self.conn, page);
            }
        };
        match self.onboardings_of(named, filter, page) {
            Err(StoreError::NotFound(_)) => Ok(Page { data: Vec::new(), next: None }),
            found => found,
        }
    }

    /// A page of a customer's onboardings.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such customer.
    pub fn onboardings_of(
        &self,
        customer: &CustomerRef,
        filter: &OnboardingFilter,
        page: &PageRequest,
    ) -> Result<Page<Onboarding>, StoreError> {
        let customer: Customer = live::find(self.conn, self.workspace, customer)?;
        let (phase, state) = (filter.phase.map(<&str>::from), filter.state.map(<&str>::from));
        let mut list = List::under(&self.workspace, "customer_id", &customer.id);
        if let Some(phase) = &phase {
            list.also("phase", phase);
        }
        if let Some(state) = &state {
            list.also("state", state);
        }
        list.page(self.conn, page)
    }
}

impl WorkspaceTx<'_> {
    /// Opens an onboarding of a customer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the customer.
    pub fn create_onboarding(&self, new: NewOnboarding) -> Result<Onboarding, StoreError> {
        let named = new.customer.ok_or(StoreError::NotFound(Customer::TYPE))?;
        let customer: Customer = live::find(self.conn, self.workspace(), &named)?;
        let (display_id, created_at) =
            sequences::next(self.conn, self.workspace(), Onboarding::TYPE.into(), self.now)?;
        let mut onboarding = Onboarding::blank(Id::generate(), display_id, customer.id, created_at);
        new.properties.apply(&mut onboarding, self.now);
        let mut columns = columns(&onboarding);
        columns.push(("workspace_no", self.workspace().0.into()));
        self.insert(Onboarding::TABLE, &columns)?;
        let kinds = [EventType::OnboardingCreated];
        self.record(&kinds, &subject(&onboarding), &onboarding, None)?;
        Ok(onboarding)
    }

    /// Changes the properties of an onboarding that a patch mentions, and those that follow from
    /// them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub fn update_onboarding(
        &self,
        named: &OnboardingRef,
        patch: OnboardingPatch,
    ) -> Result<Onboarding, StoreError> {
        let before: Onboarding = live::find(self.conn, self.workspace(), named)?;
        let mut after = before.clone();
        patch.apply(&mut after, self.now);
        self.change_onboarding(&before, after)
    }

    /// Pauses the active onboardings of a customer, oldest first, each with its own events.
    ///
    /// # Errors
    /// Only the database's own.
    pub(super) fn pause_onboardings(&self, customer: &Id<Customer>) -> Result<(), StoreError> {
        let active = <&str>::from(State::Active);
        let workspace = self.workspace();
        let mut list = List::under(&workspace, "customer_id", customer);
        list.also("state", &active);
        for before in list.all::<Onboarding>(self.conn)? {
            let after = Onboarding { state: State::Paused, ..before.clone() };
            self.change_onboarding(&before, after)?;
        }
        Ok(())
    }

    /// Writes what differs between two states of an onboarding, and the events of the change.
    fn change_onboarding(
        &self,
        before: &Onboarding,
        mut after: Onboarding,
    ) -> Result<Onboarding, StoreError> {
        after.updated_at = self.moved(before.updated_at);
        let difference = Difference::between(before, &after)?;
        let columns = columns(&after);
        self.update(Onboarding::TABLE, after.id.as_str(), &columns, &difference, &["updated_at"])?;
        let kinds = event::of_onboarding_update(before, &after);
        let subject = Subject { phases: phase_move(before, &after), ..subject(&after) };
        self.record(&kinds, &subject, &after, Some(&difference))?;
        Ok(after)
    }

    /// Deletes an onboarding. A second time changes nothing and answers the same.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was one.
    pub fn delete_onboarding(
        &self,
        named: &OnboardingRef,
    ) -> Result<(Id<Onboarding>, DisplayId), StoreError> {
        let remains = live::find_even_deleted(self.conn, self.workspace(), named)?;
        if !remains.deleted {
            let onboarding: Onboarding = live::find(self.conn, self.workspace(), named)?;
            self.bury(Onboarding::TABLE, onboarding.id.as_str())?;
            let kinds = [EventType::OnboardingDeleted];
            self.record(&kinds, &subject(&onboarding), &onboarding, None)?;
        }
        Ok((remains.id, remains.display_id))
    }
}

fn phase_move(before: &Onboarding, after: &Onboarding) -> Option<(Phase, Phase)> {
    (before.phase != after.phase).then_some((before.phase, after.phase))
}
