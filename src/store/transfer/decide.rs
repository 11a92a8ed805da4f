//! Decides what to do with a row of an import.

use serde_json::{Map, Value};

use super::existing::{Existing, with_number};
use super::index::Key;
use super::resources::{Importable, Matches};
use super::scope::Scope;
use super::times::{is_same_creation, same_milli};
use crate::model::customer::CustomerId;
use crate::model::previous_values::previous_values;
use crate::model::resource::ResourceType;
use crate::model::transfer::{ImportFault, Lasts, OnConflict, Row};
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::rows::document::Document;

/// How far a time may be ahead of this machine's clock.
const CLOCK_SKEW_MILLIS: i64 = 5 * 60 * 1000;

pub(super) enum Decision<R> {
    /// `display_id` and the times are those of the row.
    Create {
        resource: R,
        display_id: Option<DisplayId>,
        times: Times,
    },
    Update {
        before: Existing<R>,
        after: R,
        times: Times,
    },
    Unchanged {
        resource: R,
        times: Times,
    },
    Skip,
    Reject(Vec<ImportFault>),
}

/// The times of a row.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// `Some(None)` if the row says that the resource is live. A row without an ID doesn't say.
    pub deleted_at: Option<Option<Timestamp>>,
}

impl Times {
    pub fn deletion(self) -> Option<Timestamp> {
        self.deleted_at.flatten()
    }

    /// Leaves the times of an existing resource as they are, unless it is deleted or restored.
    fn kept(self, deleted_at: Option<Timestamp>) -> Self {
        let deletion = self.deleted_at.map(|new| new.map(|time| deleted_at.unwrap_or(time)));
        Self { created_at: None, updated_at: None, deleted_at: deletion }
    }
}

/// A resource that a row means, and what the row would make of it.
struct Match<R> {
    before: Existing<R>,
    after: R,
    /// The fields that differ.
    differences: Vec<String>,
}

impl Scope<'_> {
    /// Decides about a resource of a customer. For a customer itself, `customer` is its own ID.
    pub fn decide<R: Importable>(
        &self,
        row: Row<R, R::Body>,
        customer: &CustomerId,
    ) -> Result<Decision<R>, StoreError> {
        let has_id = row.id.is_some();
        let mut times = Times {
            created_at: row.created_at,
            updated_at: row.updated_at,
            deleted_at: has_id.then_some(row.deleted_at),
        };
        let mut faults = self.future_times(times);
        if !has_id && row.deleted_at.is_some() {
            faults.push(self.fault("deleted_at", "deleted_at needs an id"));
        }
        let found = match &row.id {
            Some(id) => match Existing::by_id(self.conn, id)? {
                Some(other) if other.workspace != self.workspace => {
                    let message = format!("id {id} belongs to another workspace of this server");
                    return Ok(Decision::Reject(vec![self.fault("id", message)]));
                }
                found => found.map(|before| self.compare(before, &row, customer)).transpose()?,
            },
            None => match self.find_by_key(&row, customer)? {
                Ok(found) => found,
                Err(fault) => return Ok(Decision::Reject(vec![fault])),
            },
        };
        if let Some(found) = found.as_ref().filter(|_| row.keeps_times()) {
            times = times.kept(found.before.deleted_at);
        }
        let avoids_conflicts = found.is_none() && R::avoids_conflicts(&row.body);
        let (id, display_id) = (row.id.clone(), row.display_id);
        let resource = match &found {
            Some(found) => found.after.clone(),
            None => {
                let id = id.clone().unwrap_or_else(Id::generate);
                R::build(row.body, id, customer, row.created_at.unwrap_or(self.now))
            }
        };
        let is_live = times.deletion().is_none();
        let unique =
            if is_live && !avoids_conflicts { resource.unique(has_id) } else { Vec::new() };

        // The same value twice in the source is a fault even if it has the workspace's value.
        self.check_repeats(id.as_ref().map(Id::as_str), R::TYPE, display_id, &mut faults)?;
        for one in &unique {
            if let Some(place) = self.claimed_at(&one.key)? {
                faults.push(self.fault(one.field, format!("{}, in {place}", one.message)));
            }
        }
        if !faults.is_empty() {
            return Ok(Decision::Reject(faults));
        }

        if let Some(found) = &found {
            if found.differences.is_empty() {
                return Ok(Decision::Unchanged { resource, times });
            }
            match self.on_conflict {
                OnConflict::Skip => return Ok(Decision::Skip),
                OnConflict::Fail => {
                    let message = format!(
                        "{} {} already exists, with another {}",
                        <&str>::from(R::TYPE),
                        resource.id(),
                        found.differences.join(", ")
                    );
                    return Ok(Decision::Reject(vec![ImportFault::new(self.place, message)]));
                }
                OnConflict::Update => {
                    faults.extend(self.fixed_differences(found, customer, display_id, times));
                }
            }
        } else if let Some(number) = display_id
            && let Some(holder) = with_number::<R>(self.conn, self.workspace, number)?
        {
            let resource = <&str>::from(R::TYPE);
            let message = format!("display_id {} belongs to {resource} {holder}", number.0);
            faults.push(self.fault("display_id", message));
        }
        for one in &unique {
            let may_take_over = !has_id || self.on_conflict == OnConflict::Update;
            if one.is_taken_over && may_take_over {
                continue;
            }
            for holder in one.holders(self)? {
                if holder != resource.id().as_str() && !self.is_updated(&holder)? {
                    faults.push(self.fault(one.field, one.message.clone()));
                }
            }
        }
        if !faults.is_empty() {
            let skips = self.on_conflict == OnConflict::Skip;
            return Ok(if skips { Decision::Skip } else { Decision::Reject(faults) });
        }
        Ok(match found {
            Some(found) => Decision::Update { before: found.before, after: resource, times },
            None => Decision::Create { resource, display_id, times },
        })
    }

    /// Finds what a row without an ID means.
    fn find_by_key<R: Importable>(
        &self,
        row: &Row<R, R::Body>,
        customer: &CustomerId,
    ) -> Result<Result<Option<Match<R>>, ImportFault>, StoreError> {
        let (found, by_key) = match R::matches(self, &row.body, customer)? {
            Matches::ByKey(found) => (found, true),
            Matches::Likely(found) => (found.into_iter().collect(), false),
        };
        let mut others = Vec::new();
        for one in found {
            let found = self.compare(one, row, customer)?;
            if found.differences.is_empty() {
                return Ok(Ok(Some(found)));
            }
            others.push(found);
        }
        if !by_key {
            return Ok(Ok(None));
        }
        if others.len() > 1 {
            let message = format!(
                "{} {}s of this customer have this name; give the row an id",
                others.len(),
                <&str>::from(R::TYPE)
            );
            return Ok(Err(ImportFault::new(self.place, message)));
        }
        Ok(Ok(others.pop()))
    }

    /// Applies a row to an existing resource.
    fn compare<R: Importable>(
        &self,
        before: Existing<R>,
        row: &Row<R, R::Body>,
        customer: &CustomerId,
    ) -> Result<Match<R>, StoreError> {
        let adapted = row.for_existing(before.deleted_at);
        let row = adapted.as_ref().unwrap_or(row);
        let mut after = before.stored.resource.clone();
        R::apply(row.body.clone(), &mut after, self.now);
        let (created_at, updated_at) = before.stored.resource.times();
        let updated_at = row
            .updated_at
            .filter(|_| row.id.is_some())
            .map_or(updated_at, |time| time.max(created_at));
        after.set_times(created_at, updated_at);
        let text = Document::from_resource(&after)?;
        let mut differences = Vec::new();
        if text.text() != before.stored.document.text() {
            let old: Map<String, Value> = serde_json::from_str(before.stored.document.text())?;
            let new: Map<String, Value> = serde_json::from_str(text.text())?;
            differences.extend(previous_values(old, &new).into_iter().map(|(name, _)| name));
            if differences.is_empty() {
                differences.push("updated_at".to_owned());
            }
        }
        if row.display_id.is_some_and(|number| number != before.stored.resource.display_id()) {
            differences.push("display_id".to_owned());
        }
        if row.id.is_some() {
            if before.stored.resource.customer_id() != customer {
                differences.push("customer_id".to_owned());
            }
            if row.created_at.is_some_and(|time| !is_same_creation(time, created_at)) {
                differences.push("created_at".to_owned());
            }
            let same_deletion = match (row.deleted_at, before.deleted_at) {
                (Some(new), Some(old)) => same_milli(new, old),
                (None, None) => true,
                _ => false,
            };
            if !same_deletion {
                differences.push("deleted_at".to_owned());
            }
        }
        Ok(Match { before, after, differences })
    }

    /// What an update can't change.
    fn fixed_differences<R: Importable>(
        &self,
        found: &Match<R>,
        customer: &CustomerId,
        display_id: Option<DisplayId>,
        times: Times,
    ) -> Vec<ImportFault> {
        let before = &found.before.stored.resource;
        let has_id = times.deleted_at.is_some();
        let (created_at, _) = before.times();
        let checks = [
            ("display_id", display_id.is_none_or(|number| number == before.display_id())),
            ("customer_id", !has_id || before.customer_id() == customer),
            (
                "created_at",
                !has_id || times.created_at.is_none_or(|time| is_same_creation(time, created_at)),
            ),
        ];
        let differ = checks.into_iter().filter(|(_, is_same)| !is_same);
        let resource = <&str>::from(R::TYPE);
        differ
            .map(|(name, _)| {
                let message = format!(
                    "{name} differs from that of {resource} {}, and an import can't change it",
                    before.id()
                );
                self.fault(name, message)
            })
            .collect()
    }

    /// A time in the future would be the lower bound for the times of everything that is created
    /// later.
    fn future_times(&self, times: Times) -> Vec<ImportFault> {
        let named = [
            ("created_at", times.created_at),
            ("updated_at", times.updated_at),
            ("deleted_at", times.deletion()),
        ];
        let latest = latest_time(self.now);
        let future = named.into_iter().filter(|(_, time)| time.is_some_and(|time| time > latest));
        future.map(|(name, _)| self.fault(name, format!("{name} is in the future"))).collect()
    }

    /// Reports an ID or a display ID that a row before has.
    pub fn check_repeats(
        &self,
        id: Option<&str>,
        resource: ResourceType,
        display_id: Option<DisplayId>,
        faults: &mut Vec<ImportFault>,
    ) -> Result<(), StoreError> {
        if let Some(id) = id
            && let Some(place) = self.claimed_at(&Key::Id(resource, id.to_owned()))?
        {
            faults.push(self.fault("id", format!("id {id} is also in {place}")));
        }
        if let Some(number) = display_id
            && let Some(place) = self.claimed_at(&Key::Number(resource, number))?
        {
            let message = format!("display_id {} is also in {place}", number.0);
            faults.push(self.fault("display_id", message));
        }
        Ok(())
    }

    /// Returns the place of the row that has claimed a key.
    fn claimed_at(&self, key: &Key) -> Result<Option<String>, StoreError> {
        let Some(index) = self.index else { return Ok(None) };
        Ok(index.find(key)?.map(|claim| claim.place))
    }

    fn is_updated(&self, id: &str) -> Result<bool, StoreError> {
        self.index.map_or(Ok(false), |index| index.is_updated(id))
    }
}

/// Returns whether any of these times is later than that of any row can be.
pub fn is_future(lasts: &Lasts, now: Timestamp) -> bool {
    let resources = [&lasts.customer, &lasts.contact, &lasts.onboarding];
    let times = resources.into_iter().flatten().map(|last| last.created_at);
    times.chain(lasts.event.map(|last| last.created_at)).any(|time| time > latest_time(now))
}

/// Returns the latest time that a row can have.
pub(super) fn latest_time(now: Timestamp) -> Timestamp {
    now.plus_millis(CLOCK_SKEW_MILLIS)
}
