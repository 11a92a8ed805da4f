//! `keys create`, `keys list`, `keys revoke`, and `keys rotate`

pub mod args;
mod known;

use serde::Serialize;

use self::args::{KeyRef, Keys};
use super::context::Context;
use super::failure::Failure;
use super::output::table;
use crate::model::clock::{Clock, SystemClock};
use crate::model::event::Actor;
use crate::model::key::issued::IssuedKey;
use crate::model::key::rotation::{self, Retirement};
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::key::{Key, Mode, NewKey, Scopes, Tier};
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;
use crate::store::{Credentials, Store};

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
        }
    }

    pub fn without_secret(self) -> Self {
        Self { key: None, ..self }
    }
}

pub fn run(context: &Context, command: Keys) -> Result<(), Failure> {
    match command {
        Keys::Create { workspace, name, test, tier, scopes } => {
            let mode = if test { Mode::Test } else { Mode::Live };
            let new =
                NewKey { name, mode, tier, scopes: Scopes::new_or_all(&scopes), expires_at: None, replaces: None };
            create(context, &workspace, new)
        }
        Keys::Generate { test } => known::generate(context.output, test),
        Keys::Import { workspace, name, tier, scopes } => {
            known::import(context, &workspace, name, tier, Scopes::new_or_all(&scopes))
        }
        Keys::List { workspace } => list(context, workspace.as_ref()),
        Keys::Revoke { key } => revoke(context, &key),
        Keys::Rotate { key } => rotate(context, &key),
    }
}

/// Creates a key and stores it without its secret.
fn issue(store: &Store, workspace: &Workspace, new: NewKey) -> Result<(Key, KeySecret), Failure> {
    let (issued, secret) = IssuedKey::issue(new, store.checksum_secret())?;
    let workspace = workspace.clone();
    let create =
        move |tx: &crate::store::Tx<'_>| tx.create_key(Actor::command_line(), &workspace, issued);
    Ok((store.write_blocking(create)?, secret))
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
         tier {}, scopes: {}",
        secret.reveal(),
        key.prefix,
        <&str>::from(key.mode),
        key.workspace,
        <&str>::from(key.tier),
        key.scopes.to_stored(),
    )
}

fn list(context: &Context, workspace: Option<&Slug>) -> Result<(), Failure> {
    let store = context.store_to_read()?;
    if let Some(slug) = workspace {
        store.read(|reader| reader.workspace(slug))?.ok_or_else(|| no_such_workspace(slug))?;
    }
    let keys = store.read(|reader| reader.keys(workspace))?;
    let replacements = rotation::replacements(&keys, SystemClock.now());
    let now = SystemClock.now();
    let listed: Vec<ListedKey<'_>> = keys
        .iter()
        .map(|key| {
            let replacement = replacements.get(&key.id).filter(|_| key.revoked_at.is_none());
            let retirement =
                replacement.map(|replacement| Retirement::assess(key, replacement, now));
            let safe_to_revoke = retirement.as_ref().map(Retirement::is_safe);
            ListedKey { key, safe_to_revoke, retirement }
        })
        .collect();
    context.output.print(&listed, || {
        let heading = [
            "PREFIX",
            "NAME",
            "WORKSPACE",
            "MODE",
            "TIER",
            "STATE",
            "REQUESTS",
            "LAST USED",
            "ID",
            "SCOPES",
        ];
        let table = table(heading, &listed.iter().map(table_row).collect::<Vec<_>>());
        let advice = listed.iter().filter_map(|listed| {
            let advice = listed.retirement.as_ref()?.advice();
            Some(format!("{}: {advice}", listed.key.prefix))
        });
        let advice: Vec<String> = advice.collect();
        if advice.is_empty() { table } else { format!("{table}\n\n{}", advice.join("\n")) }
    })
}

#[derive(Serialize)]
struct ListedKey<'k> {
    #[serde(flatten)]
    key: &'k Key,
    /// Only present while a replacement key is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    safe_to_revoke: Option<bool>,
    #[serde(skip)]
    retirement: Option<Retirement>,
}

fn table_row(listed: &ListedKey<'_>) -> [String; 10] {
    let key = listed.key;
    let state = match (key.revoked_at, listed.safe_to_revoke) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(_)) => "replaced, active".to_owned(),
        (None, None) => "active".to_owned(),
    };
    let used = match (key.last_used_at, &key.last_used_ip) {
        (Some(at), Some(from)) => format!("{at} from {from}"),
        _ => "never".to_owned(),
    };
    let all = key.scopes == Scopes::all();
    [
        key.prefix.to_string(),
        key.name.to_string(),
        key.workspace.to_string(),
        <&str>::from(key.mode).to_owned(),
        <&str>::from(key.tier).to_owned(),
        state,
        key.request_count.to_string(),
        used,
        key.id.to_string(),
        if all { "all".to_owned() } else { key.scopes.to_stored() },
    ]
}

fn revoke(context: &Context, key_ref: &KeyRef) -> Result<(), Failure> {
    let store = context.store()?;
    let id = find_key(&store, key_ref)?.key.id;
    let key = store.write_blocking(move |tx| tx.revoke_key(Actor::command_line(), &id))?;
    let key = key.ok_or_else(no_such_key)?;
    let text = || format!("Revoked key \"{}\" ({}). It no longer works.", key.name, key.prefix);
    context
        .output
        .print_after_change(&key, text, || format!("key {} was revoked anyway", key.prefix))
}

fn rotate(context: &Context, key_ref: &KeyRef) -> Result<(), Failure> {
    let store = context.store()?;
    let old = find_key(&store, key_ref)?.key;
    let (issued, secret) =
        IssuedKey::issue(NewKey::replacement_for(&old, store.clock().now()), store.checksum_secret())?;
    let id = old.id.clone();
    let replacement = store
        .write_blocking(move |tx| tx.create_replacement_key(Actor::command_line(), &id, issued))?;
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
    let is_replacement =
        |key: &&Key| key.replaces.as_ref() == Some(&old.id) && key.revoked_at.is_none();
    let why = if keys.iter().any(|key| key.id == old.id && key.revoked_at.is_some()) {
        "is revoked, so it can't be rotated; create a new key with `pivotal-server keys create`"
            .to_owned()
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

pub(super) fn find_workspace(store: &Store, slug: &Slug) -> Result<Workspace, Failure> {
    store.read(|reader| reader.workspace(slug))?.ok_or_else(|| no_such_workspace(slug))
}

pub(super) fn no_such_workspace(slug: &Slug) -> Failure {
    let hint = "run `pivotal-server workspaces list` to see all workspaces";
    Failure::Other(format!("workspace `{slug}` not found; {hint}"))
}

fn find_key(store: &Store, key_ref: &KeyRef) -> Result<Credentials, Failure> {
    let found = store.read(|reader| match key_ref {
        KeyRef::Id(id) => reader.credentials_by_id(id),
        KeyRef::Prefix(prefix) => reader.credentials(prefix),
    })?;
    found.ok_or_else(no_such_key)
}

fn no_such_key() -> Failure {
    Failure::Other("key not found; run `pivotal-server keys list` to see all keys".to_owned())
}
