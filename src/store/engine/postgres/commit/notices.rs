//! Warnings of the server that decide whether a commit counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_postgres::error::DbError;

/// The function in PostgreSQL that waits for standbys, and its file. Unlike the text of a warning,
/// they don't depend on the server's language.
const WAITING: &str = "SyncRepWaitForLSN";
const WAITING_FILE: &str = "syncrep.c";

/// What a connection was warned about.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Notices {
    unreplicated: Arc<AtomicBool>,
}

impl Notices {
    /// Returns the function that receives the notices of a connection.
    pub fn callback(&self) -> impl Fn(DbError) + Send + Sync + 'static {
        let unreplicated = Arc::clone(&self.unreplicated);
        move |notice| {
            if is_unreplicated(&notice) {
                unreplicated.store(true, Ordering::SeqCst);
            }
        }
    }

    /// Returns whether the server has stopped waiting for its standbys since the last call: "The
    /// transaction has already committed locally, but might not have been replicated".
    pub fn take_unreplicated(&self) -> bool {
        self.unreplicated.swap(false, Ordering::SeqCst)
    }
}

fn is_unreplicated(notice: &DbError) -> bool {
    notice.routine() == Some(WAITING)
        || notice.file().is_some_and(|file| file.ends_with(WAITING_FILE))
        || notice.message().contains("synchronous replication")
}
