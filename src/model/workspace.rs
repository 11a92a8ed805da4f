//! Workspaces: companies that share a server and can't see each other's data.

use super::values::id::Id;
use super::values::slug::Slug;
use super::values::text::Name;
use super::values::time::Timestamp;

/// The public ID of a workspace, which the API calls an organization.
pub type WorkspaceId = Id<Workspace>;

/// The internal number that the store's rows refer to a workspace by. Never leaves the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceNo(pub i64);

/// A company. Every key and resource belongs to exactly one.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub no: WorkspaceNo,
    pub id: WorkspaceId,
    /// Identifies the workspace on the command line and in URLs.
    pub slug: Slug,
    /// The display name.
    pub name: Name,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct NewWorkspace {
    pub slug: Slug,
    /// The display name.
    pub name: Name,
}
