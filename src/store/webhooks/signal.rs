//! Wakes the sender after a commit that changed endpoints or deliveries.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use tokio::sync::Notify;

/// Shared by the writer, which sends it, and the sender, which waits for it.
#[derive(Clone, Debug, Default)]
pub struct OutboxSignal(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    changed: AtomicBool,
    wake: Notify,
}

impl OutboxSignal {
    /// Watches the connection's writes.
    pub(in crate::store) fn watch(&self, conn: &mut Connection) -> rusqlite::Result<()> {
        let inner = Arc::clone(&self.0);
        conn.update_hook(Some(move |_, _: &str, table: &str, _| {
            if matches!(table, "webhook_deliveries" | "webhook_endpoints") {
                inner.changed.store(true, Ordering::Relaxed);
            }
        }))
    }

    /// Wakes the sender if anything changed. Call it after the commit: before it, the sender
    /// wouldn't see the change.
    pub(in crate::store) fn committed(&self) {
        if self.0.changed.swap(false, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Wakes the sender. Call it after the commit, too.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Waits for the next change. Returns immediately if there was one since the last wait.
    pub async fn changed(&self) {
        self.0.wake.notified().await;
    }
}
