//! Finds the workspace that a command names.

use crate::cli::output::failure::Failure;
use crate::cli::value_parsers::did_you_mean;
use crate::model::values::slug::Slug;
use crate::model::workspace::Workspace;
use crate::store::{Store, StoreError};

/// Returns the workspace with this slug.
pub fn find_workspace(store: &Store, slug: &Slug) -> Result<Workspace, Failure> {
    find_among(slug, || store.read(|reader| reader.workspaces()))
}

/// Returns the workspace with this slug among all of them.
pub fn find_among(
    slug: &Slug,
    all: impl FnOnce() -> Result<Vec<Workspace>, StoreError>,
) -> Result<Workspace, Failure> {
    let mut all = all()?;
    match all.iter().position(|workspace| workspace.slug == *slug) {
        Some(found) => Ok(all.swap_remove(found)),
        None => Err(no_such_workspace(slug, &all)),
    }
}

/// Says that there is no such workspace among all of them.
pub fn no_such_workspace(slug: &Slug, all: &[Workspace]) -> Failure {
    workspace_not_found(slug, all, "run `pivotal-server workspaces list` to see all workspaces")
}

/// Says that there is no such workspace among all of them. `advice` begins with a lowercase letter.
pub fn workspace_not_found(slug: &Slug, all: &[Workspace], advice: &str) -> Failure {
    let slugs: Vec<&str> = all.iter().map(|workspace| workspace.slug.as_str()).collect();
    let meant = did_you_mean(slug.as_str(), &slugs);
    Failure::NotFound(match advice.split_at_checked(1) {
        Some((first, rest)) if !meant.is_empty() => {
            format!("workspace `{slug}` not found{meant} {}{rest}", first.to_uppercase())
        }
        _ => format!("workspace `{slug}` not found; {advice}"),
    })
}
