//! How long work on a whole database reports its progress and is stopped. For `cli` and the server.

/// Looks on while a database is copied or upgraded and checked, and may end a copy.
pub trait Watch: Send + Sync {
    /// The first file is about to be made, which is removed if the work is ended.
    fn on_start(&self) {}
    /// So many pages, or units of work, are done, of so many.
    fn on_progress(&self, _done: u64, _of: u64) {}
    /// The checks have begun.
    fn on_check(&self) {}
    /// Whether the work is to end here.
    fn should_stop(&self) -> bool {
        false
    }
}

/// Nobody looks on.
impl Watch for () {}
