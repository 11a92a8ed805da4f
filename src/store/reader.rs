//! Read access. Each use case is one method. The methods for a resource are in that resource's
//! module.

use crate::model::workspace::WorkspaceNo;
use crate::store::engine::Conn;

/// Reads data that belongs to no workspace or to all of them. Each statement sees the last
/// committed state, or that of its [`Snapshot`](super::Snapshot).
pub struct Reader<'c> {
    pub(super) conn: Conn<'c>,
}

/// Reads the resources of one workspace. Its methods cannot see another workspace, because they do
/// not take a workspace as an argument.
pub struct WorkspaceReader<'c> {
    pub(super) conn: Conn<'c>,
    pub(super) workspace: WorkspaceNo,
}

impl<'c> Reader<'c> {
    pub fn for_workspace(&self, workspace: WorkspaceNo) -> WorkspaceReader<'c> {
        WorkspaceReader { conn: self.conn, workspace }
    }
}
