//! Creates, updates and deletes resources, and records the events in the same transaction. The
//! resource modules add what differs between resources.

use serde_json::{Map, Value};

use super::document::{Document, Stored};
use super::live;
use super::resource::{Columns, Resource};
use super::sequences;
use crate::model::event::{EventType, new_event_id};
use crate::model::onboarding::Phase;
use crate::model::previous_values::previous_values;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, ToValue, params};
use crate::store::error::StoreError;
use crate::store::tx::{Recording, WorkspaceTx};
use crate::store::webhooks::outbox::Recorded;

fn time(value: Timestamp) -> engine::Value<'static> {
    value.as_micros().into()
}

/// The resource that an event is about.
pub(in crate::store) struct Subject<'s> {
    pub resource: ResourceType,
    pub resource_id: &'s str,
    /// The customer whose activity shows the event.
    pub customer_id: Option<&'s str>,
}

impl<'s> Subject<'s> {
    fn from_resource<R: Resource>(resource: &'s R) -> Self {
        Self {
            resource: R::TYPE,
            resource_id: resource.id().as_str(),
            customer_id: Some(resource.customer_id().as_str()),
        }
    }
}

/// The phases that an onboarding moved from and to, if it moved.
pub(in crate::store) type PhaseMove = Option<(Phase, Phase)>;

/// What an update of a resource writes besides its document.
#[derive(Default)]
pub(in crate::store) struct Change<'c> {
    pub events: Vec<EventType>,
    pub phases: PhaseMove,
    /// Columns to write even if [`Resource::columns`] reports no change.
    pub columns: Columns<'c>,
}

/// The fields that differ between two states of a resource, with their previous values.
struct PreviousValues(Map<String, Value>);

impl PreviousValues {
    fn compare<R>(before: &Document<R>, after: &Document<R>) -> Result<Self, StoreError> {
        let new: Map<String, Value> = serde_json::from_str(after.text())?;
        Ok(Self(previous_values(serde_json::from_str(before.text())?, &new)))
    }
}

impl WorkspaceTx<'_> {
    /// Finds a live resource, in order to change it.
    pub(in crate::store) fn find<R: Resource>(
        &self,
        id_ref: &Ref<R>,
    ) -> Result<Stored<R>, StoreError> {
        live::find(self.conn, self.workspace(), id_ref)?.into_stored()
    }

    /// Allocates the next display ID of a resource type and a unique creation time.
    pub(in crate::store) fn allocate<R: Resource>(&self) -> engine::Result<(DisplayId, Timestamp)> {
        sequences::allocate(self.conn, self.workspace(), R::TYPE.into(), self.now)
    }

    /// Inserts a resource and records the event.
    pub(in crate::store) fn create<R: Resource>(
        &self,
        resource: R,
        event: EventType,
    ) -> Result<Stored<R>, StoreError> {
        self.insert(resource, Columns::new(), &[event])
    }

    /// Inserts a resource with additional columns, and records the events.
    pub(in crate::store) fn insert<R: Resource>(
        &self,
        resource: R,
        extra: Columns<'_>,
        events: &[EventType],
    ) -> Result<Stored<R>, StoreError> {
        let document = Document::from_resource(&resource)?;
        let (created_at, updated_at) = resource.times();
        let mut columns = vec![
            ("id", resource.id().as_str().into()),
            ("workspace_no", self.workspace().0.into()),
            ("display_id", resource.display_id().0.into()),
            ("created_at", time(created_at)),
            ("updated_at", time(updated_at)),
            ("shape", R::SHAPE.into()),
            ("doc", document.text().into()),
        ];
        columns.extend(resource.fixed_columns());
        columns.extend(resource.columns());
        columns.extend(extra);
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({})",
            R::TABLE,
            names.join(", "),
            vec!["?"; names.len()].join(", ")
        );
        let values: Vec<engine::Value<'_>> = columns.into_iter().map(|(_, value)| value).collect();
        self.conn.prepare_cached(&sql)?.execute(values)?;
        self.record(events, &Subject::from_resource(&resource), document.text(), None, None)?;
        Ok(Stored { resource, document })
    }

    /// Writes the new state of a resource and records the events.
    pub(in crate::store) fn change<R: Resource>(
        &self,
        before: &Stored<R>,
        mut after: R,
        change: Change<'_>,
    ) -> Result<Stored<R>, StoreError> {
        let (created_at, updated_at) = before.resource.times();
        after.set_times(created_at, self.next_updated_at(updated_at));
        self.replace(before, after, change)
    }

    /// Writes the new state of a resource, with its times as they are, and records the events.
    pub(in crate::store) fn replace<R: Resource>(
        &self,
        before: &Stored<R>,
        after: R,
        change: Change<'_>,
    ) -> Result<Stored<R>, StoreError> {
        let document = Document::from_resource(&after)?;
        let difference = PreviousValues::compare(&before.document, &document)?;
        self.update(&before.resource, &after, &document, change.columns)?;
        let subject = Subject::from_resource(&after);
        let previous = serde_json::to_string(&difference.0)?;
        self.record(&change.events, &subject, document.text(), Some(&previous), change.phases)?;
        Ok(Stored { resource: after, document })
    }

    /// Writes the document and the columns that differ. Leaves out unchanged columns, so that their
    /// indexes are not updated.
    fn update<R: Resource>(
        &self,
        before: &R,
        after: &R,
        document: &Document<R>,
        extra: Columns<'_>,
    ) -> engine::Result<()> {
        let mut columns = vec![
            ("updated_at", time(after.times().1)),
            ("shape", R::SHAPE.into()),
            ("doc", document.text().into()),
        ];
        let states = before.columns().into_iter().zip(after.columns());
        columns.extend(states.filter(|(old, new)| old != new).map(|(_, new)| new));
        columns.extend(extra);
        let assignments: Vec<String> =
            columns.iter().map(|(name, _)| format!("{name} = ?")).collect();
        let sql = format!("UPDATE {} SET {} WHERE id = ?", R::TABLE, assignments.join(", "));
        let mut values: Vec<engine::Value<'_>> =
            columns.into_iter().map(|(_, value)| value).collect();
        values.push(after.id().to_value());
        self.conn.prepare_cached(&sql)?.execute(values)?;
        Ok(())
    }

    /// Deletes a resource and records the event. `then` makes the changes that follow from the
    /// deletion. Deleting a resource again changes nothing and returns the same result.
    pub(in crate::store) fn delete<R: Resource>(
        &self,
        id_ref: &Ref<R>,
        event: EventType,
        then: impl FnOnce(&R) -> Result<(), StoreError>,
    ) -> Result<(Id<R>, DisplayId), StoreError> {
        let Stored { resource, document } = match self.find(id_ref) {
            Ok(found) => found,
            Err(StoreError::NotFound(_)) => {
                let deleted = live::find_including_deleted(self.conn, self.workspace(), id_ref)?;
                return Ok((deleted.id, deleted.display_id));
            }
            Err(error) => return Err(error),
        };
        let sql = format!("UPDATE {} SET deleted_at = max(?1, updated_at) WHERE id = ?2", R::TABLE);
        self.conn.prepare_cached(&sql)?.execute(params![self.now.as_micros(), resource.id()])?;
        then(&resource)?;
        self.record(&[event], &Subject::from_resource(&resource), document.text(), None, None)?;
        Ok((resource.id().clone(), resource.display_id()))
    }

    /// Returns the time for a change to a resource last updated at `last`: at least one millisecond
    /// later, which is the resolution that clients see.
    pub(in crate::store) fn next_updated_at(&self, last: Timestamp) -> Timestamp {
        self.now.max(last.plus_millis(1))
    }

    /// Records the events of one change, each with the object after the change and the previous
    /// values of the changed fields.
    pub(in crate::store) fn record(
        &self,
        kinds: &[EventType],
        subject: &Subject<'_>,
        object: &str,
        previous: Option<&str>,
        phases: PhaseMove,
    ) -> Result<(), StoreError> {
        if self.recording == Recording::Nothing {
            return Ok(());
        }
        for &kind in kinds {
            let (_, created_at) =
                sequences::allocate(self.conn, self.workspace(), "event", self.now)?;
            let phases = phases.filter(|_| kind == EventType::OnboardingPhaseChanged);
            let sql = "INSERT INTO events (id, workspace_no, created_at, type, livemode,
                           actor_type, actor_id, actor_name, resource, resource_id, customer_id,
                           from_phase, to_phase, previous, object)
                       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let id = new_event_id();
            self.conn.prepare_cached(sql)?.execute(params![
                id,
                self.workspace().0,
                created_at.as_micros(),
                <&str>::from(kind),
                self.caller.livemode,
                <&str>::from(self.caller.actor.kind),
                self.caller.actor.id,
                self.caller.actor.name,
                <&str>::from(subject.resource),
                subject.resource_id,
                subject.customer_id,
                phases.map(|(from, _)| <&str>::from(from)),
                phases.map(|(_, to)| <&str>::from(to)),
                previous,
                object,
            ])?;
            if self.recording == Recording::EventsAndDeliveries {
                self.queue_event(&Recorded { id: &id, kind, created_at, previous })?;
            }
        }
        Ok(())
    }
}
