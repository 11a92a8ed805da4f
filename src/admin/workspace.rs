//! `/admin/workspace`: which workspace the pages show.

use super::page::{self, Reply, see_other};
use super::visit::Visit;

/// POST `/admin/workspace`. One that does not exist changes nothing.
pub(super) async fn choose(visit: Visit) -> Reply {
    let slug = visit.form().value("workspace");
    if let Some(chosen) = visit.workspaces().iter().find(|found| found.slug.as_str() == slug) {
        let visitor = visit.visitor();
        visitor.admin().sessions.choose(visitor.token(), chosen.id.clone());
    }
    Ok(see_other(page::local(visit.form().value("next")).unwrap_or("/admin")))
}
