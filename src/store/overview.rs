//! The contents of a workspace in numbers, and the size of the database.

use strum::VariantArray;

use super::error::StoreError;
use super::reader::{Reader, WorkspaceReader};
use super::rows::list::List;
use super::rows::row::enum_value;
use crate::model::customer::{Customer, CustomerStatus};
use crate::model::onboarding::{Onboarding, Phase, State};
use crate::model::values::time::Timestamp;
use crate::store::engine::size::DatabaseSize;
use crate::store::engine::{OptionalExtension, Row};

/// A count for each variant of an enum, including those with zero, in declaration order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally<E: 'static>(Vec<(E, i64)>);

impl<E: VariantArray + Copy + PartialEq> Tally<E> {
    fn from_counts(parts: impl IntoIterator<Item = (E, i64)>) -> Self {
        let mut counts: Vec<_> = E::VARIANTS.iter().map(|&kind| (kind, 0)).collect();
        for (kind, part) in parts {
            for (_, count) in counts.iter_mut().filter(|(variant, _)| *variant == kind) {
                *count += part;
            }
        }
        Self(counts)
    }

    pub fn iter(&self) -> impl Iterator<Item = (E, i64)> + '_ {
        self.0.iter().copied()
    }

    pub fn total(&self) -> i64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

/// How many resources a workspace lists, and how many events it has in total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    pub customers: Tally<CustomerStatus>,
    pub contacts: i64,
    pub phases: Tally<Phase>,
    /// The same onboardings, by state.
    pub states: Tally<State>,
    /// Onboardings that are not completed although their target launch date has passed.
    pub overdue: i64,
    pub events: i64,
}

impl WorkspaceReader<'_> {
    pub fn overview(&self, now: Timestamp) -> Result<Overview, StoreError> {
        let of_status = |row: &Row<'_>| Ok((enum_value(row, "status")?, row.get("count")?));
        let customers = List::in_workspace(self.workspace)
            .count_by::<Customer, _>(self.conn, "status", of_status)?;
        let both = |row: &Row<'_>| {
            Ok((enum_value(row, "phase")?, enum_value(row, "state")?, row.get("count")?))
        };
        let onboardings: Vec<(Phase, State, i64)> = List::in_workspace(self.workspace)
            .count_by::<Onboarding, _>(self.conn, "phase, state", both)?;
        Ok(Overview {
            customers: Tally::from_counts(customers),
            contacts: self.count_contacts()?,
            phases: Tally::from_counts(onboardings.iter().map(|&(phase, _, count)| (phase, count))),
            states: Tally::from_counts(onboardings.iter().map(|&(_, state, count)| (state, count))),
            overdue: self.count_overdue(now)?,
            events: self.count_events()?,
        })
    }

    /// Reads every onboarding that is not completed, because no index covers the launch date.
    fn count_overdue(&self, now: Timestamp) -> Result<i64, StoreError> {
        let now = now.as_micros();
        let mut overdue = 0;
        for &phase in Phase::VARIANTS.iter().filter(|&&phase| phase != Phase::Completed) {
            let mut list = List::in_workspace(self.workspace);
            list.filter_indexed("phase", <&str>::from(phase));
            list.filter_less_than("target_launch_date", now);
            overdue += list.count::<Onboarding>(self.conn)?;
        }
        Ok(overdue)
    }

    /// Returns the number of the last event. Events are numbered without gaps and never deleted, so
    /// there is no need to count millions of rows.
    fn count_events(&self) -> Result<i64, StoreError> {
        let sql = "SELECT display_id FROM sequences WHERE workspace_no = ?1 AND resource = 'event'";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([self.workspace.0], |row| row.get(0)).optional()?.unwrap_or(0))
    }
}

impl Reader<'_> {
    pub fn database_size(&self) -> Result<DatabaseSize, StoreError> {
        Ok(self.conn.database_size()?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::values::id::Ref;
    use crate::store::rows::fixture::{Db, time_at};

    fn count<E: VariantArray + Copy + PartialEq>(tally: &Tally<E>, kind: E) -> i64 {
        tally.iter().find(|(variant, _)| *variant == kind).unwrap().1
    }

    fn overview(db: &Db, seconds: i64) -> Overview {
        db.reader().overview(time_at(seconds)).unwrap()
    }

    #[test]
    fn resources_are_counted_by_status_phase_and_state() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora", "status": "active"}));
        let borealis = db.customer(2, &json!({"name": "Borealis", "status": "active"}));
        db.customer(3, &json!({"name": "Corona", "status": "churned"}));
        db.contact(4, &aurora, &json!({"name": "Ada", "email": "ada@aurora.example"}));
        db.contact(5, &borealis, &json!({"name": "Bo", "email": "bo@borealis.example"}));
        db.onboarding(6, &aurora, json!({"phase": "review", "state": "paused"}));
        db.onboarding(7, &borealis, json!({"phase": "review"}));
        db.onboarding(8, &borealis, json!({"phase": "completed"}));

        let all = overview(&db, 9);
        assert_eq!(all.customers.total(), 3);
        assert_eq!(count(&all.customers, CustomerStatus::Active), 2);
        assert_eq!(count(&all.customers, CustomerStatus::Churned), 1);
        assert_eq!(count(&all.customers, CustomerStatus::Archived), 0);
        assert_eq!(all.contacts, 2);
        assert_eq!((count(&all.phases, Phase::Review), all.phases.total()), (2, 3));
        assert_eq!((count(&all.states, State::Active), all.states.total()), (2, 3));
        assert_eq!(all.events, 8);

        db.tx(10).delete_customer(&Ref::Id(borealis.id)).unwrap();
        let left = overview(&db, 11);
        assert_eq!((left.customers.total(), left.contacts, left.phases.total()), (2, 1, 1));
        assert_eq!(left.events, 9);

        let elsewhere = overview(&db.in_another_workspace(), 12);
        assert_eq!((elsewhere.customers.total(), elsewhere.contacts, elsewhere.events), (0, 0, 0));
    }

    #[test]
    fn an_onboarding_is_overdue_after_its_launch_date_until_it_is_completed() {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        for (second, phase, date) in [
            (2, "launch", json!(time_at(60))),
            (3, "review", json!(time_at(60))),
            (4, "completed", json!(time_at(60))),
            (5, "review", json!(null)),
        ] {
            db.onboarding(second, &aurora, json!({"phase": phase, "target_launch_date": date}));
        }
        assert_eq!(overview(&db, 60).overdue, 0);
        assert_eq!(overview(&db, 61).overdue, 2);
    }

    #[test]
    fn the_number_of_events_matches_the_rows() {
        let db = Db::new();
        for second in 1..20 {
            db.customer(second, &json!({"name": "Aurora"}));
        }
        let tx = db.tx(30);
        let sql = "SELECT count(*) FROM events";
        let rows: i64 = tx.conn.query_row(sql, (), |row| row.get(0)).unwrap();
        assert_eq!(overview(&db, 30).events, rows);
    }

    #[test]
    fn free_pages_are_reported_and_included_in_the_size() {
        let db = Db::new();
        let empty = db.global().database_size().unwrap();
        assert_eq!(empty.free_bytes, 0);
        db.tx(1).conn.execute_batch("DROP TABLE health").unwrap();
        let freed = db.global().database_size().unwrap();
        assert_eq!(freed.bytes, empty.bytes);
        assert!(freed.free_bytes >= 512 && freed.bytes % freed.free_bytes == 0);
    }
}
