//! Imports of CSV files: the uploaded files, their previews, and the threads that check and import
//! them.

pub(super) mod check;
pub(super) mod held;
pub(super) mod import;
pub(super) mod labels;
mod open;
pub(super) mod preview;
pub(super) mod run;
mod summary;
pub(super) mod threads;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::held::HeldImports;
use self::threads::Threads;

/// The most files that are received at the same time. Each needs memory up to the limit for files.
const MAX_RECEIVING: usize = 2;

/// The imports of all sessions.
pub(super) struct Imports {
    pub held: HeldImports,
    pub threads: Threads,
    receiving: Arc<Semaphore>,
}

impl Default for Imports {
    fn default() -> Self {
        let receiving = Arc::new(Semaphore::new(MAX_RECEIVING));
        Self { held: HeldImports::default(), threads: Threads::default(), receiving }
    }
}

impl Imports {
    /// Reserves memory for a file while it is received. Returns `None` if too many are.
    pub fn start_receiving(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.receiving).try_acquire_owned().ok()
    }
}
