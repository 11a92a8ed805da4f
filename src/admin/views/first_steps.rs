//! The first steps in a workspace without customers, whose keys were never used.

use crate::admin::visit::Visitor;
use crate::model::key::Key;
use crate::model::values::slug::Slug;

pub(in crate::admin) struct FirstSteps {
    /// The base URL for API clients, if it is known.
    pub base_url: Option<String>,
    /// A command that calls the API.
    pub command: Option<String>,
    /// How many keys of the workspace work.
    pub keys: usize,
    pub has_backups: bool,
    /// The command that makes a backup, on PostgreSQL.
    pub backup_command: Option<String>,
}

impl FirstSteps {
    /// Returns `None` if a key of the workspace was used.
    pub fn new(visitor: &Visitor, workspace: &Slug, keys: &[Key]) -> Option<Self> {
        let of_workspace = || keys.iter().filter(|key| key.workspace == *workspace);
        if of_workspace().any(|key| key.last_used_at.is_some()) {
            return None;
        }
        let service = &visitor.admin().service;
        let base_url = visitor.api_base_url();
        let command = base_url
            .as_ref()
            .map(|url| format!("curl -H \"Authorization: Bearer YOUR_API_KEY\" {url}/me"));
        Some(Self {
            command,
            base_url,
            keys: of_workspace().filter(|key| key.revoked_at.is_none()).count(),
            has_backups: service.backups.is_some(),
            backup_command: service.settings.backup_command(),
        })
    }
}
