//! On whose behalf something is read or changed.

use super::event::Actor;
use super::workspace::Workspace;

/// The workspace that a request may touch, and who is recorded as having made a change.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The only workspace that is visible.
    pub workspace: Workspace,
    /// Who is named in events.
    pub actor: Actor,
    /// Whether effects may leave the server.
    pub livemode: bool,
}
