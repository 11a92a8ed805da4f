//! Whether the file is damaged: looked for when the server starts, and noticed while it runs.
//!
//! A single error can also come from a disk or memory that misread once. So it only raises a
//! suspicion: writes are refused at once, the whole file is checked, and the check decides. A
//! second suspicion within [`MEMORY`] of a check that found nothing counts as damage, so that a
//! file whose fault no check can see isn't checked again and again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::sqlite;
use crate::model::clock::{Clock, Monotonic};
use crate::store::error::StoreError;
use crate::store::files::check::{self, CheckDepth};

/// How long the start may be held up by the check; a larger file is checked further while the
/// server already answers. Real time, because it bounds what the disk and the processor take.
const START_BUDGET: Duration = Duration::from_millis(50);
/// Virtual machine steps between two looks at the clock.
const STEPS_PER_CHECK: i32 = 10_000;
/// How long a suspicion that was not confirmed is remembered.
const SUSPICION_WINDOW: Duration = Duration::from_secs(3600);

/// What is known of the file's health. Clones share it.
#[derive(Clone, Default)]
pub(in crate::store) struct Damage(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The file to check on suspicion, and the clock by which that is remembered. A command
    /// doesn't wait for a check: to it, every suspicion counts as damage.
    on_suspicion: Option<(PathBuf, Arc<dyn Clock>)>,
    state: Mutex<State>,
    /// Set unless the state is `Sound`: a look at it costs each request less than the mutex.
    is_refusing: AtomicBool,
    generation: AtomicU32,
}

#[derive(Debug)]
enum State {
    Intact {
        /// When a check last lifted a suspicion.
        cleared: Option<Monotonic>,
    },
    Suspected(String),
    /// For as long as the process runs.
    Damaged(String),
}

impl Default for State {
    fn default() -> Self {
        Self::Intact { cleared: None }
    }
}

/// How often a suspicion has been lifted. A connection whose cache is of an earlier generation may
/// hold a page that was misread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Generation(u32);

impl Damage {
    /// For a server, which checks this file on suspicion.
    pub fn for_server(database: &Path, clock: Arc<dyn Clock>) -> Self {
        let checked = Some((database.to_owned(), clock));
        Self(Arc::new(Inner { on_suspicion: checked, ..Inner::default() }))
    }

    /// Refuses when the file is damaged or suspected to be.
    pub fn ensure_undamaged(&self) -> Result<(), StoreError> {
        if !self.0.is_refusing.load(Ordering::Acquire) {
            return Ok(());
        }
        match &*self.state() {
            State::Intact { .. } => Ok(()),
            State::Suspected(found) => Err(StoreError::Suspected(found.clone())),
            State::Damaged(found) => Err(StoreError::Damaged(found.clone())),
        }
    }

    /// The generation of what is read from now on.
    pub fn generation(&self) -> Generation {
        Generation(self.0.generation.load(Ordering::Acquire))
    }

    /// Empties a connection's cache if it is of an earlier generation than this.
    pub fn refresh(&self, conn: &Connection, cache: &mut Generation) {
        let now = self.generation();
        if *cache != now {
            match conn.release_memory() {
                Ok(()) => *cache = now,
                Err(error) => log::warn!("a connection's cache was not emptied: {error}"),
            }
        }
    }

    /// Takes note of an error that tells of damage, met by a connection whose cache is of this
    /// generation, and returns what to answer.
    pub fn report(&self, error: StoreError, cache: Generation) -> StoreError {
        if let StoreError::Damaged(found) = &error {
            self.raise_suspicion(found, cache);
        }
        self.translate(error)
    }

    /// What to answer instead of an error that was already noticed: whether it tells of damage is
    /// for the check to decide.
    pub fn translate(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Damaged(found) => {
                self.ensure_undamaged().err().unwrap_or(StoreError::Unavailable(found))
            }
            other => other,
        }
    }

    /// The same of what SQLite said while it opened a connection.
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
            log::warn!("a page that was misread earlier was met again: {found}");
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

    /// Ends a suspicion.
    fn resolve_suspicion(&self, checked: Result<Option<String>, StoreError>, clock: &dyn Clock) {
        let mut state = self.state();
        let State::Suspected(suspicion) = &*state else { return };
        match checked {
            Ok(None) => {
                log::warn!(
                    "the whole database file was checked and is sound, so writes are accepted again; \"{suspicion}\" may come from a failing disk or memory: see the system's log"
                );
                *state = State::Intact { cleared: Some(clock.monotonic()) };
                self.0.generation.fetch_add(1, Ordering::Release);
                self.0.is_refusing.store(false, Ordering::Release);
            }
            Ok(Some(fault)) => self.mark_damaged(&mut state, fault),
            Err(StoreError::Damaged(fault)) => self.mark_damaged(&mut state, fault),
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

    /// Checks the file on a thread of its own.
    pub fn check_in_background(&self, path: &Path, how: CheckDepth) {
        let (damage, path) = (self.clone(), path.to_owned());
        let check = move || match check_file(&path, how) {
            Ok(Some(found)) | Err(StoreError::Damaged(found)) => {
                let mut state = damage.state();
                if !matches!(*state, State::Damaged(_)) {
                    damage.mark_damaged(&mut state, found);
                }
            }
            Ok(None) => log::debug!("the database file was checked and is sound"),
            Err(error) => log::error!("the database file could not be checked: {error}"),
        };
        if let Err(error) = std::thread::Builder::new().name("check".into()).spawn(check) {
            log::error!("cannot start the thread that checks the database file: {error}");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first fault of a file, on a connection of its own: another one's cache may hold the page
/// that was misread.
fn check_file(database: &Path, how: CheckDepth) -> Result<Option<String>, StoreError> {
    let conn = sqlite::open_reader(database)?;
    Ok(first_finding(&conn, how)?)
}

/// What a quick check at the start found.
pub(in crate::store) enum StartCheck {
    /// The whole file is sound.
    Intact,
    /// The time was up before the end was reached.
    OutOfTime,
    /// The first fault.
    Damaged(String),
}

/// Checks as much of the file as the start has time for.
pub(in crate::store) fn check_at_start(conn: &mut Connection) -> rusqlite::Result<StartCheck> {
    let deadline = Instant::now() + START_BUDGET;
    conn.progress_handler(STEPS_PER_CHECK, Some(move || Instant::now() > deadline))?;
    let found = first_finding(conn, CheckDepth::Quick);
    conn.progress_handler(0, None::<fn() -> bool>)?;
    match found {
        Ok(None) => Ok(StartCheck::Intact),
        Ok(Some(fault)) => Ok(StartCheck::Damaged(fault)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(StartCheck::OutOfTime)
        }
        Err(error) => match StoreError::from(error) {
            StoreError::Damaged(fault) => Ok(StartCheck::Damaged(fault)),
            other => Ok(StartCheck::Damaged(other.to_string())),
        },
    }
}

fn first_finding(conn: &Connection, how: CheckDepth) -> rusqlite::Result<Option<String>> {
    Ok(check::check_structure(conn, how, 1)?.into_iter().next())
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

    /// What is decided in the end.
    fn wait_for_verdict(damage: &Damage) -> Result<(), StoreError> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            match damage.ensure_undamaged() {
                Err(StoreError::Suspected(_)) if Instant::now() < deadline => {
                    std::thread::yield_now();
                }
                decided => return decided,
            }
        }
    }

    #[test]
    fn a_suspicion_is_lifted_when_the_file_is_sound_and_the_next_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (path, _conn) = database(&dir);
        let damage = Damage::for_server(&path, Arc::new(SystemClock));
        let before = damage.generation();
        let said = damage.report(malformed(), before);
        assert!(!matches!(said, StoreError::Damaged(_)), "{said}");
        assert!(wait_for_verdict(&damage).is_ok());
        // A request that was still running has seen the page that was misread.
        damage.report(malformed(), before);
        assert!(damage.ensure_undamaged().is_ok());
        let after = damage.generation();
        assert_ne!(before, after);
        let said = damage.report(malformed(), after);
        assert!(matches!(&said, StoreError::Damaged(found) if found.contains("again")), "{said}");
        assert!(matches!(damage.ensure_undamaged(), Err(StoreError::Damaged(_))));
    }

    #[test]
    fn a_suspicion_becomes_the_fault_that_the_check_finds() {
        let dir = tempfile::tempdir().unwrap();
        let (path, conn) = database(&dir);
        // An index without its entries, which only the slow check compares with the table.
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
        let decided = wait_for_verdict(&damage);
        let Err(StoreError::Damaged(found)) = decided else { panic!("{decided:?}") };
        assert!(found.contains("index i"), "{found}");
    }

    #[test]
    fn a_file_that_cannot_be_checked_and_a_commands_file_count_as_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let gone = Damage::for_server(&dir.path().join("gone.db"), Arc::new(SystemClock));
        for damage in [gone, Damage::default()] {
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
    fn a_cache_of_an_earlier_generation_is_emptied() {
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
