//! `keys create`, `keys rename`, `keys revoke`, and `keys rotate`

pub mod args;
mod format;
mod known;
mod list;

use serde::Serialize;

use self::args::{KeyRef, Keys};
use self::format::expiry;
use self::list::list;
use super::context::Context;
use super::output::failure::Failure;
use super::workspaces::find::find_workspace;
use crate::model::event::Actor;
use crate::model::key::issued::IssuedKey;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::key::{Key, Mode, NewKey, Scopes, Tier};
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;
use crate::store::{Credentials, Store, Tx, WriteScope};

/// A new key with its secret, unless its owner brought it along.
#[derive(Serialize)]
pub struct NewKeyJson<'k> {
    id: &'k Id<Key>,
    key: Option<&'k str>,
    prefix: &'k Prefix,
    name: &'k Name,
    mode: Mode,
    workspace: &'k Slug,
    tier: Tier,
    scopes: &'k Scopes,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl<'k> NewKeyJson<'k> {
    pub fn new(key: &'k Key, secret: &'k KeySecret) -> Self {
        Self {
            id: &key.id,
            key: Some(secret.reveal()),
            prefix: &key.prefix,
            name: &key.name,
            mode: key.mode,
            workspace: &key.workspace,
            tier: key.tier,
            scopes: &key.scopes,
            created_at: key.created_at,
            expires_at: key.expires_at,
        }
    }

    pub fn without_secret(self) -> Self {
        Self { key: None, ..self }
    }
}

pub fn run(context: &Context, command: Keys) -> Result<(), Failure> {
    match command {
        Keys::Create { workspace, name, test, tier, scopes, expires_at } => {
            let mode = if test { Mode::Test } else { Mode::Live };
            let scopes = Scopes::new_or_all(&scopes);
            let new = NewKey { name, mode, tier, scopes, expires_at, replaces: None };
            create(context, &workspace, new)
        }
        Keys::Generate { test } => known::generate(context.output, test),
        Keys::Import { workspace, name, tier, scopes, expires_at } => {
            let scopes = Scopes::new_or_all(&scopes);
            known::import(context, &workspace, name, tier, scopes, expires_at)
        }
        Keys::List { workspace, active } => list(context, workspace.as_ref(), active),
        Keys::Rename { key, name } => rename(context, &key, name),
        Keys::Revoke { key } => revoke(context, &key),
        Keys::Rotate { key, expires_at } => rotate(context, &key, expires_at),
    }
}

/// Creates a key and stores it without its secret.
fn issue(store: &Store, workspace: &Workspace, new: NewKey) -> Result<(Key, KeySecret), Failure> {
    let (issued, secret) = IssuedKey::issue(new, store.checksum_secret())?;
    let (scope, workspace) = (WriteScope::Workspace(workspace.no), workspace.clone());
    let create = move |tx: &Tx<'_>| tx.create_key(Actor::command_line(), &workspace, issued);
    Ok((store.write_blocking(scope, create)?, secret))
}

fn create(context: &Context, slug: &Slug, new: NewKey) -> Result<(), Failure> {
    let store = context.store()?;
    let workspace = find_workspace(&store, slug)?;
    let (key, secret) = issue(&store, &workspace, new)?;
    let text = || format!("Created key \"{}\". {}", key.name, format_new_key(&key, &secret));
    context.output.print_secret(&NewKeyJson::new(&key, &secret), text, || lost_secret_advice(&key))
}

/// Says how to replace a key that was created but whose secret was never shown.
pub fn lost_secret_advice(key: &Key) -> String {
    let Key { prefix, workspace, .. } = key;
    format!(
        "key {prefix} was created anyway: revoke it with `pivotal-server keys revoke {prefix}`, \
         and create a new one with `pivotal-server keys create --workspace {workspace} --name NAME`"
    )
}

/// Formats a new key as text, with its secret.
pub fn format_new_key(key: &Key, secret: &KeySecret) -> String {
    format!(
        "Copy it now; you won't be able to see it again:\n\n  {}\n\nPrefix {}, {}, workspace {}, \
         tier {}, scopes: {}{}",
        secret.reveal(),
        key.prefix,
        <&str>::from(key.mode),
        key.workspace,
        <&str>::from(key.tier),
        key.scopes.to_stored(),
        expiry(key),
    )
}

fn rename(context: &Context, key_ref: &KeyRef, name: Name) -> Result<(), Failure> {
    let store = context.store()?;
    let found = find_key(&store, key_ref)?;
    let (scope, Key { id, name: old, .. }) = (scope_of(&found), found.key);
    let renamed = store.write_blocking(scope, move |tx| tx.rename_key(&id, &name))?;
    let key = renamed.ok_or_else(no_such_key)?;
    let text = || format!("Renamed key \"{old}\" ({}) to \"{}\".", key.prefix, key.name);
    context
        .output
        .print_after_change(&key, text, || format!("key {} was renamed anyway", key.prefix))
}

fn revoke(context: &Context, key_ref: &KeyRef) -> Result<(), Failure> {
    let store = context.store()?;
    let found = find_key(&store, key_ref)?;
    let (scope, id) = (scope_of(&found), found.key.id);
    let key = store.write_blocking(scope, move |tx| tx.revoke_key(Actor::command_line(), &id))?;
    let key = key.ok_or_else(no_such_key)?;
    let text = || format!("Revoked key \"{}\" ({}). It no longer works.", key.name, key.prefix);
    context
        .output
        .print_after_change(&key, text, || format!("key {} was revoked anyway", key.prefix))
}

fn rotate(
    context: &Context,
    key_ref: &KeyRef,
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let store = context.store()?;
    let found = find_key(&store, key_ref)?;
    let (scope, old) = (scope_of(&found), found.key);
    let mut new = NewKey::replacement_for(&old, store.clock().now());
    new.expires_at = expires_at.or(new.expires_at);
    let (issued, secret) = IssuedKey::issue(new, store.checksum_secret())?;
    let id = old.id.clone();
    let replace = move |tx: &Tx<'_>| tx.create_replacement_key(Actor::command_line(), &id, issued);
    let replacement = store.write_blocking(scope, replace)?;
    let Some(key) = replacement else { return Err(why_not_rotated(&store, &old)?) };
    let text = || {
        format!(
            "Created a replacement for key \"{}\". {}\n\nThe old key stays active. When \
             `pivotal-server keys list` says that it is safe, revoke it: pivotal-server keys \
             revoke {}",
            key.name,
            format_new_key(&key, &secret),
            old.prefix,
        )
    };
    context.output.print_secret(&NewKeyJson::new(&key, &secret), text, || {
        let (new, old) = (&key.prefix, &old.prefix);
        format!(
            "replacement key {new} was created anyway: revoke it with `pivotal-server keys revoke \
             {new}`, and rotate {old} again"
        )
    })
}

/// Explains why a key could not be rotated, and what to do instead.
fn why_not_rotated(store: &Store, old: &Key) -> Result<Failure, Failure> {
    let keys = store.read(|reader| reader.keys(None))?;
    let now = store.clock().now();
    let is_replacement = |key: &&Key| key.replaces.as_ref() == Some(&old.id) && key.is_active(now);
    let why = if keys.iter().any(|key| key.id == old.id && key.revoked_at.is_some()) {
        "is revoked, so it can't be rotated; create a new key with `pivotal-server keys create`"
            .to_owned()
    } else if let Some(at) = old.expires_at.filter(|_| old.is_expired(now)) {
        format!(
            "expired at {at}, so it can't be rotated; create a new key with `pivotal-server keys \
             create`"
        )
    } else if let Some(Key { prefix, .. }) = keys.iter().find(is_replacement) {
        format!(
            "already has a replacement, {prefix}; if you lost its secret, revoke it with \
             `pivotal-server keys revoke {prefix}` and rotate again"
        )
    } else {
        "could not be rotated because its replacement was just revoked; try again".to_owned()
    };
    Ok(Failure::Other(format!("key {} {why}", old.prefix)))
}

fn find_key(store: &Store, key_ref: &KeyRef) -> Result<Credentials, Failure> {
    let found = store.read(|reader| match key_ref {
        KeyRef::Id(id) => reader.credentials_by_id(id),
        KeyRef::Prefix(prefix) => reader.credentials(prefix),
    })?;
    found.ok_or_else(no_such_key)
}

/// Returns what changes of a key touch.
fn scope_of(found: &Credentials) -> WriteScope {
    WriteScope::Workspace(found.caller.workspace.no)
}

fn no_such_key() -> Failure {
    Failure::NotFound("key not found; run `pivotal-server keys list` to see all keys".to_owned())
}
