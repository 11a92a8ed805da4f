//! Writes the rows of resources and the events of their changes. For the store's own use: it is
//! what the three resource modules do in the same way.

use rusqlite::types::ToSqlOutput;
use rusqlite::{ToSql, params, params_from_iter};
use serde::Serialize;
use serde_json::{Map, Value};

use super::sequences;
use crate::model::event::{EventType, new_event_id};
use crate::model::onboarding::Phase;
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;
use crate::store::error::StoreError;
use crate::store::tx::WorkspaceTx;

/// The columns of a row by the names of the properties that they hold.
pub(in crate::store) type Columns<'r> = Vec<(&'static str, ToSqlOutput<'r>)>;

/// An optional text or number as a column's value.
pub(in crate::store) fn nullable<'v, T: Into<ToSqlOutput<'v>>>(
    value: Option<T>,
) -> ToSqlOutput<'v> {
    value.map_or_else(|| ToSqlOutput::from(rusqlite::types::Null), Into::into)
}

/// A time as a column's value.
pub(in crate::store) fn time(value: Timestamp) -> ToSqlOutput<'static> {
    value.as_micros().into()
}

/// What an event tells besides who, when and what.
pub(in crate::store) struct Subject<'s> {
    pub resource: ResourceType,
    pub resource_id: &'s str,
    /// The customer in whose timeline the event stands.
    pub customer_id: Option<&'s str>,
    /// Where a phase move led from and to.
    pub phases: Option<(Phase, Phase)>,
}

/// The properties that differ between two states of a resource, with their earlier values.
pub(in crate::store) struct Difference(Map<String, Value>);

impl Difference {
    /// Compares what clients see of the two states. `updated_at` always changes and says nothing.
    pub fn between<R: Serialize>(before: &R, after: &R) -> Result<Self, StoreError> {
        let (Value::Object(mut old), Value::Object(new)) =
            (serde_json::to_value(before)?, serde_json::to_value(after)?)
        else {
            return Err(StoreError::Internal("a resource is not an object".to_owned()));
        };
        // As text, because the order of metadata's keys is the client's and can change too.
        let text = |value: &Value| value.to_string();
        old.retain(|property, value| {
            property != "updated_at" && new.get(property).is_none_or(|now| text(now) != text(value))
        });
        Ok(Self(old))
    }

    /// Whether a property is one of them.
    pub fn has(&self, property: &str) -> bool {
        self.0.contains_key(property)
    }
}

impl WorkspaceTx<'_> {
    /// Adds a row.
    pub(in crate::store) fn insert(
        &self,
        table: &str,
        columns: &Columns<'_>,
    ) -> rusqlite::Result<()> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES ({})",
            names.join(", "),
            vec!["?"; names.len()].join(", ")
        );
        let values = columns.iter().map(|(_, value)| value);
        self.conn.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        Ok(())
    }

    /// Writes the columns whose properties differ, and `always`, to the row with this id. Columns
    /// that stay as they are are not mentioned, so that their indexes are not touched.
    pub(in crate::store) fn update(
        &self,
        table: &str,
        id: &str,
        columns: &Columns<'_>,
        difference: &Difference,
        always: &[&str],
    ) -> rusqlite::Result<()> {
        let changed: Vec<_> = columns
            .iter()
            .filter(|(name, _)| difference.has(name) || always.contains(name))
            .collect();
        let settings: Vec<String> = changed.iter().map(|(name, _)| format!("{name} = ?")).collect();
        let sql = format!("UPDATE {table} SET {} WHERE id = ?", settings.join(", "));
        let id = id.to_sql()?;
        let values = changed.iter().map(|(_, value)| value).chain([&id]);
        self.conn.prepare_cached(&sql)?.execute(params_from_iter(values))?;
        Ok(())
    }

    /// Marks a row as deleted.
    pub(in crate::store) fn bury(&self, table: &str, id: &str) -> rusqlite::Result<()> {
        let sql = format!("UPDATE {table} SET deleted_at = max(?1, updated_at) WHERE id = ?2");
        self.conn.prepare_cached(&sql)?.execute(params![self.now.as_micros(), id])?;
        Ok(())
    }

    /// When a resource that was last changed at `last` is changed now: later by what clients see
    /// of it, which is milliseconds.
    pub(in crate::store) fn moved(&self, last: Timestamp) -> Timestamp {
        self.now.max(last.plus_millis(1))
    }

    /// Writes the events of one change, each with the resource as it is after it.
    pub(in crate::store) fn record(
        &self,
        kinds: &[EventType],
        subject: &Subject<'_>,
        object: &impl Serialize,
        difference: Option<&Difference>,
    ) -> Result<(), StoreError> {
        let object = serde_json::to_string(object)?;
        let previous = difference.map(|d| serde_json::to_string(&d.0)).transpose()?;
        for &kind in kinds {
            let (_, created_at) = sequences::next(self.conn, self.workspace(), "event", self.now)?;
            let phases = subject.phases.filter(|_| kind == EventType::OnboardingPhaseChanged);
            let sql = "INSERT INTO events (id, workspace_no, created_at, type, livemode,
                           actor_type, actor_id, actor_name, resource, resource_id, customer_id,
                           object, previous, from_phase, to_phase)
                       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            self.conn.prepare_cached(sql)?.execute(params![
                new_event_id(),
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
                object,
                previous,
                phases.map(|(from, _)| <&str>::from(from)),
                phases.map(|(_, to)| <&str>::from(to)),
            ])?;
        }
        Ok(())
    }
}
