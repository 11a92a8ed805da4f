//! `move`

pub mod args;
mod place;

use std::sync::Arc;

use serde::Serialize;

use self::args::Move;
use self::place::find_place;
use super::backups::ContentsJson;
use super::context::Context;
use super::output::count;
use super::output::failure::Failure;
use super::output::progress::Progress;
use crate::model::clock::{Clock, SystemClock};
use crate::store::{Location, MoveError, Moved, Watch, move_database};

#[derive(Serialize)]
struct MoveJson<'m> {
    from: &'m str,
    to: &'m str,
    #[serde(flatten)]
    contents: ContentsJson,
    pending_deliveries: i64,
    warnings: Vec<String>,
}

pub fn run(context: &Context, args: &Move) -> Result<(), Failure> {
    let (from, to) = sides(context, args)?;
    let progress = Arc::new(Progress::new("moving"));
    let watch: Arc<dyn Watch> = progress.clone();
    let moved = move_database(&from, &to, SystemClock.now(), &watch).map_err(|error| {
        match (error, progress.signal()) {
            (MoveError::Stopped, Some(signal)) => {
                let outcome = "nothing was moved, and the partial copy was removed".to_owned();
                Failure::Interrupted { signal, outcome }
            }
            (error, _) => error.into(),
        }
    })?;
    drop((watch, progress));
    let (from, to) = (from.place(), to.place());
    let report = MoveJson {
        from: &from,
        to: &to,
        contents: (&moved.contents).into(),
        pending_deliveries: moved.pending_deliveries,
        warnings: moved.warning.iter().map(ToString::to_string).collect(),
    };
    let if_unprinted = || format!("the database was moved to {to} anyway");
    context.output.print_after_change(&report, || describe(&from, &to, &moved), if_unprinted)
}

/// Returns the databases to move from and to.
fn sides(context: &Context, args: &Move) -> Result<(Location, Location), Failure> {
    if args.from.is_none() && args.to.is_none() {
        let message = format!(
            "pass --from or --to with the other database; the one in your settings is {}",
            context.location.place()
        );
        return Err(Failure::Other(message));
    }
    let settings = &context.settings.settings;
    let find = |option: &str, text: &Option<String>| match text {
        None => Ok(context.location.clone()),
        Some(text) => find_place(text, settings, |name| std::env::var(name).ok())
            .map_err(|why| Failure::Other(format!("`{option}` {why}"))),
    };
    Ok((find("--from", &args.from)?, find("--to", &args.to)?))
}

fn describe(from: &str, to: &str, moved: &Moved) -> String {
    let contents = &moved.contents;
    let mut text = format!(
        "Moved {from} to {to}, and compared every row: {}, {}, {}, {}, {}, and {}.\n{from} is \
         unchanged. Don't start a server on it again: from now on, it would miss every change, and \
         send webhooks a second time.",
        count(contents.workspaces, "workspace"),
        count(contents.customers, "customer"),
        count(contents.contacts, "contact"),
        count(contents.onboardings, "onboarding"),
        count(contents.keys, "API key"),
        count(contents.events, "event"),
    );
    if moved.pending_deliveries > 0 {
        let deliveries = count(moved.pending_deliveries, "pending delivery");
        text += &format!("\nA server on the new database will send {deliveries}.");
    }
    if let Some(warning) = &moved.warning {
        text += &format!("\nWarning: {warning}.");
    }
    text
}
