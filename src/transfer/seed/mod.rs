//! Imports a seed: its rows, then its keys and webhook endpoints.

mod keys;
mod plan;
mod setup;
mod source;
mod target;
mod webhooks;

use serde::Serialize;

use self::keys::PlannedKeys;
use self::source::SeedSource;
use self::webhooks::PlannedWebhooks;
use super::engine::{ImportError, import};
use super::observer::Observer;
use crate::model::seed::Seed;
use crate::model::transfer::{Counts, ImportOptions, Summary};
use crate::model::values::argon2id::HashError;
use crate::model::values::currency::Currency;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::webhook::encryption::EncryptionError;
use crate::model::workspace::{Workspace, WorkspaceNo};
use crate::store::{Store, StoreError, Tx, WriteScope};

pub use self::keys::CreatedKey;
pub use self::setup::SeedSetup;
pub use self::target::{SeedTarget, TargetError};
pub use self::webhooks::CreatedWebhook;

/// What the import of a seed did.
pub struct SeedReport {
    /// The workspace. `None` if it is new and this was a dry run.
    pub workspace: Option<Workspace>,
    pub is_new_workspace: bool,
    pub summary: SeedSummary,
    /// With their secrets, which can't be shown again.
    pub keys: Vec<CreatedKey>,
    pub webhooks: Vec<CreatedWebhook>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SeedSummary {
    #[serde(flatten)]
    pub rows: Summary,
    pub keys: Counts,
    pub webhooks: Counts,
}

/// Why a seed was not imported.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    #[error("the operating system provides no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// Imports a seed. Checks everything before it changes anything. Like every import, it can be run
/// again after it was broken off.
///
/// # Errors
/// See [`SeedError`]. The observer got all faults.
pub fn import_seed(
    store: &Store,
    target: SeedTarget,
    seed: &Seed,
    setup: &SeedSetup<'_>,
    options: &ImportOptions,
    observer: &mut dyn Observer,
) -> Result<SeedReport, SeedError> {
    let existing = match &target {
        SeedTarget::Existing(workspace) => Some(workspace),
        SeedTarget::New(_) | SeedTarget::Invalid => None,
    };
    let (keys, key_faults) = keys::plan(store, existing, &seed.keys, options.on_conflict)?;
    let (webhooks, webhook_faults) =
        webhooks::plan(store, existing, &seed.webhooks, setup, options.on_conflict)?;
    let faults = [seed.faults.clone(), key_faults, webhook_faults].concat();
    let mut summary = SeedSummary {
        rows: Summary::default(),
        keys: plan::count(&keys, seed.keys.len()),
        webhooks: plan::count(&webhooks, seed.webhooks.len()),
    };
    let is_new = existing.is_none();
    let mut source = SeedSource { seed, faults: &faults };
    if is_new || options.dry_run {
        let (placeholder, options) =
            (placeholder(), ImportOptions { dry_run: true, ..options.clone() });
        let workspace = existing.unwrap_or(&placeholder);
        summary.rows = import(store, workspace, &mut source, &options, observer)?;
    }
    if options.dry_run {
        return Ok(SeedReport {
            workspace: existing.cloned(),
            is_new_workspace: is_new,
            summary,
            keys: Vec::new(),
            webhooks: Vec::new(),
        });
    }
    let workspace = find_or_create(store, target)?;
    summary.rows = import(store, &workspace, &mut source, options, observer)?;
    let (keys, webhooks) = create_others(store, &workspace, keys, webhooks, options)?;
    Ok(SeedReport { workspace: Some(workspace), is_new_workspace: is_new, summary, keys, webhooks })
}

/// Stands for a workspace that doesn't exist yet while rows are checked: it has no rows.
fn placeholder() -> Workspace {
    Workspace {
        no: WorkspaceNo(-1),
        id: Id::generate(),
        slug: Slug::from_stored("new".to_owned()),
        name: Name::from_stored("New".to_owned()),
        created_at: Timestamp::from_micros(0),
        currency: Currency::DEFAULT,
    }
}

fn find_or_create(store: &Store, target: SeedTarget) -> Result<Workspace, StoreError> {
    let new = match target {
        SeedTarget::Existing(workspace) => return Ok(workspace),
        SeedTarget::New(new) => new,
        SeedTarget::Invalid => {
            return Err(StoreError::Internal("a seed with faults was imported".to_owned()));
        }
    };
    store.write_blocking(WriteScope::Database, move |tx: &Tx<'_>| {
        let slug = new.slug.clone();
        if let Some(created) = tx.create_workspace(new)? {
            return Ok(created);
        }
        // Another process may have created it since.
        let lost = || StoreError::Internal("a taken slug has no workspace".to_owned());
        tx.workspace(&slug)?.ok_or_else(lost)
    })
}

/// Creates the keys and changes the endpoints, in one transaction.
fn create_others(
    store: &Store,
    workspace: &Workspace,
    keys: PlannedKeys,
    webhooks: PlannedWebhooks,
    options: &ImportOptions,
) -> Result<(Vec<CreatedKey>, Vec<CreatedWebhook>), SeedError> {
    let keys: Vec<_> = keys.into_iter().filter_map(plan::Planned::into_change).collect();
    let webhooks: Vec<_> = webhooks.into_iter().filter_map(plan::Planned::into_change).collect();
    if keys.is_empty() && webhooks.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let issued = keys::issue(store, keys)?;
    let (actor, ping, workspace) = (options.actor.clone(), options.deliver, workspace.clone());
    let scope = WriteScope::Workspace(workspace.no);
    let created = store.write_blocking(scope, move |tx: &Tx<'_>| {
        let keys = keys::create(tx, &actor, &workspace, issued)?;
        let mut created = Vec::new();
        for change in webhooks {
            created.extend(webhooks::apply(tx, &actor, &workspace, change, ping)?);
        }
        Ok((keys, created))
    })?;
    Ok(created)
}
