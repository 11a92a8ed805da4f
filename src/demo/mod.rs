//! Demo data: a made-up workspace with a history of ninety days, the same every time for the same
//! seed. It stands on `store` and `model`; `cli` uses it.
//!
//! The history is not written but made: `story` tells who changes what at which moment, and
//! `stage` has the store carry that out as it does for the API, so that events, display ids and
//! times are what they would be if it had happened.

mod companies;
mod dice;
mod people;
mod plot;
mod stage;
mod story;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use self::dice::Dice;
use self::stage::Actors;
pub use self::stage::Counts;
use self::story::{Act, DAY, MINUTE};
use crate::model::caller::Caller;
use crate::model::event::{Actor, ActorKind};
use crate::model::key::issued::IssuedKey;
use crate::model::key::secret::KeySecret;
use crate::model::key::{Key, KeyUse, Mode, NewKey, Scopes, Tier};
use crate::model::values::argon2id::HashError;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::store::{Store, StoreError, Tx, Watch};

/// What was made.
pub struct Filled {
    /// What can be seen in lists.
    pub counts: Counts,
    /// How many changes led there.
    pub changes: usize,
    /// When the first of them was made.
    pub since: Timestamp,
    /// A live key of the workspace, with its secret.
    pub key: (Key, KeySecret),
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error(
        "the workspace `{0}` has or had customers and was left as it is; name another with --workspace"
    )]
    NotEmpty(Slug),
    #[error("the demo was stopped, and nothing of it was kept")]
    Stopped,
}

/// Fills a workspace, which is created when there is none of that slug, in one transaction, unless
/// the watch stops it.
///
/// # Errors
/// See [`DemoError`]; nothing was changed.
pub fn fill(
    store: &Store,
    slug: &Slug,
    seed: u64,
    watch: &Arc<dyn Watch>,
) -> Result<Filled, DemoError> {
    let signer = store.checksum_secret();
    // Argon2 takes its time, during which nobody else should have to wait.
    let (sync, _) = IssuedKey::issue(live_key("CRM sync"), signer)?;
    let (board, _) = IssuedKey::issue(live_key("Onboarding board"), signer)?;
    let (shown, secret) = IssuedKey::issue(live_key("Demo"), signer)?;
    let wanted = slug.clone();
    let watching = Arc::clone(watch);
    let change = move |tx: &Tx<'_>| {
        let today = midnight(tx.now());
        let (acts, stories) = script(seed, today);
        let since = acts.first().map_or(today, |act| act.at);
        let workspace = find_or_create(&tx.with_time(since.plus_millis(-DAY)), wanted)?;
        let changes = acts.len();
        let told = tx.backfill_history(workspace.no, || {
            let before = tx.with_time(since.plus_millis(-DAY / 2));
            let sync = before.create_key(Actor::command_line(), &workspace, sync)?;
            let board = before.create_key(Actor::command_line(), &workspace, board)?;
            perform(tx, &workspace, [sync, board], acts, stories, &*watching)
        })?;
        let Some(counts) = told else { return Ok(None) };
        let key = tx.create_key(Actor::command_line(), &workspace, shown)?;
        Ok(Some(Filled { counts, changes, since, key: (key, secret) }))
    };
    match store.write_blocking(change) {
        Ok(filled) => filled.ok_or_else(|| DemoError::NotEmpty(slug.clone())),
        // Whatever the error is, nothing was changed, as it was asked for.
        Err(_) if watch.should_stop() => Err(DemoError::Stopped),
        Err(error) => Err(error.into()),
    }
}

/// All acts in the order of their moments, and how many stories they tell.
fn script(seed: u64, today: Timestamp) -> (Vec<Act>, usize) {
    let mut dice = Dice::new(seed);
    let mut acts = Vec::new();
    let mut stories = 0;
    let plot: Vec<_> = plot::plot(&mut dice).collect();
    for &(company, ending) in &plot {
        acts.extend(story::tell(&mut dice, today, stories, company, ending));
        stories += 1;
    }
    if let Some(&(company, _)) = plot.first() {
        acts.extend(story::tell_duplicate(&mut dice, today, stories, company));
        stories += 1;
    }
    acts.sort_by_key(|act| act.at);
    (acts, stories)
}

/// Plays the acts with two keys that nobody has the secrets of, and revokes them afterwards.
fn perform(
    tx: &Tx<'_>,
    workspace: &Workspace,
    [sync, board]: [Key; 2],
    acts: Vec<Act>,
    stories: usize,
    watch: &dyn Watch,
) -> Result<Counts, StoreError> {
    let last = acts.last().map_or(tx.now(), |act| act.at);
    let actors = Actors { sync: caller(workspace, &sync), board: caller(workspace, &board) };
    let requests = |on_board| {
        acts.iter().map(|act| i64::from(act.change.is_of_onboarding() == on_board)).sum()
    };
    let (syncs, moves) = (requests(false), requests(true));
    let counts = stage::play(tx, &actors, stories, acts, watch)?;
    // Addresses that stand for examples (RFC 5737).
    let from = |host| IpAddr::from(Ipv4Addr::new(192, 0, 2, host));
    tx.record_key_uses(&[
        (sync.id.clone(), KeyUse { at: last, from: from(10), requests: syncs }),
        (board.id.clone(), KeyUse { at: last, from: from(20), requests: moves }),
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
    let name = Name::stored("Demo".to_owned());
    let taken = || StoreError::Internal("a slug that is free is taken".to_owned());
    tx.create_workspace(NewWorkspace { slug, name })?.ok_or_else(taken)
}

fn live_key(name: &str) -> NewKey {
    NewKey {
        name: Name::stored(name.to_owned()),
        mode: Mode::Live,
        tier: Tier::default(),
        scopes: Scopes::all(),
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

/// The beginning of a day in UTC.
fn midnight(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.as_micros().div_euclid(DAY * 1000) * DAY * 1000)
}
