//! Reports the progress of work on a whole database, and can cancel it. For `cli` and the server.

/// Observes a database being copied, upgraded, or checked, and can cancel a copy.
pub trait Watch: Send + Sync {
    /// Called before the first file is created, which is removed if the work is canceled.
    fn on_start(&self) {}
    /// Called when this many pages, or units of work, are done.
    fn on_progress(&self, _done: u64, _total: u64) {}
    /// Called when the checks begin.
    fn on_check(&self) {}
    /// Whether to cancel the work.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Ignores progress and never cancels.
impl Watch for () {}
