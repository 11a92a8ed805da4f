//! The workspace that a seed is imported into.

use crate::model::seed::Seed;
use crate::model::values::slug::Slug;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::store::{Store, StoreError};

/// Where a seed goes.
#[derive(Clone, Debug)]
pub enum SeedTarget {
    Existing(Workspace),
    /// Created by the import.
    New(NewWorkspace),
    /// The seed names a workspace, but not correctly, which is one of its faults.
    Invalid,
}

/// Why there is no workspace to import into.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the seed doesn't say which workspace it is for; add `workspace` with a slug and a name"
    )]
    NotNamed,
    #[error("workspace `{0}` not found")]
    NotFound(Slug),
}

impl SeedTarget {
    /// Finds the workspace with the slug that was given, or else the one that the seed names.
    ///
    /// # Errors
    /// See [`TargetError`].
    pub fn find(store: &Store, seed: &Seed, given: Option<&Slug>) -> Result<Self, TargetError> {
        let named = seed.workspace.as_ref();
        let Some(slug) = given.or(named.map(|workspace| &workspace.slug)) else {
            let is_invalid = seed.names_workspace();
            return if is_invalid { Ok(Self::Invalid) } else { Err(TargetError::NotNamed) };
        };
        if let Some(workspace) = store.read(|reader| reader.workspace(slug))? {
            return Ok(Self::Existing(workspace));
        }
        let new = named.filter(|workspace| workspace.slug == *slug);
        new.cloned().map(Self::New).ok_or_else(|| TargetError::NotFound(slug.clone()))
    }
}
