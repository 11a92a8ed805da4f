//! Workspaces: the companies that share a server without seeing each other.

use super::values::id::Id;
use super::values::slug::Slug;
use super::values::text::Name;
use super::values::time::Timestamp;

/// The public id of a workspace (the API calls it an organization).
pub type WorkspaceId = Id<Workspace>;

/// The number by which the store's rows name their workspace. It never leaves the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceNo(pub i64);

/// A company: keys and resources belong to exactly one.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The store's number for it.
    pub no: WorkspaceNo,
    /// The id that clients see.
    pub id: WorkspaceId,
    /// Its unique name on the command line and in addresses.
    pub slug: Slug,
    /// Its name for people.
    pub name: Name,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What a new workspace is made of.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// Its unique slug.
    pub slug: Slug,
    /// Its name for people.
    pub name: Name,
}
