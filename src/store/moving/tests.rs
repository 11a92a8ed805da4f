//! Moves between files that are stopped, fail, or give a copy that differs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;

use super::sides::{Source, Target};
use super::tables::tables;
use super::{MoveError, copy, move_database, verify};
use crate::model::clock::SystemClock;
use crate::model::values::time::Timestamp;
use crate::store::engine;
use crate::store::files::watch::Watch;
use crate::store::rows::fixture::time_at;
use crate::store::{DataDir, Location, OpenError, Store};

const WORKSPACE: &str = "INSERT INTO workspaces (id, slug, name, created_at)
                         VALUES ('cw0000000000000000000001', 'one', 'One', 0)";

/// Stops at the n-th question.
struct StopAt(u32, AtomicU32);

impl Watch for StopAt {
    fn should_stop(&self) -> bool {
        self.1.fetch_add(1, Ordering::Relaxed) + 1 >= self.0
    }
}

fn now() -> Timestamp {
    time_at(0)
}

fn never() -> Arc<dyn Watch> {
    Arc::new(())
}

/// Two data directories, the first with a database with a workspace.
fn dirs(parent: &Path) -> [Location; 2] {
    let [from, to] = ["from", "to"].map(|name| DataDir::new(parent.join(name)));
    drop(Store::open_or_create(&from, Arc::new(SystemClock)).unwrap());
    let conn = Connection::open(from.database()).unwrap();
    conn.execute_batch(WORKSPACE).unwrap();
    [from, to].map(Location::Files)
}

/// The names of the files in the new directory that are not locks.
fn files(to: &Location) -> Vec<String> {
    let dir = std::fs::read_dir(to.files().unwrap().path()).unwrap();
    let names = dir.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".lock")).collect()
}

#[test]
fn a_move_that_is_stopped_at_any_moment_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let [from, to] = dirs(parent.path());
    let mut moments = 0;
    let moved = loop {
        moments += 1;
        let watch: Arc<dyn Watch> = Arc::new(StopAt(moments, AtomicU32::new(0)));
        match move_database(&from, &to, now(), &watch) {
            Err(MoveError::Stopped) => assert_eq!(files(&to), Vec::<String>::new()),
            other => break other.unwrap(),
        }
    };
    // Once per table while copying and comparing, once per line of the export, and at the end.
    assert!(moments > 2 * tables().unwrap().len() as u32, "{moments}");
    assert_eq!((moved.contents.workspaces, files(&to)), (1, vec!["pivotal.db".to_owned()]));
}

#[test]
fn a_table_that_violates_the_schema_is_named_and_nothing_is_left_behind() {
    let parent = tempfile::tempdir().unwrap();
    let [from, to] = dirs(parent.path());
    let conn = Connection::open(from.files().unwrap().database()).unwrap();
    let wrong = "PRAGMA ignore_check_constraints = ON; UPDATE workspaces SET currency = 'euro'";
    conn.execute_batch(wrong).unwrap();
    drop(conn);
    let failed = move_database(&from, &to, now(), &never()).unwrap_err();
    assert!(matches!(&failed, MoveError::Table { table, .. } if table == "workspaces"), "{failed}");
    assert_eq!(files(&to), Vec::<String>::new());
}

#[test]
fn a_copy_that_differs_is_noticed_in_the_table_and_in_the_export() {
    let parent = tempfile::tempdir().unwrap();
    let [from, to] = dirs(parent.path());
    let tables = tables().unwrap();
    let source = Source::open(&from).unwrap();
    let mut target = Target::create(&to, &tables).unwrap();
    let mut originals = Vec::new();
    for table in &tables {
        let to = target.conn();
        originals
            .push(copy::copy(source.conn(), to, table, |_| Ok::<_, engine::Error>(())).unwrap());
    }
    verify::compare_tables(&target, &tables, &originals, &()).unwrap();
    verify::compare_exports(&source, &mut target, now(), &()).unwrap();

    let change = |target: &Target, sql: &str| target.conn().execute(sql, ()).unwrap();
    change(&target, "UPDATE workspaces SET name = 'Two'");
    let in_tables = verify::compare_tables(&target, &tables, &originals, &()).unwrap_err();
    assert!(in_tables.to_string().contains("the table `workspaces`"), "{in_tables}");
    let in_export = verify::compare_exports(&source, &mut target, now(), &()).unwrap_err();
    assert!(in_export.to_string().contains("`one` (line 1 of its export)"), "{in_export}");
    change(&target, "DELETE FROM workspaces");
    let in_list = verify::compare_exports(&source, &mut target, now(), &()).unwrap_err();
    assert!(in_list.to_string().contains("the list of workspaces"), "{in_list}");
}

#[test]
fn a_database_of_an_older_version_is_not_upgraded_by_a_move() {
    let parent = tempfile::tempdir().unwrap();
    let [from, to] = dirs(parent.path());
    let conn = Connection::open(from.files().unwrap().database()).unwrap();
    conn.pragma_update(None, "user_version", 7).unwrap();
    drop(conn);
    let failed = move_database(&from, &to, now(), &never()).unwrap_err();
    assert!(matches!(failed, MoveError::Open(OpenError::Older { found: 7, .. })), "{failed}");
    assert!(!to.files().unwrap().path().exists());
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use super::*;
    use crate::store::PostgresLocation;
    use crate::store::engine::postgres::test_database::TestDatabase;

    fn location(database: &TestDatabase) -> Location {
        let url = database.url().clone();
        Location::Postgres(PostgresLocation { url, require_sync: false, connections: 3 })
    }

    #[test]
    fn a_move_that_is_stopped_leaves_the_tables_empty() {
        let Some(database) = TestDatabase::create() else { return };
        let parent = tempfile::tempdir().unwrap();
        let ([from, _], to) = (dirs(parent.path()), location(&database));
        let mut moment = 1;
        loop {
            let watch: Arc<dyn Watch> = Arc::new(StopAt(moment, AtomicU32::new(0)));
            match move_database(&from, &to, now(), &watch) {
                Err(MoveError::Stopped) => {
                    let sql = "SELECT count(*) FROM workspaces";
                    let row = database.connect().query_one(sql, &[]).unwrap();
                    assert_eq!(row.get::<_, i64>(0), 0);
                }
                other => break drop(other.unwrap()),
            }
            moment += 6;
        }
        assert!(moment > 30, "{moment}");
        let refused = move_database(&from, &to, now(), &never()).unwrap_err();
        let table = "workspaces";
        assert!(
            matches!(&refused, MoveError::Occupied { table: t, .. } if t == table),
            "{refused}"
        );
    }

    #[test]
    fn rows_of_every_kind_get_to_postgresql_and_back() {
        let [Some(there), Some(further)] = [(); 2].map(|()| TestDatabase::create()) else { return };
        let parent = tempfile::tempdir().unwrap();
        let [from, back] = dirs(parent.path());
        let conn = Connection::open(from.files().unwrap().database()).unwrap();
        // A key before the one that it replaces, numbers with a gap, null, and a blob.
        let rows = "
            PRAGMA foreign_keys = OFF;
            UPDATE workspaces SET no = 7;
            INSERT INTO api_keys (id, workspace_no, lookup, hash, name, mode, tier, scopes,
                created_at, replaces)
            VALUES
                ('c', 7, 'cccccccc', '$argon2id$', 'é', 'live', 'paid', '', 1, 'b'),
                ('a', 7, 'aaaaaaaa', '$argon2id$', 'a', 'live', 'paid', '', 3, NULL),
                ('b', 7, 'bbbbbbbb', '$argon2id$', 'b', 'live', 'paid', '', 2, 'a');
            INSERT INTO idempotency_keys VALUES
                (7, 'POST /customers', x'00ff', zeroblob(32), 201, NULL, x'7b7d', 5);
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
            INSERT INTO idempotency_keys
            SELECT 7, 'POST /contacts', CAST(n AS BLOB), zeroblob(32), 201, 'x', x'', n FROM n;";
        conn.execute_batch(rows).unwrap();
        drop(conn);
        let places = [from, location(&there), location(&further), back];
        for pair in places.windows(2) {
            let moved = move_database(&pair[0], &pair[1], now(), &never()).unwrap();
            assert_eq!((moved.contents.workspaces, moved.contents.keys), (1, 3));
        }
        let sql = "INSERT INTO workspaces (id, slug, name, created_at)
                   VALUES ('x', 'x', 'x', 0) RETURNING no";
        for database in [there, further] {
            assert_eq!(database.connect().query_one(sql, &[]).unwrap().get::<_, i64>(0), 8);
        }
    }

    #[test]
    fn a_database_that_another_session_changes_is_not_moved() {
        let Some(database) = TestDatabase::create() else { return };
        let parent = tempfile::tempdir().unwrap();
        let [from, to] = dirs(parent.path());
        move_database(&from, &location(&database), now(), &never()).unwrap();
        let mut other = database.connect();
        other.batch_execute("SET application_name = 'pivotal-server'").unwrap();
        let refused = move_database(&location(&database), &to, now(), &never()).unwrap_err();
        let text = refused.to_string();
        assert!(text.contains("connections: 1") && text.contains("stop all of them"), "{text}");
        drop(other);
        move_database(&location(&database), &to, now(), &never()).unwrap();
    }
}
