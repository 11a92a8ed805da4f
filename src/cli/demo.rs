//! `demo`

use std::sync::Arc;

use serde::Serialize;

use super::Context;
use super::args::Demo;
use super::failure::Failure;
use super::keys::{Shown, shown_once, unshown};
use crate::demo;
use crate::model::slug::Slug;
use crate::model::time::{SystemClock, Timestamp};
use crate::store::Store;

/// What was made, as `--json` prints it.
#[derive(Serialize)]
struct Made<'m> {
    workspace: &'m Slug,
    seed: u64,
    customers: usize,
    contacts: usize,
    onboardings: usize,
    changes: usize,
    since: Timestamp,
    key: Shown<'m>,
}

pub fn run(context: &Context, Demo { workspace, seed }: &Demo) -> Result<(), Failure> {
    // A demo may be the first thing that is wanted of a new directory.
    let store = Store::open_or_create(&context.dir, Arc::new(SystemClock))?;
    let demo::Filled { counts, changes, since, key: (key, secret) } =
        demo::fill(&store, workspace, *seed)?;
    let made = Made {
        workspace,
        seed: *seed,
        customers: counts.customers,
        contacts: counts.contacts,
        onboardings: counts.onboardings,
        changes,
        since,
        key: Shown::new(&key, &secret),
    };
    let text = || {
        format!(
            "Filled the workspace `{workspace}` with {} customers, {} contacts and {} onboardings: \
             {changes} changes since {since}, made with seed {seed}.\n\n\
             Created the key \"{}\". {}",
            counts.customers,
            counts.contacts,
            counts.onboardings,
            key.name,
            shown_once(&key, &secret),
        )
    };
    let unshown = || format!("the workspace `{workspace}` was filled; {}", unshown(&key));
    context.output.print_secret(&made, text, unshown)
}
