//! Workspaces: companies that share a server and can't see each other's data.

use super::values::currency::Currency;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub no: WorkspaceNo,
    pub id: WorkspaceId,
    /// Identifies the workspace on the command line and in URLs.
    pub slug: Slug,
    /// The display name.
    pub name: Name,
    pub created_at: Timestamp,
    /// The currency of its customers' revenue.
    pub currency: Currency,
}

#[derive(Clone, Debug)]
pub struct NewWorkspace {
    pub slug: Slug,
    /// The display name.
    pub name: Name,
}

/// What to change about a workspace.
#[derive(Clone, Debug)]
pub struct WorkspaceChange {
    pub slug: Option<Slug>,
    pub name: Option<Name>,
}

/// The name of a snapshot of a workspace's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotName(String);

impl SnapshotName {
    /// What a name must be, to complete "must be …".
    pub const REQUIREMENT: &'static str =
        "1 to 100 letters, digits, hyphens, underscores, and periods";

    pub fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_valid = (1..=100).contains(&text.len()) && text.bytes().all(is_allowed);
        is_valid.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_name_is_short_and_safe_in_a_url() {
        for name in ["seeded", "v1.2_a-B", &"x".repeat(100)] {
            assert_eq!(SnapshotName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "a b", "a/b", "é", &"x".repeat(101)] {
            assert_eq!(SnapshotName::parse(name), None, "{name}");
        }
    }
}
