//! `/_test/workspaces`

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::rt::task::spawn_blocking;
use serde::Serialize;

use super::error::ControlError;
use super::request::{ControlRequest, ControlResult};
use super::seed::{self, SeededJson};
use crate::model::event::Actor;
use crate::model::key::issued::IssuedKey;
use crate::model::key::{Key, Mode};
use crate::model::test_control::workspace::{NewTestWorkspace, SeedInput};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::workspace::{NewWorkspace, SnapshotName, Workspace, WorkspaceId};
use crate::store::{StateError, StoreError, Tx, WriteScope};

#[derive(Serialize)]
struct CreatedJson<'a> {
    workspace: WorkspaceJson<'a>,
    keys: KeysJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<SeededJson>,
}

#[derive(Serialize)]
struct WorkspaceJson<'a> {
    id: &'a WorkspaceId,
    slug: &'a Slug,
    name: &'a Name,
}

#[derive(Serialize)]
struct KeysJson<'a> {
    live: &'a str,
    test: &'a str,
}

/// POST `/_test/workspaces`
pub(super) async fn create(request: ControlRequest) -> ControlResult {
    let new: NewTestWorkspace = request.body()?;
    let service = Arc::clone(&request.control.service);
    let keys = new.keys();
    let issue = move || IssuedKey::issue_all(keys, service.store.checksum_secret());
    let issued = spawn_blocking(issue).await.map_err(|error| ControlError::internal(&error))?;
    let issued = issued.map_err(|error| ControlError::internal(&error))?;
    let (issued, secrets): (Vec<_>, Vec<_>) = issued.into_iter().unzip();
    let hashes: Vec<String> = issued.iter().map(|issued| issued.hash.clone()).collect();
    let (workspace, keys, seed) = match new.seed {
        None => {
            let (workspace, keys) = create_empty(&request, new.workspace, issued).await?;
            (workspace, keys, None)
        }
        Some(seed) => {
            let (workspace, keys, seeded) =
                create_seeded(&request, new.workspace, issued, seed).await?;
            (workspace, keys, Some(seeded))
        }
    };
    for (secret, hash) in secrets.iter().zip(hashes) {
        request.control.api.trust_key(secret, hash);
    }
    let secret_of = |mode: Mode| {
        let position = keys.iter().position(|key| key.mode == mode);
        position.map_or("", |position| secrets[position].reveal())
    };
    let (live, test) = (secret_of(Mode::Live), secret_of(Mode::Test));
    let (id, slug, name) = (&workspace.id, &workspace.slug, &workspace.name);
    let created = CreatedJson {
        workspace: WorkspaceJson { id, slug, name },
        keys: KeysJson { live, test },
        seed,
    };
    Ok(HttpResponse::Created().json(created))
}

async fn create_empty(
    request: &ControlRequest,
    new: NewWorkspace,
    keys: Vec<IssuedKey>,
) -> Result<(Workspace, Vec<Key>), ControlError> {
    let create = move |tx: &Tx<'_>| tx.create_workspace_with_keys(&Actor::system(), new, keys);
    let created = request.control.service.store.write(WriteScope::Database, create).await?;
    created.ok_or(ControlError::SlugTaken)
}

async fn create_seeded(
    request: &ControlRequest,
    new: NewWorkspace,
    keys: Vec<IssuedKey>,
    seed: SeedInput,
) -> Result<(Workspace, Vec<Key>, SeededJson), ControlError> {
    let service = &request.control.service;
    if request.has_workspace(&new.slug).await? {
        return Err(ControlError::SlugTaken);
    }
    let (workspace, seeded) = seed::create(service, new, seed).await?;
    let owner = workspace.clone();
    let create = move |tx: &Tx<'_>| -> Result<Vec<Key>, StoreError> {
        let create = |key| tx.create_key(Actor::system(), &owner, key);
        keys.into_iter().map(create).collect()
    };
    let scope = WriteScope::Workspace(workspace.no);
    let keys = service.store.write(scope, create).await?;
    Ok((workspace, keys, seeded))
}

/// POST `/_test/workspaces/{slug}/reset`
pub(super) async fn reset(request: ControlRequest) -> ControlResult {
    request.no_body()?;
    let slug = workspace(&request)?;
    change(&request, move |tx| tx.reset_workspace(&slug)).await?;
    request.control.service.discarded.notify_one();
    Ok(HttpResponse::NoContent().finish())
}

/// PUT `/_test/workspaces/{slug}/snapshots/{name}`
pub(super) async fn take_snapshot(request: ControlRequest) -> ControlResult {
    request.no_body()?;
    let (slug, name) = (workspace(&request)?, snapshot(&request)?);
    let taken = name.clone();
    change(&request, move |tx| tx.take_snapshot(&slug, &taken)).await?;
    Ok(HttpResponse::Created().json(serde_json::json!({ "name": name.as_str() })))
}

/// POST `/_test/workspaces/{slug}/snapshots/{name}/restore`
pub(super) async fn restore_snapshot(request: ControlRequest) -> ControlResult {
    request.no_body()?;
    let (slug, name) = (workspace(&request)?, snapshot(&request)?);
    change(&request, move |tx| tx.restore_snapshot(&slug, &name)).await?;
    request.control.service.discarded.notify_one();
    Ok(HttpResponse::NoContent().finish())
}

async fn change(
    request: &ControlRequest,
    change: impl FnOnce(&Tx<'_>) -> Result<Result<(), StateError>, StoreError> + Send + 'static,
) -> Result<(), ControlError> {
    let changed = request.control.service.store.write(WriteScope::Database, change).await?;
    changed.map_err(|error| match error {
        StateError::UnknownWorkspace => ControlError::WorkspaceNotFound,
        StateError::UnknownSnapshot => ControlError::SnapshotNotFound,
        StateError::TooManySnapshots => ControlError::TooManySnapshots,
        StateError::NeedsSqlite => ControlError::NeedsSqlite,
        StateError::ChangedElsewhere => ControlError::ChangedElsewhere,
    })
}

/// Returns the workspace in the path. A text that isn't a slug is the slug of none.
fn workspace(request: &ControlRequest) -> Result<Slug, ControlError> {
    Slug::parse(request.path_parameter("slug")).map_err(|_| ControlError::WorkspaceNotFound)
}

fn snapshot(request: &ControlRequest) -> Result<SnapshotName, ControlError> {
    SnapshotName::parse(request.path_parameter("name")).ok_or(ControlError::InvalidSnapshotName)
}
