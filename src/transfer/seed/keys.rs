//! The API keys of a seed.

use std::collections::HashMap;
use std::num::NonZero;
use std::thread;

use super::SeedError;
use super::plan::{Planned, on_difference};
use crate::model::event::Actor;
use crate::model::key::issued::{IssuedKey, verify};
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::key::{Key, NewKey};
use crate::model::seed::{Placed, SeedKey};
use crate::model::transfer::{ImportFault, OnConflict, Outcome};
use crate::model::values::argon2id::HashError;
use crate::model::workspace::Workspace;
use crate::store::{Store, StoreError, Tx};

/// A key that the import created.
pub struct CreatedKey {
    pub key: Key,
    pub secret: KeySecret,
    /// Whether the seed contained it.
    pub is_own: bool,
}

/// A key to create. `secret` is absent if one is to be generated.
#[derive(Clone)]
pub(super) struct KeyToCreate {
    new: NewKey,
    secret: Option<KeySecret>,
}

pub(super) type PlannedKeys = Vec<Planned<KeyToCreate>>;

/// Decides what happens to each key of a seed, and finds what is wrong with them.
pub(super) fn plan(
    store: &Store,
    workspace: Option<&Workspace>,
    keys: &[Placed<SeedKey>],
    on_conflict: OnConflict,
) -> Result<(PlannedKeys, Vec<ImportFault>), SeedError> {
    let existing = match workspace {
        Some(workspace) => store.read(|reader| reader.keys(Some(&workspace.slug)))?,
        None => Vec::new(),
    };
    let now = store.clock().now();
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    let mut own: HashMap<Prefix, &str> = HashMap::new();
    for placed in keys {
        let SeedKey { new, key } = &placed.value;
        let Some(key) = key else {
            let same =
                |one: &&Key| one.is_active(now) && one.name == new.name && one.mode == new.mode;
            match existing.iter().find(same) {
                None => {
                    planned.push(Planned::Create(KeyToCreate { new: new.clone(), secret: None }));
                }
                Some(found) => match compare(placed, found, on_conflict) {
                    Ok(outcome) => planned.push(Planned::Keep(outcome)),
                    Err(fault) => faults.push(fault),
                },
            }
            continue;
        };
        if let Some(first) = own.insert(key.prefix().clone(), &placed.place) {
            faults.push(placed.fault("key", format!("key is the same as that of {first}")));
            continue;
        }
        let secret = match key.verify_checksum(store.checksum_secret()) {
            Ok(secret) => secret,
            Err(fault) => {
                faults.push(placed.fault("key", fault.into_problem("key").message));
                continue;
            }
        };
        match find(store, workspace, placed, &secret)? {
            Ok(None) => {
                let new = KeyToCreate { new: new.clone(), secret: Some(secret) };
                planned.push(Planned::Create(new));
            }
            Ok(Some(found)) => match compare(placed, &found, on_conflict) {
                Ok(outcome) => planned.push(Planned::Keep(outcome)),
                Err(fault) => faults.push(fault),
            },
            Err(fault) => faults.push(fault),
        }
    }
    Ok((planned, faults))
}

/// Returns the stored key that is the same as one of the seed.
fn find(
    store: &Store,
    workspace: Option<&Workspace>,
    placed: &Placed<SeedKey>,
    secret: &KeySecret,
) -> Result<Result<Option<Key>, ImportFault>, SeedError> {
    let Some(found) = store.read(|reader| reader.credentials(secret.prefix()))? else {
        return Ok(Ok(None));
    };
    let prefix = secret.prefix();
    let refuse = |message: String| Ok(Err(placed.fault("key", message)));
    if !verify(secret, &found.hash)? {
        return refuse(format!("key: another key has the prefix {prefix}; use a different key"));
    }
    if workspace.is_none_or(|workspace| workspace.slug != found.key.workspace) {
        return refuse(format!(
            "key {prefix} belongs to workspace `{}`; a key has only one workspace, so use a \
             different key",
            found.key.workspace
        ));
    }
    if found.key.revoked_at.is_some() {
        return refuse(format!("key {prefix} has been revoked; use a different key"));
    }
    if found.key.is_expired(store.clock().now()) {
        return refuse(format!("key {prefix} has expired; use a different key"));
    }
    Ok(Ok(Some(found.key)))
}

fn compare(
    placed: &Placed<SeedKey>,
    found: &Key,
    on_conflict: OnConflict,
) -> Result<Outcome, ImportFault> {
    let NewKey { name, mode, tier, scopes, .. } = &placed.value.new;
    let differs = [
        ("name", *name != found.name),
        ("mode", *mode != found.mode),
        ("tier", *tier != found.tier),
        ("scopes", *scopes != found.scopes),
    ];
    let Some((field, _)) = differs.into_iter().find(|(_, differs)| *differs) else {
        return Ok(Outcome::Unchanged);
    };
    // Keys can't be changed, so there is no update.
    let on_conflict =
        if on_conflict == OnConflict::Update { OnConflict::Fail } else { on_conflict };
    on_difference(on_conflict).ok_or_else(|| {
        let message = format!(
            "{field} differs from that of the existing key {}, and a key can't be changed: revoke \
             it, or adapt the seed",
            found.prefix
        );
        placed.fault(field, message)
    })
}

/// Generates and hashes the keys to create, in parallel: a hash takes tens of milliseconds.
pub(super) fn issue(
    store: &Store,
    keys: Vec<KeyToCreate>,
) -> Result<Vec<(IssuedKey, KeySecret, bool)>, HashError> {
    let signer = store.checksum_secret();
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = keys.len().div_ceil(threads).max(1);
    let issue_one = |key: &KeyToCreate| match &key.secret {
        Some(secret) => {
            Ok((IssuedKey::from_secret(key.new.clone(), secret)?, secret.clone(), true))
        }
        None => {
            let (issued, secret) = IssuedKey::issue(key.new.clone(), signer)?;
            Ok((issued, secret, false))
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = keys
            .chunks(share)
            .map(|share| scope.spawn(|| share.iter().map(issue_one).collect::<Vec<_>>()))
            .collect();
        let results = workers.into_iter().flat_map(|worker| match worker.join() {
            Ok(issued) => issued,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect()
    })
}

/// Stores the keys.
pub(super) fn create(
    tx: &Tx<'_>,
    actor: &Actor,
    workspace: &Workspace,
    issued: Vec<(IssuedKey, KeySecret, bool)>,
) -> Result<Vec<CreatedKey>, StoreError> {
    let create = |(issued, secret, is_own)| {
        let key = tx.create_key(actor.clone(), workspace, issued)?;
        Ok(CreatedKey { key, secret, is_own })
    };
    issued.into_iter().map(create).collect()
}
