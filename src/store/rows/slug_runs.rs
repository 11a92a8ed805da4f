//! Tracks which numbers the numbered slugs have, as runs without gaps. The smallest free number is
//! found in one step, however many there are. A slug counts toward the stem that ends with its last
//! hyphen, whatever name it was made from.

use rusqlite::Connection;

use crate::model::values::slug::{FIRST_NUMBER, Slug};
use crate::store::engine::{OptionalExtension, params};
use crate::store::error::StoreError;
use crate::store::tx::WorkspaceTx;
use crate::store::workspaces::IS_DISCARDED;

/// A range of numbers, both ends included.
struct Run {
    low: u32,
    high: u32,
}

impl WorkspaceTx<'_> {
    /// Returns the slug itself if no live customer has it. Otherwise, appends the smallest free
    /// number.
    pub(in crate::store) fn find_free_slug(&self, wanted: Slug) -> Result<Slug, StoreError> {
        let sql = "SELECT 1 FROM customers
                   WHERE workspace_no = ?1 AND slug = ?2 AND deleted_at IS NULL";
        let mut lookup = self.conn.prepare_cached(sql)?;
        if lookup
            .query_row(params![self.workspace().0, wanted.as_str()], |_| Ok(()))
            .optional()?
            .is_none()
        {
            return Ok(wanted);
        }
        let stem = wanted.numbered_stem();
        Ok(Slug::numbered(&stem, self.find_free_number(&stem, FIRST_NUMBER)?))
    }

    /// Returns the smallest free number of a stem that is not less than `first`.
    pub(in crate::store) fn find_free_number(
        &self,
        stem: &str,
        first: u32,
    ) -> Result<u32, StoreError> {
        let run = self.run_containing(stem, first)?;
        Ok(run.map_or(first, |run| run.high + 1))
    }

    /// Records that a live customer now has this slug.
    pub(in crate::store) fn claim_slug_number(&self, slug: &Slug) -> Result<(), StoreError> {
        let Some((stem, number)) = slug.split_number() else { return Ok(()) };
        let left = self.run_containing(stem, number - 1)?;
        let right = self.run_containing(stem, number + 1)?;
        let low = left.map_or(number, |run| run.low);
        let high = right.as_ref().map_or(number, |run| run.high);
        if let Some(run) = right {
            self.remove_run(stem, run.low)?;
        }
        self.put_run(stem, &Run { low, high })
    }

    /// Records that this slug no longer belongs to a live customer.
    pub(in crate::store) fn release_slug_number(&self, slug: &Slug) -> Result<(), StoreError> {
        let Some((stem, number)) = slug.split_number() else { return Ok(()) };
        let Some(run) = self.run_containing(stem, number)? else { return Ok(()) };
        if run.low < number {
            self.put_run(stem, &Run { low: run.low, high: number - 1 })?;
        } else {
            self.remove_run(stem, run.low)?;
        }
        if number < run.high {
            self.put_run(stem, &Run { low: number + 1, high: run.high })?;
        }
        Ok(())
    }

    /// Returns the run that contains a number.
    fn run_containing(&self, stem: &str, number: u32) -> Result<Option<Run>, StoreError> {
        let sql = "SELECT low, high FROM slug_runs
                   WHERE workspace_no = ?1 AND stem = ?2 AND low <= ?3
                   ORDER BY low DESC LIMIT 1";
        let mut below = self.conn.prepare_cached(sql)?;
        let run = below.query_row(params![self.workspace().0, stem, number], |row| {
            Ok(Run { low: row.get(0)?, high: row.get(1)? })
        });
        Ok(run.optional()?.filter(|run| number <= run.high))
    }

    /// Writes a run, replacing the one that starts with the same number.
    fn put_run(&self, stem: &str, run: &Run) -> Result<(), StoreError> {
        let sql = "INSERT INTO slug_runs (workspace_no, stem, low, high) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (workspace_no, stem, low) DO UPDATE SET high = excluded.high";
        self.conn.prepare_cached(sql)?.execute(params![
            self.workspace().0,
            stem,
            run.low,
            run.high
        ])?;
        Ok(())
    }

    fn remove_run(&self, stem: &str, low: u32) -> Result<(), StoreError> {
        let sql = "DELETE FROM slug_runs WHERE workspace_no = ?1 AND stem = ?2 AND low = ?3";
        self.conn.prepare_cached(sql)?.execute(params![self.workspace().0, stem, low])?;
        Ok(())
    }
}

/// Finds workspaces whose runs don't match the slugs of their customers. Databases from before
/// version 5 don't have the table.
pub(in crate::store) fn check(conn: &Connection, limit: u32) -> rusqlite::Result<Vec<String>> {
    if !conn.table_exists(None, "slug_runs")? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "WITH
            numbered AS (
                SELECT workspace_no, stem, CAST(digits AS INTEGER) AS number
                FROM (
                    SELECT workspace_no, stem, substr(slug, length(stem) + 1) AS digits
                    FROM (
                        SELECT workspace_no, slug, rtrim(slug, '0123456789') AS stem
                        FROM customers WHERE deleted_at IS NULL
                    )
                    WHERE stem LIKE '%-'
                )
                WHERE digits NOT LIKE '0%' AND CAST(digits AS INTEGER) BETWEEN 2 AND 999999999
            ),
            expected AS (
                SELECT workspace_no, stem, min(number) AS low, max(number) AS high
                FROM (
                    SELECT *, number - row_number()
                        OVER (PARTITION BY workspace_no, stem ORDER BY number) AS run
                    FROM numbered
                )
                GROUP BY workspace_no, stem, run
            ),
            recorded AS (SELECT workspace_no, stem, low, high FROM slug_runs)
        SELECT DISTINCT w.slug
        FROM (
            SELECT * FROM (SELECT * FROM expected EXCEPT SELECT * FROM recorded)
            UNION ALL
            SELECT * FROM (SELECT * FROM recorded EXCEPT SELECT * FROM expected)
        ) AS wrong
        JOIN workspaces AS w ON w.no = wrong.workspace_no
        WHERE NOT {IS_DISCARDED}
        LIMIT ?1"
    );
    let mut statement = conn.prepare(&sql)?;
    let rows = statement.query_map([limit], |row| row.get::<_, String>(0))?;
    let describe = |slug: String| {
        format!(
            "workspace `{slug}`: the recorded slug numbers do not match the slugs of its customers"
        )
    };
    rows.map(|slug| slug.map(describe)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::customer::{Customer, CustomerPatch};
    use crate::model::values::id::Ref;
    use crate::store::rows::fixture::{Db, body};

    /// The naive algorithm: try the numbers one by one, starting at 2.
    fn expected(taken: &[String], wanted: &Slug) -> String {
        let free = |slug: &String| !taken.contains(slug);
        let stem = wanted.numbered_stem();
        std::iter::once(wanted.to_string())
            .chain((2..).map(|n| format!("{stem}{n}")))
            .find(free)
            .unwrap()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Create(usize),
        Choose(String),
        Rename(usize, String),
        Delete(usize),
    }

    /// Names whose slugs collide: some end with a number themselves, and one is too long to append
    /// a number without truncating it.
    fn name(index: usize) -> String {
        let long = "long ".repeat(30);
        ["Aurora", "Aurora 2", "Aurora-2-3", "!!!", &long, &long[..96]][index % 6].to_owned()
    }

    fn chosen() -> impl Strategy<Value = String> {
        let stem = prop::sample::select(vec![
            "aurora".to_owned(),
            "aurora-2".to_owned(),
            Slug::from_name(&name(4)).numbered_stem().trim_end_matches('-').to_owned(),
        ]);
        let end = prop_oneof![Just(String::new()), "-0?[0-9]", "-99999999[0-9]"];
        (stem, end).prop_map(|(stem, end)| stem + &end)
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0usize..6).prop_map(Step::Create),
            2 => chosen().prop_map(Step::Choose),
            2 => (any::<usize>(), chosen()).prop_map(|(index, slug)| Step::Rename(index, slug)),
            2 => any::<usize>().prop_map(Step::Delete),
        ]
    }

    fn check(conn: &Connection) -> Vec<String> {
        super::check(conn, 10).unwrap()
    }

    fn run(steps: Vec<Step>) {
        let db = Db::new();
        let mut live: Vec<Customer> = Vec::new();
        for (second, step) in (1..).zip(steps) {
            let slugs: Vec<String> = live.iter().map(|one| one.slug.to_string()).collect();
            match step {
                Step::Create(index) => {
                    let wanted = Slug::from_name(&name(index));
                    let created = db.customer(second, &json!({"name": name(index)}));
                    assert_eq!(created.slug.as_str(), expected(&slugs, &wanted));
                    live.push(created);
                }
                Step::Choose(slug) if slugs.contains(&slug) => {}
                Step::Choose(slug) => {
                    live.push(db.customer(second, &json!({"name": "x", "slug": slug})));
                }
                Step::Rename(index, slug) if !live.is_empty() && !slugs.contains(&slug) => {
                    let index = index % live.len();
                    let patch: CustomerPatch = body(&json!({"slug": slug}));
                    let id_ref = Ref::Id(live[index].id.clone());
                    live[index] = db.tx(second).update_customer(&id_ref, patch).unwrap().resource;
                }
                Step::Delete(index) if !live.is_empty() => {
                    let deleted = live.swap_remove(index % live.len());
                    db.tx(second).delete_customer(&Ref::Id(deleted.id)).unwrap();
                }
                Step::Rename(..) | Step::Delete(_) => {}
            }
            assert_eq!(check(db.conn()), Vec::<String>::new());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn the_smallest_free_number_is_used(steps in prop::collection::vec(step(), 0..60)) {
            run(steps);
        }
    }

    #[test]
    fn a_run_is_one_row_however_many_customers_it_covers() {
        let db = Db::new();
        for second in 0..50 {
            db.customer(second, &json!({"name": "Unknown"}));
        }
        let tx = db.tx(0);
        let runs = || -> i64 {
            tx.conn.query_row("SELECT count(*) FROM slug_runs", (), |row| row.get(0)).unwrap()
        };
        assert_eq!(runs(), 1);
        let with_slug = |slug: &str| {
            let sql = "SELECT display_id FROM customers WHERE slug = ?1 AND deleted_at IS NULL";
            let id = tx.conn.query_row(sql, [slug], |row| row.get(0)).unwrap();
            Ref::DisplayId(crate::model::values::id::DisplayId(id))
        };
        db.tx(100).delete_customer(&with_slug("unknown-20")).unwrap();
        assert_eq!(runs(), 2);
        assert_eq!(db.customer(101, &json!({"name": "Unknown"})).slug.as_str(), "unknown-20");
        assert_eq!(runs(), 1);
    }

    #[test]
    fn a_check_reports_the_workspace_whose_runs_do_not_match_its_slugs() {
        for sql in [
            "DELETE FROM slug_runs",
            "UPDATE slug_runs SET high = 9",
            "INSERT INTO slug_runs VALUES (1, 'other-', 2, 2)",
        ] {
            let db = Db::new();
            db.customer(1, &json!({"name": "Aurora"}));
            db.customer(2, &json!({"name": "Aurora"}));
            let tx = db.tx(3);
            tx.conn.execute_batch(sql).unwrap();
            let found = check(db.conn());
            assert_eq!(found.len(), 1, "{sql}");
            assert!(found[0].contains("`one`"), "{found:?}");
        }
    }
}
