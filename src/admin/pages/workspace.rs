//! `/admin/workspace`: which workspace the pages show, and whether a form was made for it.

use crate::admin::error::AdminError;
use crate::admin::page::{self, Reply, see_other};
use crate::admin::visit::Visit;
use crate::admin::words;
use crate::model::workspace::Workspace;

/// POST `/admin/workspace`. One that does not exist changes nothing.
pub(in crate::admin) async fn choose(visit: Visit) -> Reply {
    let slug = visit.form().value("workspace");
    if let Some(chosen) = visit.workspaces().iter().find(|found| found.slug.as_str() == slug) {
        let visitor = visit.visitor();
        visitor.admin().sessions.choose(visitor.token(), chosen.id.clone());
    }
    Ok(see_other(page::local(visit.form().value("next")).unwrap_or("/admin")))
}

/// The workspace that is looked at, if what was sent is meant for it. All tabs of a browser look
/// at the same one and numbers are given anew in each: a form that was loaded before another tab
/// chose another workspace would be done to what has the same number there.
pub(in crate::admin) fn meant(visit: &Visit) -> Result<&Workspace, AdminError> {
    let workspace = visit.workspace()?;
    let slug = visit.form().value("in");
    if !visit.visitor().is_post() || workspace.slug.as_str() == slug {
        return Ok(workspace);
    }
    let now = words::plain(workspace.name.as_str());
    let of = visit.workspaces().iter().find(|found| found.slug.as_str() == slug);
    Err(AdminError::NotPossible(match of.map(|of| words::plain(of.name.as_str())) {
        Some(of) => format!(
            "This form is of the workspace “{of}”, but meanwhile “{now}” was chosen, maybe in \
             another tab. Nothing was changed. Switch back to “{of}” with the choice in the \
             header, go back to the form, and send it again."
        ),
        None => format!(
            "This form does not say that it is of the workspace “{now}”, which is looked at. \
             Nothing was changed. Load the page again and send it once more."
        ),
    }))
}
