//! Demo data: a fictional workspace with a history of ninety days, which is always the same for the
//! same seed. Builds on `store` and `model`; `cli` and `server` use it.
//!
//! `timeline` generates the changes and their times, and `replay` makes them through the store, as
//! the API does. So events, display IDs, and times are the same as if the changes had really
//! happened.

mod companies;
mod outcomes;
mod people;
mod replay;
mod rng;
mod timeline;

use std::net::IpAddr;
use std::sync::Arc;

use self::replay::Actors;
pub use self::replay::Counts;
use self::rng::Rng;
use self::timeline::{DAY, MINUTE, TimedChange};
use crate::model::caller::Caller;
use crate::model::client_address::ClientAddress;
use crate::model::event::{Actor, ActorKind};
use crate::model::key::checksum::ChecksumSecret;
use crate::model::key::issued::IssuedKey;
use crate::model::key::secret::KeySecret;
use crate::model::key::{Key, KeyId, KeyUse, Mode, NewKey, Scopes, Tier};
use crate::model::values::argon2id::HashError;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::store::{Store, StoreError, Tx, Watch, WriteScope};

/// The seed unless another one is chosen.
pub const SEED: u64 = 1;

/// A summary of the created data.
pub struct DemoData {
    pub counts: Counts,
    /// The number of changes in the history.
    pub changes: usize,
    /// The time of the first change.
    pub since: Timestamp,
    /// A live API key for the workspace, with its secret.
    pub key: (Key, KeySecret),
}

/// Filling the workspace failed, and nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(
        "the `{0}` workspace has or had customers, so nothing was changed; choose another one with \
         --workspace"
    )]
    NotEmpty(Slug),
    #[error("the demo was stopped, and nothing was saved")]
    Stopped,
}

/// Fills a workspace with demo data in a single transaction, unless `watch` stops it. Creates the
/// workspace if there is none with this slug.
///
/// # Errors
/// See [`DemoError`]. Nothing was changed.
pub fn fill(
    store: &Store,
    slug: &Slug,
    seed: u64,
    watch: &Arc<dyn Watch>,
) -> Result<DemoData, DemoError> {
    let signer = store.checksum_secret();
    let actors = issue_actors(signer)?;
    let (demo, secret) = IssuedKey::issue(live_key("Demo"), signer)?;
    let demo_slug = slug.clone();
    let watching = Arc::clone(watch);
    let change = move |tx: &Tx<'_>| {
        let history = History::build(seed, midnight(tx.now()));
        let (since, changes) = (history.since, history.changes.len());
        let workspace = find_or_create(&tx.with_time(since.plus_millis(-DAY)), demo_slug)?;
        let counts = write_history(tx, &workspace, actors, history, &*watching)?;
        let Some(counts) = counts else { return Ok(None) };
        let key = tx.create_key(Actor::command_line(), &workspace, demo)?;
        Ok(Some(DemoData { counts, changes, since, key: (key, secret) }))
    };
    match store.write_blocking(WriteScope::Database, change) {
        Ok(filled) => filled.ok_or_else(|| DemoError::NotEmpty(slug.clone())),
        // The transaction was rolled back, whatever the error is.
        Err(_) if watch.should_stop() => Err(DemoError::Stopped),
        Err(error) => Err(error.into()),
    }
}

/// Makes a database what it is when a demo starts: one workspace, with these keys and the demo data
/// up to today. Everything else is removed, except for the admin password. The store removes the
/// old rows later (see [`Tx::remove_discarded`]).
///
/// # Errors
/// See [`DemoError`]. Nothing was changed.
pub fn reset(store: &Store, slug: &Slug, keys: &[KeyId]) -> Result<(), DemoError> {
    let actors = issue_actors(store.checksum_secret())?;
    let (slug, keys) = (slug.clone(), keys.to_vec());
    let change = move |tx: &Tx<'_>| {
        let lost = || StoreError::Internal("the demo has no workspace".to_owned());
        let workspace = tx.keep_first_keys_only(&slug, &keys)?.ok_or_else(lost)?;
        let history = History::build(SEED, midnight(tx.now()));
        let not_empty = || StoreError::Internal("the demo wasn't cleared".to_owned());
        write_history(tx, &workspace, actors, history, &())?.ok_or_else(not_empty)
    };
    store.write_blocking(WriteScope::Database, change)?;
    Ok(())
}

/// The changes in chronological order.
struct History {
    changes: Vec<TimedChange>,
    /// The number of customers.
    timelines: usize,
    /// The time of the first change.
    since: Timestamp,
}

impl History {
    fn build(seed: u64, today: Timestamp) -> Self {
        let mut rng = Rng::new(seed);
        let mut changes = Vec::new();
        let mut timelines = 0;
        let assigned: Vec<_> = outcomes::assign_outcomes(&mut rng).collect();
        for &(company, outcome) in &assigned {
            changes
                .extend(timeline::customer_timeline(&mut rng, today, timelines, company, outcome));
            timelines += 1;
        }
        if let Some(&(company, _)) = assigned.first() {
            changes.extend(timeline::duplicate_timeline(&mut rng, today, timelines, company));
            timelines += 1;
        }
        changes.sort_by_key(|change| change.at);
        let since = changes.first().map_or(today, |change| change.at);
        Self { changes, timelines, since }
    }
}

/// Creates the keys that make the changes. Argon2 is slow, so call it before taking the write lock.
fn issue_actors(signer: &ChecksumSecret) -> Result<[IssuedKey; 2], HashError> {
    let (sync, _) = IssuedKey::issue(live_key("CRM sync"), signer)?;
    let (board, _) = IssuedKey::issue(live_key("Onboarding board"), signer)?;
    Ok([sync, board])
}

/// Writes the history of a workspace. Returns `None` if it has or had customers.
fn write_history(
    tx: &Tx<'_>,
    workspace: &Workspace,
    [sync, board]: [IssuedKey; 2],
    history: History,
    watch: &dyn Watch,
) -> Result<Option<Counts>, StoreError> {
    tx.backfill_history(workspace.no, || {
        let before = tx.with_time(history.since.plus_millis(-DAY / 2));
        let sync = before.create_key(Actor::command_line(), workspace, sync)?;
        let board = before.create_key(Actor::command_line(), workspace, board)?;
        replay_with_keys(tx, workspace, [sync, board], history, watch)
    })
}

/// Replays the changes with two keys whose secrets are unknown, and then revokes the keys.
fn replay_with_keys(
    tx: &Tx<'_>,
    workspace: &Workspace,
    [sync, board]: [Key; 2],
    History { changes, timelines, .. }: History,
    watch: &dyn Watch,
) -> Result<Counts, StoreError> {
    let last = changes.last().map_or(tx.now(), |change| change.at);
    let actors = Actors { sync: caller(workspace, &sync), board: caller(workspace, &board) };
    let requests = |on_board| {
        changes.iter().map(|timed| i64::from(timed.change.is_onboarding_change() == on_board)).sum()
    };
    let (sync_requests, board_requests) = (requests(false), requests(true));
    let counts = replay::replay_all(tx, &actors, timelines, changes, watch)?;
    // Addresses reserved for documentation (RFC 5737).
    let from = |host| ClientAddress::Ip(IpAddr::from([192, 0, 2, host]));
    tx.record_key_uses(&[
        (sync.id.clone(), KeyUse { last_used_at: last, from: from(10), requests: sync_requests }),
        (board.id.clone(), KeyUse { last_used_at: last, from: from(20), requests: board_requests }),
    ])?;
    let after = tx.with_time(last.plus_millis(MINUTE));
    for key in [sync, board] {
        after.revoke_key(Actor::command_line(), &key.id)?;
    }
    Ok(counts)
}

fn find_or_create(tx: &Tx<'_>, slug: Slug) -> Result<Workspace, StoreError> {
    if let Some(workspace) = tx.workspace(&slug)? {
        return Ok(workspace);
    }
    let name = Name::from_stored("Demo".to_owned());
    let taken = || StoreError::Internal("a free slug is taken".to_owned());
    tx.create_workspace(NewWorkspace { slug, name })?.ok_or_else(taken)
}

fn live_key(name: &str) -> NewKey {
    NewKey {
        name: Name::from_stored(name.to_owned()),
        mode: Mode::Live,
        tier: Tier::default(),
        scopes: Scopes::all(),
        expires_at: None,
        replaces: None,
    }
}

fn caller(workspace: &Workspace, key: &Key) -> Caller {
    let actor = Actor {
        kind: ActorKind::ApiKey,
        id: key.id.to_string(),
        name: key.name.as_str().to_owned(),
    };
    Caller { workspace: workspace.clone(), actor, livemode: key.mode.is_live() }
}

/// Returns the start of the day in UTC.
fn midnight(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.as_micros().div_euclid(DAY * 1000) * DAY * 1000)
}
