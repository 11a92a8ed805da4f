//! What can be read. Each use case is one method; those of a resource live in the module of the
//! resource.

use rusqlite::Connection;

use crate::model::workspace::WorkspaceNo;

/// Reads what belongs to no workspace, or to all of them. Each statement sees the last committed
/// state, or that of its [`Snapshot`](super::Snapshot).
pub struct Reader<'c> {
    pub(super) conn: &'c Connection,
}

/// Reads the resources of one workspace. A method cannot see those of another, because the
/// workspace is not one of its arguments.
pub struct WorkspaceReader<'c> {
    pub(super) conn: &'c Connection,
    pub(super) workspace: WorkspaceNo,
}

impl<'c> Reader<'c> {
    /// The same reader for the resources of a workspace.
    pub fn for_workspace(&self, workspace: WorkspaceNo) -> WorkspaceReader<'c> {
        WorkspaceReader { conn: self.conn, workspace }
    }
}
