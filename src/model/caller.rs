//! The caller: who is reading or changing data, and in which workspace.

use super::event::Actor;
use super::workspace::Workspace;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The only workspace that the caller can see.
    pub workspace: Workspace,
    /// Recorded in the events of the caller's changes.
    pub actor: Actor,
    /// Whether changes may have effects outside the server.
    pub livemode: bool,
}
