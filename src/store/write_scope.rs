//! What a change may touch, so that changes that have nothing to do with each other can be written
//! at the same time where the engine can do that.

use crate::model::workspace::WorkspaceNo;

/// The rows that a change touches. SQLite has one writer, and ignores it. On PostgreSQL it decides
/// which locks are taken before the change runs, always in the same order, so that no change waits
/// for another one that waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteScope {
    /// Reads and writes rows of this workspace, and otherwise only reads rows that do not decide
    /// what it does. Changes of a workspace run one after another, in the order in which they were
    /// queued on this server, so a change can check something and then rely on it. Changes of
    /// different workspaces run at the same time.
    ///
    /// The only row outside of the workspace that such a change may update is the one in
    /// `database`, which notes that a key was created after the first ones.
    Workspace(WorkspaceNo),
    /// Writes a single row that belongs to no workspace, without deciding anything by what it read.
    /// Runs at the same time as changes of workspaces, in a transaction of its own. It never holds one
    /// row while it waits for another one.
    SingleRow,
    /// Reads and writes anything. Nothing else is written at the same time, by any server, so keep
    /// such changes rare and short.
    Database,
}
