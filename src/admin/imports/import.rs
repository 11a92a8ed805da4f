//! One import, from the uploaded file to its result. Its steps run on a thread of their own, while
//! its page shows the progress.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::preview::{Format, Preview};
use crate::model::transfer::Counts;
use crate::model::workspace::Workspace;
use crate::transfer::csv::CsvType;

pub(in crate::admin) struct Import {
    pub workspace: Workspace,
    pub csv_type: CsvType,
    pub file_name: String,
    file_size: usize,
    percent: AtomicU8,
    is_canceled: AtomicBool,
    changed: Notify,
    state: Mutex<State>,
}

enum State {
    Checking(Arc<Vec<u8>>),
    Ready(Arc<Vec<u8>>, Arc<Preview>),
    /// Only the thread that imports has the file.
    Importing,
    Finished(Arc<Outcome>),
}

/// The step that an import's page shows.
pub(in crate::admin) enum Step {
    /// The rows are being checked for the preview.
    Checking,
    Ready(Arc<Preview>),
    Importing,
    Finished(Arc<Outcome>),
}

/// What an import did.
pub(in crate::admin) struct Outcome {
    pub counts: Counts,
    /// A CSV file with the rows that were not imported, and the reasons. Empty if there are none.
    pub rejected: Bytes,
    /// How many rows are missing in it, because it would be too large.
    pub omitted: u64,
    /// Why the import ended early.
    pub failure: Option<String>,
}

/// Work in progress on an import. If it is dropped before it is finished, the import's page says
/// that it failed.
pub(in crate::admin) struct Work(Arc<Import>);

impl Work {
    pub fn import(&self) -> &Import {
        &self.0
    }

    pub fn finish_check(self, preview: Preview) {
        self.0.finish_check(preview);
    }

    pub fn finish_import(self, outcome: Outcome) {
        self.0.finish_import(outcome);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.0.is_working() {
            return;
        }
        let failure = "The server ran into an error. Search its log to find the cause.".to_owned();
        if self.0.is_importing() {
            self.0.finish_import(Outcome::failed(failure));
        } else {
            self.0.finish_check(Preview::failed(Format::default(), failure));
        }
    }
}

impl Outcome {
    pub fn failed(failure: String) -> Self {
        let (counts, rejected) = (Counts::default(), Bytes::new());
        Self { counts, rejected, omitted: 0, failure: Some(failure) }
    }
}

impl Import {
    /// Creates an import whose rows are to be checked. Returns it with the work to be done.
    pub fn start(
        workspace: Workspace,
        csv_type: CsvType,
        file_name: String,
        file: Vec<u8>,
    ) -> (Arc<Self>, Work, Arc<Vec<u8>>) {
        let file = Arc::new(file);
        let import = Arc::new(Self {
            workspace,
            csv_type,
            file_name,
            file_size: file.len(),
            percent: AtomicU8::new(0),
            is_canceled: AtomicBool::new(false),
            changed: Notify::new(),
            state: Mutex::new(State::Checking(Arc::clone(&file))),
        });
        (Arc::clone(&import), Work(import), file)
    }

    /// Returns the current step. If work is in progress, waits for it a moment, so that the page of
    /// a small file need not be loaded twice.
    pub async fn step(&self, patience: Duration) -> Step {
        // Created before the state is read, so that no change is missed.
        let changed = self.changed.notified();
        if self.is_working() {
            // Either way, the state says what is next.
            let _ = timeout(patience, changed).await;
        }
        match &*self.lock() {
            State::Checking(_) => Step::Checking,
            State::Ready(_, preview) => Step::Ready(Arc::clone(preview)),
            State::Importing => Step::Importing,
            State::Finished(outcome) => Step::Finished(Arc::clone(outcome)),
        }
    }

    /// Returns how much of the step is done.
    pub fn percent(&self) -> u8 {
        self.percent.load(Ordering::Relaxed)
    }

    pub fn set_progress(&self, position: u64, size: u64) {
        let percent = position.saturating_mul(100) / size.max(1);
        self.percent.store(u8::try_from(percent.min(100)).unwrap_or(100), Ordering::Relaxed);
    }

    /// Returns the preview, unless work is in progress or done.
    pub fn preview(&self) -> Option<Arc<Preview>> {
        match &*self.lock() {
            State::Ready(_, preview) => Some(Arc::clone(preview)),
            _ => None,
        }
    }

    /// Starts to check the rows again, in another format. Returns the file, or `None` if something
    /// else is in progress.
    pub fn start_check(self: &Arc<Self>) -> Option<(Work, Arc<Vec<u8>>)> {
        self.proceed(|file| State::Checking(Arc::clone(file)))
    }

    fn finish_check(&self, preview: Preview) {
        let mut state = self.lock();
        if let State::Checking(file) = &*state {
            *state = State::Ready(Arc::clone(file), Arc::new(preview));
        }
        self.changed.notify_waiters();
    }

    /// Starts the import. Returns `None` if it has started before.
    pub fn start_import(self: &Arc<Self>) -> Option<(Work, Arc<Vec<u8>>)> {
        self.proceed(|_| State::Importing)
    }

    /// Moves on to the next state. Returns the file, or `None` if the import isn't ready.
    fn proceed(
        self: &Arc<Self>,
        next: impl FnOnce(&Arc<Vec<u8>>) -> State,
    ) -> Option<(Work, Arc<Vec<u8>>)> {
        let mut state = self.lock();
        let State::Ready(file, _) = &*state else { return None };
        let file = Arc::clone(file);
        self.percent.store(0, Ordering::Relaxed);
        *state = next(&file);
        drop(state);
        Some((Work(Arc::clone(self)), file))
    }

    fn finish_import(&self, outcome: Outcome) {
        *self.lock() = State::Finished(Arc::new(outcome));
        self.changed.notify_waiters();
    }

    /// Whether its rows are being checked or imported.
    pub fn is_working(&self) -> bool {
        matches!(&*self.lock(), State::Checking(_) | State::Importing)
    }

    pub fn is_importing(&self) -> bool {
        matches!(&*self.lock(), State::Importing)
    }

    pub fn is_finished(&self) -> bool {
        matches!(&*self.lock(), State::Finished(_))
    }

    /// Stops the check, because nobody can see its result anymore. An import goes on.
    pub fn cancel_check(&self) {
        self.is_canceled.store(true, Ordering::Relaxed);
    }

    pub fn is_canceled(&self) -> bool {
        self.is_canceled.load(Ordering::Relaxed)
    }

    /// Returns the memory that it uses, in bytes.
    pub fn size(&self) -> usize {
        match &*self.lock() {
            State::Checking(_) | State::Ready(..) | State::Importing => self.file_size,
            State::Finished(outcome) => outcome.rejected.len(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
