//! The board: the newest onboardings in each phase, as cards that also show the customer.

use strum::VariantArray;

use super::error::StoreError;
use super::onboardings::{of_customer, of_workspace};
use super::reader::WorkspaceReader;
use super::rows::document::Document;
use super::rows::live;
use super::rows::resource::{Listed, Table};
use super::rows::row::conversion_error;
use crate::model::board::{BoardFilter, Card, CardCustomer, Column};
use crate::model::onboarding::{Onboarding, OnboardingFilter, OwnerFilter, Phase};
use crate::model::parse::page::PageRequest;
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::store::engine::{self, Row};

impl Table for Card {
    // The customer's columns are renamed, so that the onboarding's columns are unambiguous. An
    // onboarding is listed until its customer is deleted. The cross join keeps SQLite from
    // reordering the tables; PostgreSQL has none with ON.
    const TABLE: &'static str = "onboardings CROSS JOIN (
        SELECT id AS c_id, display_id AS c_display_id, doc ->> 'name' AS c_name, slug AS c_slug
        FROM customers WHERE deleted_at IS NULL) AS c";
    const LISTED_WHERE: &'static str =
        "c_id = customer_id AND deleted_at IS NULL AND customer_deleted_at IS NULL";
}

impl Listed for Card {
    const COLUMNS: &'static str = Document::<Onboarding>::COLUMNS;
    const EXTRA_COLUMNS: &'static str = ", c_id, c_display_id, c_name, c_slug";

    fn from_row(row: &Row<'_>) -> engine::Result<Self> {
        let onboarding = Document::<Onboarding>::from_row(row)?;
        let onboarding = onboarding.parse().map_err(|error| conversion_error(0, error))?;
        let customer = CardCustomer {
            id: Id::from_stored(row.get("c_id")?),
            display_id: DisplayId(row.get("c_display_id")?),
            name: Name::from_stored(row.get("c_name")?),
            slug: Slug::from_stored(row.get("c_slug")?),
        };
        Ok(Self { onboarding, customer })
    }

    fn created_at(&self) -> Timestamp {
        self.onboarding.created_at
    }
}

impl WorkspaceReader<'_> {
    /// Returns one column per phase, in the usual order, each with its newest onboardings, up to
    /// `limit`. The columns are empty for a customer that does not exist.
    pub fn board(&self, filter: &BoardFilter, limit: u32) -> Result<Vec<Column>, StoreError> {
        let empty = |&phase: &Phase| Column { phase, total: 0, cards: Vec::new() };
        let empty_board = || Phase::VARIANTS.iter().map(empty).collect();
        let customer = match &filter.customer {
            OwnerFilter::Any => None,
            OwnerFilter::Unknown => return Ok(empty_board()),
            OwnerFilter::One(id_ref) => match live::find_id(self.conn, self.workspace, id_ref) {
                Ok(customer) => Some(customer),
                Err(StoreError::NotFound(_)) => return Ok(empty_board()),
                Err(error) => return Err(error),
            },
        };
        let page = PageRequest { limit, before: None };
        let mut columns = Vec::new();
        for &phase in Phase::VARIANTS {
            let filter = OnboardingFilter { phase: Some(phase), state: filter.state };
            let list = match &customer {
                None => of_workspace(self.workspace, &filter),
                Some(id) => of_customer(self.workspace, id.as_str(), &filter),
            };
            let total = list.clone().count::<Onboarding>(self.conn)?;
            let cards = if total > 0 { list.page(self.conn, &page)?.data } else { Vec::new() };
            columns.push(Column { phase, total, cards });
        }
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::customer::Customer;
    use crate::model::onboarding::State;
    use crate::model::values::id::Ref;
    use crate::store::rows::fixture::Db;

    /// Returns the names of the cards in a phase's column, and the column's total.
    fn column(db: &Db, filter: &BoardFilter, phase: Phase) -> (Vec<String>, i64) {
        let columns = db.reader().board(filter, 2).unwrap();
        assert!(columns.iter().map(|column| column.phase).eq(Phase::VARIANTS.iter().copied()));
        let column = columns.into_iter().find(|column| column.phase == phase).unwrap();
        let name = |card: &Card| {
            let onboarding = card.onboarding.name.as_ref().unwrap();
            format!("{} of {}", onboarding.as_str(), card.customer.name.as_str())
        };
        (column.cards.iter().map(name).collect(), column.total)
    }

    /// Two customers with two onboardings each in review, and one in launch.
    fn board() -> (Db, Customer) {
        let db = Db::new();
        let aurora = db.customer(1, &json!({"name": "Aurora"}));
        let borealis = db.customer(2, &json!({"name": "Borealis"}));
        for (second, customer, name, phase, state) in [
            (3, &aurora, "a", "review", "active"),
            (4, &borealis, "b", "review", "paused"),
            (5, &aurora, "c", "review", "paused"),
            (6, &borealis, "d", "review", "active"),
            (7, &borealis, "e", "launch", "active"),
        ] {
            db.onboarding(second, customer, json!({"name": name, "phase": phase, "state": state}));
        }
        (db, borealis)
    }

    #[test]
    fn a_column_has_its_newest_cards_and_the_total() {
        let (db, _) = board();
        let all = BoardFilter::default();
        let expected = vec!["d of Borealis".to_owned(), "c of Aurora".to_owned()];
        assert_eq!(column(&db, &all, Phase::Review), (expected, 4));
        assert_eq!(column(&db, &all, Phase::Launch).1, 1);
        assert_eq!(column(&db, &all, Phase::Completed), (Vec::new(), 0));
    }

    #[test]
    fn the_board_can_be_filtered_by_state_and_customer() {
        let (db, borealis) = board();
        let state = Some(State::Paused);
        let paused = BoardFilter { state, ..BoardFilter::default() };
        let expected = vec!["c of Aurora".to_owned(), "b of Borealis".to_owned()];
        assert_eq!(column(&db, &paused, Phase::Review), (expected, 2));
        let customer = OwnerFilter::One(Ref::DisplayId(borealis.display_id));
        let of_one = BoardFilter { state: None, customer: customer.clone() };
        let expected = vec!["d of Borealis".to_owned(), "b of Borealis".to_owned()];
        assert_eq!(column(&db, &of_one, Phase::Review), (expected, 2));
        let both = BoardFilter { state, customer };
        assert_eq!(column(&db, &both, Phase::Review), (vec!["b of Borealis".to_owned()], 1));
        let nobody = BoardFilter { state: None, customer: OwnerFilter::Unknown };
        assert_eq!(column(&db, &nobody, Phase::Review), (Vec::new(), 0));
        let customer = OwnerFilter::One(Ref::DisplayId(DisplayId(99)));
        let unknown = BoardFilter { state: None, customer };
        assert_eq!(column(&db, &unknown, Phase::Review), (Vec::new(), 0));
    }

    #[test]
    fn deleted_resources_are_not_on_the_board() {
        let (db, borealis) = board();
        db.tx(8).delete_customer(&Ref::Id(borealis.id.clone())).unwrap();
        let all = BoardFilter::default();
        let expected = vec!["c of Aurora".to_owned(), "a of Aurora".to_owned()];
        assert_eq!(column(&db, &all, Phase::Review), (expected, 2));
        db.tx(9).delete_onboarding(&Ref::DisplayId(DisplayId(3))).unwrap();
        assert_eq!(column(&db, &all, Phase::Review), (vec!["a of Aurora".to_owned()], 1));
        let db = db.in_another_workspace();
        assert_eq!(column(&db, &all, Phase::Review), (Vec::new(), 0));
    }
}
