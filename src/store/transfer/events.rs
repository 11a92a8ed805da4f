//! Imports events. They are append-only, so an event is either new or already there.

use super::check::Checked;
use super::decide::latest_time;
use super::existing::owner;
use super::index::{Claim, Index, Key, State};
use super::scope::Scope;
use super::times::{FreeTimes, is_same_creation};
use crate::model::customer::CustomerId;
use crate::model::event::Event;
use crate::model::resource::ResourceType;
use crate::model::transfer::{ImportFault, ImportedEvent, OnConflict, Outcome};
use crate::model::values::id::{Id, Ref};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{Conn, OptionalExtension, Row, params};
use crate::store::error::StoreError;
use crate::store::rows::resource::{Listed, Table};
use crate::store::rows::sequences;

impl Scope<'_> {
    /// Decides about an event before anything is written.
    pub fn check_event(&self, index: &Index, event: &ImportedEvent) -> Result<Checked, StoreError> {
        let key = Key::Event(event.id.clone());
        let decided = match index.find(&key)? {
            Some(claim) => {
                let message = format!("id {} is also in {}", event.id, claim.place);
                Err(vec![self.fault("id", message)])
            }
            None => self.decide_event(Some(index), event)?,
        };
        let id = Id::generate();
        let claim = Claim { place: self.place.to_string(), state: State::Live, id };
        index.claim(&key, &claim)?;
        Ok(match decided {
            Ok(outcome) => Checked { outcome, faults: Vec::new(), customer: None },
            Err(faults) => Checked { outcome: Outcome::Rejected, faults, customer: None },
        })
    }

    /// Returns what to do with an event, or what is wrong with it.
    pub fn decide_event(
        &self,
        index: Option<&Index>,
        event: &ImportedEvent,
    ) -> Result<Result<Outcome, Vec<ImportFault>>, StoreError> {
        if event.created_at > latest_time(self.now) {
            return Ok(Err(vec![self.fault("created_at", "created_at is in the future")]));
        }
        match find(self.conn, &event.id)? {
            Some((workspace, _)) if workspace != self.workspace => {
                let message =
                    format!("id {} belongs to another workspace of this server", event.id);
                return Ok(Err(vec![self.fault("id", message)]));
            }
            Some((_, existing)) if is_same(event, &existing) => {
                return Ok(Ok(Outcome::Unchanged));
            }
            Some(_) if self.on_conflict == OnConflict::Skip => return Ok(Ok(Outcome::Skipped)),
            Some(_) => {
                let message = format!(
                    "event {} already exists with other values, and events can't be changed",
                    event.id
                );
                return Ok(Err(vec![self.fault("id", message)]));
            }
            None => {}
        }
        let Some(customer) = &event.customer_id else { return Ok(Ok(Outcome::Created)) };
        match self.state_of_customer(index, customer)? {
            Some(State::Skipped) => return Ok(Ok(Outcome::Skipped)),
            Some(State::Rejected) => {
                let fault = self.fault("data.object", "the customer is faulty");
                return Ok(Err(vec![fault]));
            }
            Some(State::Live | State::Deleted) => {}
            None => {
                let message = format!(
                    "the customer of the event, {customer}, is neither in the workspace nor before \
                     this row"
                );
                return Ok(Err(vec![self.fault("data.object", message)]));
            }
        }
        if let Some(index) = index
            && event.resource != ResourceType::Customer
        {
            let key = Key::Id(event.resource, event.resource_id.clone());
            match index.find(&key)?.map(|claim| claim.state) {
                Some(State::Skipped) => return Ok(Ok(Outcome::Skipped)),
                Some(State::Rejected) => {
                    let fault = self.fault("data.object", "the resource of the event is faulty");
                    return Ok(Err(vec![fault]));
                }
                _ => {}
            }
        }
        Ok(Ok(Outcome::Created))
    }

    fn state_of_customer(
        &self,
        index: Option<&Index>,
        customer: &CustomerId,
    ) -> Result<Option<State>, StoreError> {
        if let Some(index) = index
            && let Some(claim) =
                index.find(&Key::Id(ResourceType::Customer, customer.to_string()))?
        {
            return Ok(Some(claim.state));
        }
        let found = owner(self.conn, self.workspace, &Ref::Id(customer.clone()))?;
        Ok(found.map(|_| State::Live))
    }

    /// Inserts an event that is new.
    pub fn insert_event(
        &self,
        times: &mut FreeTimes,
        event: &ImportedEvent,
    ) -> Result<(), StoreError> {
        let place = (Event::TABLE, Event::LISTED_WHERE);
        let created_at = times.take(self.conn, self.workspace, place, event.created_at)?;
        sequences::raise(self.conn, self.workspace, "event", None, created_at)?;
        let sql = "INSERT INTO events (id, workspace_no, created_at, type, livemode,
                       actor_type, actor_id, actor_name, resource, resource_id, customer_id,
                       from_phase, to_phase, previous, object)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.conn.prepare_cached(sql)?.execute(params![
            event.id,
            self.workspace.0,
            created_at.as_micros(),
            <&str>::from(event.kind),
            event.livemode,
            <&str>::from(event.actor.kind),
            event.actor.id,
            event.actor.name,
            <&str>::from(event.resource),
            event.resource_id,
            event.customer_id,
            event.phases.map(|(from, _)| <&str>::from(from)),
            event.phases.map(|(_, to)| <&str>::from(to)),
            event.previous.as_ref().map(|previous| previous.get()),
            event.object.get(),
        ])?;
        Ok(())
    }
}

/// Finds an event in any workspace.
fn find(conn: Conn<'_>, id: &str) -> Result<Option<(WorkspaceNo, Event)>, StoreError> {
    let sql = format!("SELECT {}, workspace_no FROM events WHERE id = ?1", Event::COLUMNS);
    let mut statement = conn.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| Ok((WorkspaceNo(row.get("workspace_no")?), Event::from_row(row)?));
    Ok(statement.query_row([id], read).optional()?)
}

fn is_same(event: &ImportedEvent, existing: &Event) -> bool {
    let previous = |raw: &Option<Box<serde_json::value::RawValue>>| {
        raw.as_ref().map(|raw| raw.get().to_owned())
    };
    let time: Timestamp = existing.created_at;
    event.kind == existing.kind
        && is_same_creation(event.created_at, time)
        && event.livemode == existing.livemode
        && event.actor == existing.actor
        && event.object.get() == existing.object.get()
        && previous(&event.previous) == previous(&existing.previous_attributes)
}
