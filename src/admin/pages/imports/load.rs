//! Finds the import that a path names, and starts to check its rows.

use std::sync::Arc;

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::imports::check::check;
use crate::admin::imports::import::{Import, Work};
use crate::admin::imports::preview::Format;
use crate::admin::imports::threads::Stopping;
use crate::admin::visit::SignedInVisit;

/// Returns the import in the path, if it belongs to the visitor's session and to the current
/// workspace.
pub(super) fn import(visit: &SignedInVisit) -> Result<Arc<Import>, AdminError> {
    let current = visit.checked_workspace()?;
    let visitor = visit.visitor();
    let admin = visitor.admin();
    let now = admin.store().clock().monotonic();
    let found = admin.imports.held.find(visitor.token(), visit.path_param("id"), now);
    let import = found.ok_or(AdminError::NoImport)?;
    if import.workspace.id != current.id {
        let name = display::without_bidi_controls(import.workspace.name.as_str());
        let message = format!(
            "This import belongs to the workspace “{name}”, but you have since switched to another \
             one, maybe in another tab. Switch back to “{name}” to continue."
        );
        return Err(AdminError::conflict("Import of another workspace", message));
    }
    Ok(import)
}

/// Returns the path of the import's page.
pub(super) fn path(visit: &SignedInVisit) -> String {
    format!("/admin/import/{}", visit.path_param("id"))
}

/// Checks the rows of a file on a thread of its own.
pub(super) fn start_check(visit: &SignedInVisit, work: Work, file: Arc<Vec<u8>>, format: Format) {
    let admin = visit.visitor().admin();
    let service = Arc::clone(&admin.service);
    let work = move |stopping: &Stopping| check(&service, work, file, format, stopping);
    admin.imports.threads.start(work);
}
