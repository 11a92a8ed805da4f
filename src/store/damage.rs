//! Whether the file is damaged: looked for when the server starts, noticed while it runs, and
//! remembered until it ends.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::error::StoreError;
use super::sqlite;

/// How long the start may be held up by the check; a larger file is checked further while the
/// server already answers.
const START_BUDGET: Duration = Duration::from_millis(50);
/// Virtual machine steps between two looks at the clock.
const STEPS: i32 = 10_000;

/// What is known of the file's health. Once damaged, a file stays damaged.
#[derive(Clone, Debug, Default)]
pub(super) struct Damage(Arc<OnceLock<String>>);

impl Damage {
    /// Refuses when damage is known.
    pub fn refuse(&self) -> Result<(), StoreError> {
        match self.0.get() {
            Some(found) => Err(StoreError::Damaged(found.clone())),
            None => Ok(()),
        }
    }

    /// Takes note of an error that tells of damage.
    pub fn notice(&self, error: &StoreError) {
        if let StoreError::Damaged(found) = error {
            self.report(found.clone());
        }
    }

    /// The same of what SQLite said.
    pub fn notice_sqlite(&self, error: &rusqlite::Error) {
        let code = error.sqlite_error_code();
        if matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) {
            self.report(error.to_string());
        }
    }

    fn report(&self, found: String) {
        if self.0.set(found.clone()).is_ok() {
            log::error!(
                "the database file is damaged: {found}; writes are refused from now on: stop the server and restore a backup"
            );
        }
    }

    /// Checks the file on a thread of its own.
    pub fn check_in_background(&self, path: &Path) {
        let (damage, path) = (self.clone(), path.to_owned());
        let check = move || {
            let found = sqlite::open_reader(&path).and_then(|conn| first_fault(&conn));
            match found {
                Ok(Some(found)) => damage.report(found),
                Ok(None) => log::debug!("the database file was checked and is sound"),
                Err(error) => damage.notice(&error.into()),
            }
        };
        if let Err(error) = std::thread::Builder::new().name("check".into()).spawn(check) {
            log::error!("cannot start the thread that checks the database file: {error}");
        }
    }
}

/// What a quick check at the start found.
pub(super) enum Checked {
    /// The whole file is sound.
    Sound,
    /// The time was up before the end was reached.
    TooLarge,
    /// The first fault.
    Faulty(String),
}

/// Checks as much of the file as the start has time for.
pub(super) fn check_at_start(conn: &mut Connection) -> rusqlite::Result<Checked> {
    let deadline = Instant::now() + START_BUDGET;
    conn.progress_handler(STEPS, Some(move || Instant::now() > deadline))?;
    let found = first_fault(conn);
    conn.progress_handler(0, None::<fn() -> bool>)?;
    match found {
        Ok(None) => Ok(Checked::Sound),
        Ok(Some(fault)) => Ok(Checked::Faulty(fault)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
            Ok(Checked::TooLarge)
        }
        Err(error) => match StoreError::from(error) {
            StoreError::Damaged(fault) => Ok(Checked::Faulty(fault)),
            other => Ok(Checked::Faulty(other.to_string())),
        },
    }
}

fn first_fault(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    // The first line only names the database.
    let fault = said.lines().last().unwrap_or_default();
    Ok((said != "ok").then(|| fault.to_owned()))
}
