//! Tests what is erased, in databases on disk. `tests/black_box/ops/erasure` tests the commands,
//! the pages, and the retention.

use std::fs;
use std::sync::Arc;

use rusqlite::{Connection, params};
use serde_json::json;

use super::*;
use crate::model::caller::Caller;
use crate::model::clock::SystemClock;
use crate::model::contact::{ContactId, ContactRef};
use crate::model::customer::{CustomerId, CustomerRef};
use crate::model::event::Actor;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::NewWorkspace;
use crate::store::rows::fixture::body;
use crate::store::{DataDir, Store, StoreError, Tx, WorkspaceTx, WriteScope};

struct Db {
    /// The first field, so that the database is closed before its directory is removed.
    store: Store,
    caller: Caller,
    dir: tempfile::TempDir,
}

impl Db {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir);
        let new = NewWorkspace { slug: Slug::parse("w").unwrap(), name: Name::parse("W").unwrap() };
        let workspace = store
            .write_blocking(WriteScope::Database, move |tx| tx.create_workspace(new))
            .unwrap()
            .unwrap();
        let caller = Caller { workspace, actor: Actor::command_line(), livemode: true };
        Self { store, caller, dir }
    }

    fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&WorkspaceTx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let caller = self.caller.clone();
        let scope = WriteScope::Workspace(caller.workspace.no);
        self.store.write_blocking(scope, move |tx| change(&tx.for_caller(&caller))).unwrap()
    }

    /// Makes a change that may touch anything.
    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.store.write_blocking(WriteScope::Database, change)
    }

    fn customer(&self, name: String) -> CustomerId {
        self.write(move |tx| tx.create_customer(body(&json!({"name": name})))).resource.id
    }

    fn contact(&self, customer: &CustomerId, email: String) -> ContactId {
        let customer = CustomerRef::Id(customer.clone());
        let new = json!({"name": "Ada", "email": email});
        self.write(move |tx| tx.create_contact(&customer, body(&new))).resource.id
    }

    /// Gives a contact a title of some length, so that its row grows or shrinks.
    fn set_title(&self, contact: &ContactId, length: usize) {
        let contact = ContactRef::Id(contact.clone());
        let patch = json!({"title": "t".repeat(length)});
        self.write(move |tx| tx.update_contact(&contact, body(&patch)));
    }

    fn purge_customer(&self, id: &CustomerId) -> crate::model::purge::PurgedRecord {
        let id = CustomerRef::Id(id.clone());
        self.write(move |tx| tx.purge_customer(&id, &SavedResponses::default()))
    }

    /// Closes the database and returns its file.
    fn file(self) -> (Self, Vec<u8>) {
        let Self { store, caller, dir } = self;
        drop(store);
        assert!(!dir.path().join("pivotal.db-wal").exists());
        let file = fs::read(dir.path().join("pivotal.db")).unwrap();
        (Self { store: open(&dir), caller, dir }, file)
    }
}

fn open(dir: &tempfile::TempDir) -> Store {
    Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock)).unwrap()
}

fn contains(file: &[u8], text: &str) -> bool {
    file.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Numbers that look random, and are the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Creates contacts of several customers in a random order, and changes the size of their rows, so
/// that SQLite splits and merges pages. Returns the first customer.
fn shuffle(db: &Db, numbers: &mut Numbers) -> CustomerId {
    let customers: Vec<_> = (0..4).map(|n| db.customer(format!("Customer {n}"))).collect();
    let mut contacts = Vec::new();
    for n in 0..60 {
        let owner = numbers.below(customers.len());
        let name = if owner == 0 { "secret" } else { "other" };
        let local = numbers.below(1_000_000);
        contacts.push(db.contact(&customers[owner], format!("{name}.{local}.{n}@aurora.example")));
        let changed = numbers.below(contacts.len());
        db.set_title(&contacts[changed], numbers.below(250));
    }
    customers[0].clone()
}

#[test]
fn nothing_of_a_purged_customer_is_left_in_the_file() {
    for seed in 0..2 {
        let db = Db::new();
        let customer = shuffle(&db, &mut Numbers(seed));
        let purged = db.purge_customer(&customer);
        assert!(purged.counts.contacts > 3 && purged.counts.events > 10, "{:?}", purged.counts);
        let erased = db.store.erase(|_, _| true).unwrap().unwrap();
        assert!(erased.pages > 20);
        assert!(db.store.erase(|_, _| true).unwrap().is_none(), "nothing is left to do");
        let (db, file) = db.file();
        assert!(!contains(&file, "secret."), "seed {seed}");
        assert!(contains(&file, "other."), "others are still there");
        drop(db.store);
        let problems = DataDir::new(db.dir.path()).check(None, &(Arc::new(()) as _)).unwrap();
        assert_eq!(problems, [""; 0]);
    }
}

/// Inserts, changes, and deletes rows of many sizes in a random order.
fn churn(conn: &Connection, numbers: &mut Numbers) -> Result<(), StoreError> {
    conn.execute_batch(
        "CREATE TABLE scratch (key, value); CREATE INDEX values_of ON scratch (value)",
    )?;
    let mut value = |name: &str| {
        format!("{:06}-{name}-{}", numbers.below(1_000_000), "x".repeat(numbers.below(600)))
    };
    for key in 0..300 {
        let name = if key % 10 == 0 { "erased-row" } else { "other" };
        conn.execute("INSERT INTO scratch VALUES (?1, ?2)", params![key, value(name)])?;
        let sql = "UPDATE scratch SET value = ?2 WHERE key = ?1";
        conn.execute(sql, params![key / 20 * 10, value("erased-row")])?;
    }
    conn.execute("DELETE FROM scratch WHERE value LIKE '%erased-row%'", [])?;
    Ok(())
}

#[test]
fn copies_that_sqlite_leaves_when_it_splits_pages_are_overwritten() {
    let mut with_copies = 0;
    for seed in 0..10 {
        let db = Db::new();
        let customer = db.customer("Aurora".to_owned());
        db.change(move |tx| churn(tx.conn.sqlite()?, &mut Numbers(seed))).unwrap();
        db.purge_customer(&customer);
        let (db, file) = db.file();
        with_copies += u32::from(contains(&file, "erased-row"));
        db.store.erase(|_, _| true).unwrap().unwrap();
        let (db, file) = db.file();
        assert!(!contains(&file, "erased-row"), "seed {seed}");
        drop(db.store);
        let problems = DataDir::new(db.dir.path()).check(None, &(Arc::new(()) as _)).unwrap();
        assert_eq!(problems, [""; 0]);
    }
    // Otherwise, this would not test anything.
    assert!(with_copies > 0, "SQLite left no copies");
}

#[test]
fn a_pass_leaves_unused_space_empty_and_the_log_truncated() {
    let db = Db::new();
    let customer = shuffle(&db, &mut Numbers(1));
    db.purge_customer(&customer);
    let pages_with_remains = |db: &Db| {
        let pages = db.store.read(|reader| reader.accessible_pages()).unwrap().unwrap();
        db.store.read(|reader| reader.pages_with_remains(1, pages)).unwrap().len()
    };
    let before = pages_with_remains(&db);
    let erased = db.store.erase(|_, _| true).unwrap().unwrap();
    assert_eq!(erased.overwritten as usize, before);
    assert!(before > 0);
    // Marking the purge as finished removed an entry of an index, which leaves its place in the list
    // of cells behind.
    assert!(pages_with_remains(&db) <= 1);
    // Only what marks the purge as finished was written since.
    let log = fs::metadata(db.dir.path().join("pivotal.db-wal")).unwrap().len();
    assert!(log < 20_000, "{log}");
}

#[test]
fn a_purge_stays_unfinished_while_another_process_reads_the_log() {
    let db = Db::new();
    let customer = db.customer("Aurora".to_owned());
    db.purge_customer(&customer);
    let reader = Connection::open(db.dir.path().join("pivotal.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    let unfinished = db.store.erase(|_, _| true).unwrap_err();
    assert!(matches!(unfinished, Unfinished::Reading(_)), "{unfinished}");
    reader.execute_batch("COMMIT").unwrap();
    assert!(db.store.erase(|_, _| true).unwrap().is_some());
}

#[test]
fn an_interrupted_pass_is_repeated() {
    let db = Db::new();
    let customer = db.customer("Aurora".to_owned());
    db.purge_customer(&customer);
    assert!(matches!(db.store.erase(|_, _| false), Err(Unfinished::Stopped)));
    assert!(db.store.erase(|_, _| true).unwrap().is_some());
}

#[test]
fn only_what_a_purge_names_is_deleted_from_the_events() {
    let db = Db::new();
    let (aurora, other) = (db.customer("Aurora".to_owned()), db.customer("Other".to_owned()));
    let (ada, bob) = (
        db.contact(&aurora, "ada@a.example".to_owned()),
        db.contact(&aurora, "bob@a.example".to_owned()),
    );
    let id = ContactRef::Id(ada.clone());
    db.write(move |tx| tx.purge_contact(&id, &SavedResponses::default()));
    let events = |id: &str| {
        let id = id.to_owned();
        db.write(move |tx| {
            let sql = "SELECT group_concat(type) FROM events WHERE resource_id = ?1";
            Ok(tx.conn.query_row(sql, [id], |row| row.get::<_, Option<String>>(0))?)
        })
    };
    assert_eq!(events(ada.as_str()).unwrap(), "contact.purged");
    assert_eq!(events(bob.as_str()).unwrap(), "contact.created");
    db.purge_customer(&aurora);
    assert_eq!(events(aurora.as_str()).unwrap(), "customer.purged");
    assert_eq!(events(bob.as_str()), None);
    assert_eq!(events(ada.as_str()).unwrap(), "contact.purged");
    assert_eq!(events(other.as_str()).unwrap(), "customer.created");
    // Without a permit, the schema refuses.
    let delete = |tx: &Tx<'_>| Ok(tx.conn.execute("DELETE FROM events", ())?);
    assert!(db.change(delete).is_err());
    // A permit that is not given back can't be committed.
    let keep = "INSERT INTO purges (workspace_no, resource, resource_id, purged_at, actor_type,
                    actor_id, open)
                VALUES (1, 'contact', 'c', 1, 'admin', 'cli', 0)";
    assert!(db.change(|tx| Ok(tx.conn.execute(keep, ())?)).is_err());
}

/// Changes the file with another process's SQLite, which does not overwrite what it deletes.
fn with_other_tool(db: Db, sql: &str) -> Db {
    let Db { store, caller, dir } = db;
    drop(store);
    let other = Connection::open(dir.path().join("pivotal.db")).unwrap();
    other.execute_batch(&format!("PRAGMA secure_delete = OFF; {sql}")).unwrap();
    other.close().unwrap();
    Db { store: open(&dir), caller, dir }
}

fn problems(db: &Db) -> Vec<String> {
    DataDir::new(db.dir.path()).check(None, &(Arc::new(()) as _)).unwrap()
}

#[test]
fn pointer_maps_of_a_database_with_auto_vacuum_are_left_alone() {
    // In a large file, a pointer map can begin like a page of an index.
    let db = Db::new();
    let customer = db.customer("Aurora".to_owned());
    db.change(|tx| churn(tx.conn.sqlite()?, &mut Numbers(1))).unwrap();
    let filler = "CREATE TABLE filler (value);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)
         INSERT INTO filler SELECT hex(zeroblob(1500)) FROM n;
         PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = FULL; VACUUM;";
    let db = with_other_tool(db, filler);
    db.purge_customer(&customer);
    let erased = db.store.erase(|_, _| true).unwrap().unwrap();
    assert!(erased.pages > 1700, "{}", erased.pages);
    assert_eq!(problems(&db), [""; 0]);
    db.customer("Other".to_owned());
}

#[test]
fn free_pages_are_overwritten_too() {
    let db = Db::new();
    let customer = db.customer("Aurora".to_owned());
    let left = "CREATE TABLE scratch (value);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000)
         INSERT INTO scratch SELECT 'erased-row-' || hex(zeroblob(200)) FROM n;
         DROP TABLE scratch;";
    let (db, file) = with_other_tool(db, left).file();
    assert!(contains(&file, "erased-row"), "otherwise, this would not test anything");
    db.purge_customer(&customer);
    db.store.erase(|_, _| true).unwrap().unwrap();
    let (db, file) = db.file();
    assert!(!contains(&file, "erased-row"));
    assert_eq!(problems(&db), [""; 0]);
    // The free pages can be used.
    db.change(|tx| churn(tx.conn.sqlite()?, &mut Numbers(2))).unwrap();
    assert_eq!(problems(&db), [""; 0]);
}

#[test]
fn a_pass_does_not_finish_purges_that_came_after_its_start() {
    let db = Db::new();
    let customer = db.customer("Aurora".to_owned());
    let no = db.caller.workspace.no;
    let purge = move |tx: &Tx<'_>| tx.purge_events(no, Timestamp::from_micros(i64::MAX));
    assert!(db.change(purge).unwrap());
    // While the pass goes on, the retention deletes more events.
    let mut more = Some(customer);
    let pass = db.store.erase(|_, _| {
        if let Some(customer) = more.take() {
            let patch = json!({"name": "Changed"});
            db.write(move |tx| tx.update_customer(&CustomerRef::Id(customer), body(&patch)));
            assert!(db.change(purge).unwrap());
        }
        true
    });
    assert!(pass.unwrap().is_some());
    assert!(db.store.erase(|_, _| true).unwrap().is_some(), "the later purge is unfinished");
    assert!(db.store.erase(|_, _| true).unwrap().is_none());
}

#[test]
fn the_last_workspace_is_not_deleted_and_none_twice() {
    let db = Db::new();
    let actor = Actor::command_line();
    let new = NewWorkspace { slug: Slug::parse("x").unwrap(), name: Name::parse("X").unwrap() };
    let other = db.change(move |tx| tx.create_workspace(new)).unwrap().unwrap();
    let delete = |id: &crate::model::workspace::WorkspaceId| {
        let (id, actor) = (id.clone(), actor.clone());
        db.change(move |tx| tx.delete_workspace(&actor, &id)).unwrap()
    };
    assert!(delete(&other.id).is_ok());
    assert_eq!(delete(&other.id), Err(DeleteError::NotFound));
    assert_eq!(delete(&db.caller.workspace.id), Err(DeleteError::OnlyOne));
    db.store.erase(|_, _| true).unwrap();
    assert_eq!(delete(&other.id), Err(DeleteError::NotFound));
    db.customer("Aurora".to_owned());
}

#[test]
fn a_pass_does_not_finish_the_deletion_of_a_workspace_whose_rows_remain() {
    let db = Db::new();
    let customer = db.customer("Aurora".to_owned());
    let new = NewWorkspace { slug: Slug::parse("x").unwrap(), name: Name::parse("X").unwrap() };
    let other = db.change(move |tx| tx.create_workspace(new)).unwrap().unwrap();
    db.purge_customer(&customer);
    let (mut id, last) = (Some(other.id), db.customer("Last".to_owned()));
    let pass = db.store.erase(|_, _| {
        if let Some(id) = id.take() {
            let actor = Actor::command_line();
            db.change(move |tx| tx.delete_workspace(&actor, &id)).unwrap().unwrap();
        }
        true
    });
    assert!(pass.unwrap().is_some());
    // A later purge, made before the rows of the workspace are deleted.
    db.purge_customer(&last);
    let last = db.store.read(|reader| reader.unfinished_purge()).unwrap().unwrap();
    db.change(move |tx| tx.finish_purges(last)).unwrap();
    assert!(db.store.read(|reader| reader.unfinished_workspace()).unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn copies_next_to_a_database_that_is_linked_are_found() {
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let elsewhere = fs::canonicalize(elsewhere.path()).unwrap();
    for name in ["big.db", "big.db-wal", "big.db.before-restore-1", "unrelated"] {
        fs::write(elsewhere.join(name), "x").unwrap();
    }
    std::os::unix::fs::symlink(elsewhere.join("big.db"), data.path().join("pivotal.db")).unwrap();
    let data = DataDir::new(data.path());
    data.record_handed_over(std::path::Path::new("backup.db")).unwrap();
    let found = data.files_with_copies().unwrap();
    assert_eq!(found, [elsewhere.join("big.db.before-restore-1")]);
}

#[test]
fn display_ids_are_not_reused_after_a_purge() {
    let db = Db::new();
    let last = db.customer("Aurora".to_owned());
    let purged = db.purge_customer(&last);
    let next = db.customer("Aurora".to_owned());
    let found = db.store.read(|reader| {
        let reader = reader.for_workspace(db.caller.workspace.no);
        reader.customer(&CustomerRef::Id(next))?.read()
    });
    let next = found.unwrap();
    assert_eq!(next.display_id.0, purged.display_id.0 + 1);
    // The slug of the purged customer is free again.
    assert_eq!(next.slug.as_str(), "aurora");
}
