//! Detects damage to the database file, both when the server starts and while it is running.
//!
//! A single error can also come from a disk or memory that misread a page once, so it only raises a
//! suspicion: writes are refused immediately, the whole file is checked, and the check decides. A
//! second suspicion within [`SUSPICION_WINDOW`] of a check that found nothing counts as damage.
//! Otherwise, a file with damage that no check can see would be checked again and again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::connection;
use crate::model::clock::{Clock, Monotonic};
use crate::store::error::StoreError;
use crate::store::files::check::{self, CheckDepth};

/// How long the check may delay startup. For a larger file, the check continues while the server
/// already responds. Real time, because it limits the use of the disk and the processor.
const START_BUDGET: Duration = Duration::from_millis(50);
/// SQLite virtual machine steps between two checks of the clock.
const STEPS_PER_CHECK: i32 = 10_000;
/// How long a suspicion that was not confirmed is remembered.
const SUSPICION_WINDOW: Duration = Duration::from_secs(3600);

/// What is known about the file's health. Clones share it.
#[derive(Clone, Default)]
pub(in crate::store) struct Damage(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The file to check on suspicion, and the clock that dates the result. `None` for a command,
    /// which does not wait for a check: it treats every suspicion as damage.
    on_suspicion: Option<(PathBuf, Arc<dyn Clock>)>,
    state: Mutex<State>,
    /// Set unless the state is `Intact`. Requests read this because it is cheaper than locking the
    /// mutex.
    is_refusing: AtomicBool,
    generation: AtomicU32,
}

#[derive(Debug)]
enum State {
    Intact {
        /// When a check last cleared a suspicion.
        cleared: Option<Monotonic>,
    },
    Suspected(String),
    /// Lasts until the process ends.
    Damaged(String),
}

impl Default for State {
    fn default() -> Self {
        Self::Intact { cleared: None }
    }
}

/// The number of suspicions that were cleared so far. A connection whose cache is from an earlier
/// generation may still hold a misread page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Generation(u32);

impl Damage {
    /// Creates the state for a server, which checks this file on suspicion.
    pub fn for_server(database: &Path, clock: Arc<dyn Clock>) -> Self {
        let on_suspicion = Some((database.to_owned(), clock));
        Self(Arc::new(Inner { on_suspicion, ..Inner::default() }))
    }

    /// Fails if the file is damaged or suspected to be.
    pub fn ensure_undamaged(&self) -> Result<(), StoreError> {
        if !self.0.is_refusing.load(Ordering::Acquire) {
            return Ok(());
        }
        match &*self.state() {
            State::Intact { .. } => Ok(()),
            State::Suspected(found) => Err(StoreError::SuspectedDamage(found.clone())),
            State::Damaged(found) => Err(StoreError::Damaged(found.clone())),
        }
    }

    /// The generation of anything read from now on.
    pub fn generation(&self) -> Generation {
        Generation(self.0.generation.load(Ordering::Acquire))
    }

    /// Clears a connection's cache if it is from an earlier generation.
    pub fn refresh(&self, conn: &Connection, cache: &mut Generation) {
        let now = self.generation();
        if *cache != now {
            match conn.release_memory() {
                Ok(()) => *cache = now,
                Err(error) => log::warn!("cannot clear a connection's cache: {error}"),
            }
        }
    }

    /// Raises a suspicion if the error indicates damage, and returns the error for the caller.
    /// `cache` is the generation of the cache of the connection that encountered it.
    pub fn report(&self, error: StoreError, cache: Generation) -> StoreError {
        if let StoreError::Damaged(found) = &error {
            self.raise_suspicion(found, cache);
        }
        self.translate(error)
    }

    /// Replaces an error that indicates damage and was already reported with the current verdict,
    /// because only the check decides whether the file is damaged.
    pub fn translate(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Damaged(found) => {
                self.ensure_undamaged().err().unwrap_or(StoreError::Unavailable(found))
            }
            other => other,
        }
    }

    /// Raises a suspicion if opening a connection failed in a way that indicates damage.
    pub fn report_open_error(&self, error: &rusqlite::Error) {
        let code = error.sqlite_error_code();
        if matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) {
            self.raise_suspicion(&error.to_string(), self.generation());
        }
    }

    fn raise_suspicion(&self, found: &str, cache: Generation) {
        let mut state = self.state();
        let State::Intact { cleared } = *state else { return };
        if cache != self.generation() {
            log::warn!("a page that was misread earlier was encountered again: {found}");
            return;
        }
        let Some((database, clock)) = self.0.on_suspicion.clone() else {
            return self.mark_damaged(&mut state, found.to_owned());
        };
        if cleared.is_some_and(|time| clock.monotonic().since(time) < SUSPICION_WINDOW) {
            let again = format!("{found}, again after a check that found nothing");
            return self.mark_damaged(&mut state, again);
        }
        log::error!(
            "the database file may be damaged: {found}; writes are refused while the whole file is checked"
        );
        *state = State::Suspected(found.to_owned());
        self.0.is_refusing.store(true, Ordering::Release);
        let damage = self.clone();
        let check =
            move || damage.resolve_suspicion(check_file(&database, CheckDepth::Full), &*clock);
        if let Err(error) = std::thread::Builder::new().name("check".into()).spawn(check) {
            self.mark_damaged(
                &mut state,
                format!("{found}, and no thread could be started to check it: {error}"),
            );
        }
    }

    fn resolve_suspicion(&self, checked: Result<Option<String>, StoreError>, clock: &dyn Clock) {
        let mut state = self.state();
        let State::Suspected(suspicion) = &*state else { return };
        match checked {
            Ok(None) => {
                log::warn!(
                    "the whole database file was checked and is intact, so writes are accepted again; \"{suspicion}\" may come from a failing disk or failing memory: see the system log"
                );
                *state = State::Intact { cleared: Some(clock.monotonic()) };
                self.0.generation.fetch_add(1, Ordering::Release);
                self.0.is_refusing.store(false, Ordering::Release);
            }
            Ok(Some(found)) => self.mark_damaged(&mut state, found),
            Err(StoreError::Damaged(found)) => self.mark_damaged(&mut state, found),
            Err(error) => {
                let found = format!("{suspicion}, and the check failed: {error}");
                self.mark_damaged(&mut state, found);
            }
        }
    }

    fn mark_damaged(&self, state: &mut State, found: String) {
        log::error!(
            "the database file is damaged: {found}; writes are refused from now on: stop the server and restore a backup"
        );
        *state = State::Damaged(found);
        self.0.is_refusing.store(true, Ordering::Release);
    }

    pub fn check_in_background(&self, path: &Path, depth: CheckDepth) {
        let (damage, path) = (self.clone(), path.to_owned());
        let check = move || match check_file(&path, depth) {
            Ok(Some(found)) | Err(StoreError::Damaged(found)) => {
                let mut state = damage.state();
                if !matches!(*state, State::Damaged(_)) {
                    damage.mark_damaged(&mut state, found);
                }
            }
            Ok(None) => log::debug!("the database file was checked and is intact"),
            Err(error) => log::error!("cannot check the database file: {error}"),
        };
        if let Err(error) = std::thread::Builder::new().name("check".into()).spawn(check) {
            log::error!("cannot start the thread that checks the database file: {error}");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the first finding of a check of the file. Uses its own connection, because the cache of
/// another one may hold the misread page.
fn check_file(database: &Path, depth: CheckDepth) -> Result<Option<String>, StoreError> {
    let conn = connection::open_reader(database)?;
    Ok(first_finding(&conn, depth)?)
}

/// The result of the quick check at startup.
pub(in crate::store) enum StartCheck {
    Intact,
    /// Time ran out before the whole file was checked.
    OutOfTime,
    /// The first finding.
    Damaged(String),
}

/// Checks as much of the file as [`START_BUDGET`] allows.
pub(in crate::store) fn check_at_start(conn: &mut Connection) -> rusqlite::Result<StartCheck> {
    let deadline = Instant::now() + START_BUDGET;
    conn.progress_handler(STEPS_PER_CHECK, Some(move || Instant::now() > deadline))?;
    let found = first_finding(conn, CheckDepth::Quick);
    conn.progress_handler(0, None::<fn() -> bool>)?;
    match found {
        Ok(None) => Ok(StartCheck::Intact),
        Ok(Some(found)) => Ok(StartCheck::Damaged(found)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(StartCheck::OutOfTime)
        }
        Err(error) => match StoreError::from(error) {
            StoreError::Damaged(found) => Ok(StartCheck::Damaged(found)),
            other => Ok(StartCheck::Damaged(other.to_string())),
        },
    }
}

fn first_finding(conn: &Connection, depth: CheckDepth) -> rusqlite::Result<Option<String>> {
    Ok(check::check_structure(conn, depth, 1)?.into_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::SystemClock;

    fn database(dir: &tempfile::TempDir) -> (PathBuf, Connection) {
        let path = dir.path().join("pivotal.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (a); CREATE INDEX i ON t (a);
             INSERT INTO t VALUES (1), (2)",
        )
        .unwrap();
        (path, conn)
    }

    fn malformed() -> StoreError {
        StoreError::Damaged("database disk image is malformed".to_owned())
    }

    /// Waits for the check and returns its verdict.
    fn wait_for_verdict(damage: &Damage) -> Result<(), StoreError> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            match damage.ensure_undamaged() {
                Err(StoreError::SuspectedDamage(_)) if Instant::now() < deadline => {
                    std::thread::yield_now();
                }
                verdict => return verdict,
            }
        }
    }

    #[test]
    fn a_suspicion_is_cleared_when_the_file_is_intact_but_the_next_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _conn) = database(&dir);
        let damage = Damage::for_server(&path, Arc::new(SystemClock));
        let before = damage.generation();
        let error = damage.report(malformed(), before);
        assert!(!matches!(error, StoreError::Damaged(_)), "{error}");
        assert!(wait_for_verdict(&damage).is_ok());
        // A request that was already running has read the misread page.
        damage.report(malformed(), before);
        assert!(damage.ensure_undamaged().is_ok());
        let after = damage.generation();
        assert_ne!(before, after);
        let error = damage.report(malformed(), after);
        assert!(matches!(&error, StoreError::Damaged(found) if found.contains("again")), "{error}");
        assert!(matches!(damage.ensure_undamaged(), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn a_suspicion_becomes_the_finding_of_the_check() {
        let dir = tempfile::tempdir().unwrap();
        let (path, conn) = database(&dir);
        // An index without entries: only the full check compares indexes with their tables.
        conn.execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = sql || ' WHERE a > 9' WHERE name = 'i';
             PRAGMA writable_schema = RESET;
             REINDEX i;
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (a)' WHERE name = 'i'",
        )
        .unwrap();
        let damage = Damage::for_server(&path, Arc::new(SystemClock));
        damage.report(malformed(), damage.generation());
        let verdict = wait_for_verdict(&damage);
        let Err(StoreError::Damaged(found)) = verdict else { panic!("{verdict:?}") };
        assert!(found.contains("index i"), "{found}");
    }

    #[test]
    fn a_suspicion_counts_as_damage_if_no_check_is_possible() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Damage::for_server(&dir.path().join("missing.db"), Arc::new(SystemClock));
        for damage in [missing, Damage::default()] {
            damage.report(malformed(), damage.generation());
            assert!(matches!(wait_for_verdict(&damage), Err(StoreError::Damaged(_))));
        }
    }

    #[test]
    fn other_errors_raise_no_suspicion() {
        let damage = Damage::default();
        damage.report(StoreError::Unavailable("disk I/O error".to_owned()), damage.generation());
        assert!(damage.ensure_undamaged().is_ok());
    }

    #[test]
    fn a_cache_from_an_earlier_generation_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let (path, conn) = database(&dir);
        let damage = Damage::for_server(&path, Arc::new(SystemClock));
        let mut cache = damage.generation();
        damage.report(malformed(), cache);
        assert!(wait_for_verdict(&damage).is_ok());
        damage.refresh(&conn, &mut cache);
        assert_eq!(cache, damage.generation());
    }
}
