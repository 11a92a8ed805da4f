//! Purging: erasing a record with everything that was recorded about it, or a whole workspace.

use serde::Serialize;

use super::event::ActorKind;
use super::resource::ResourceType;
use super::values::id::{DisplayId, ResourceId};
use super::values::time::Timestamp;

/// A record as it is or was before it was purged.
#[derive(Clone, Debug)]
pub struct PurgedRecord {
    pub resource: ResourceType,
    pub id: ResourceId,
    pub display_id: DisplayId,
    /// When it was deleted, unless it was purged without being deleted first.
    pub deleted_at: Option<Timestamp>,
    pub counts: PurgeCounts,
}

/// How many rows are erased along with a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PurgeCounts {
    pub contacts: u64,
    pub onboardings: u64,
    pub events: u64,
    pub deliveries: u64,
    /// Responses that were saved for retries.
    pub saved_responses: u64,
}

/// How many rows a workspace has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WorkspaceCounts {
    pub customers: u64,
    pub contacts: u64,
    pub onboardings: u64,
    pub events: u64,
    pub keys: u64,
    pub webhooks: u64,
    pub deliveries: u64,
    pub saved_responses: u64,
}

/// A record or a workspace that was purged.
#[derive(Clone, Debug, Serialize)]
pub struct PurgeEntry {
    /// The type of the record, or `workspace`.
    pub resource: String,
    pub id: String,
    /// The slug of its workspace, unless that is gone.
    pub workspace: Option<String>,
    pub purged_at: Timestamp,
    #[serde(rename = "actor_type")]
    pub actor: ActorKind,
    pub actor_id: String,
    /// When the last copies in the database file were overwritten.
    pub erased_at: Option<Timestamp>,
}
