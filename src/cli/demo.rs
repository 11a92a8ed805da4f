//! `demo`

use std::sync::Arc;

use serde::Serialize;

use super::args::Demo;
use super::context::Context;
use super::keys::{NewKeyJson, format_new_key, lost_secret_advice};
use super::output::failure::Failure;
use super::signals::Interrupt;
use crate::demo::{self, DemoError};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::store::Watch;

#[derive(Serialize)]
struct DemoJson<'m> {
    workspace: &'m Slug,
    seed: u64,
    customers: usize,
    contacts: usize,
    onboardings: usize,
    changes: usize,
    since: Timestamp,
    key: NewKeyJson<'m>,
    database: &'m str,
    new_database: bool,
}

pub fn run(context: &Context, Demo { workspace, seed }: &Demo) -> Result<(), Failure> {
    // `demo` can be the first command in a new data directory.
    let (store, database) = context.store_or_new()?;
    // Until here, a signal ends the process at once, even while it waits for a lock.
    let interrupt = Interrupt::listen();
    let watch: Arc<dyn Watch> = interrupt.clone();
    let filled = demo::fill(&store, workspace, *seed, &watch);
    let demo::DemoData { counts, changes, since, key: (key, secret) } =
        filled.map_err(|error| match (error, interrupt.signal()) {
            (DemoError::Stopped, Some(signal)) => {
                let outcome = if database.is_new {
                    format!(
                        "no demo data was kept, and the new database {} is empty",
                        database.place
                    )
                } else {
                    "no demo data was kept".to_owned()
                };
                Failure::Interrupted { signal, outcome }
            }
            (error, _) => error.into(),
        })?;
    let report = DemoJson {
        workspace,
        seed: *seed,
        customers: counts.customers,
        contacts: counts.contacts,
        onboardings: counts.onboardings,
        changes,
        since,
        key: NewKeyJson::new(&key, &secret),
        database: &database.place,
        new_database: database.is_new,
    };
    let text = || {
        format!(
            "Filled workspace `{workspace}` with {} customers, {} contacts, and {} onboardings: \
             {changes} changes since {since}, seed {seed}.{}\n\n\
             Created key \"{}\". {}",
            counts.customers,
            counts.contacts,
            counts.onboardings,
            database.describe(),
            key.name,
            format_new_key(&key, &secret),
        )
    };
    let if_lost =
        || format!("workspace `{workspace}` was filled anyway; {}", lost_secret_advice(&key));
    context.output.print_secret(&report, text, if_lost)
}
