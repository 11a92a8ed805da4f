//! `backup`, `restore` and `check`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::args::{Backup, Check, Restore};
use super::context::Context;
use super::failure::Failure;
use super::progress::Progress;
use crate::model::clock::{Clock, SystemClock};
use crate::model::values::time::Timestamp;
use crate::store::{Contents, CopyError, CopyWarning, Watch};

#[derive(Serialize)]
struct BackupJson<'a> {
    file: &'a Path,
    bytes: u64,
    #[serde(flatten)]
    contents: ContentsJson,
    /// What failed after the backup was made.
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct RestoreJson<'a> {
    database: PathBuf,
    kept_aside: Option<&'a Path>,
    #[serde(flatten)]
    contents: ContentsJson,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    sound: bool,
    findings: &'a [String],
}

#[derive(Serialize)]
struct ContentsJson {
    workspaces: i64,
    customers: i64,
    contacts: i64,
    onboardings: i64,
    keys: i64,
    events: i64,
    last_change: Option<Timestamp>,
}

impl From<&Contents> for ContentsJson {
    fn from(contents: &Contents) -> Self {
        Self {
            workspaces: contents.workspaces,
            customers: contents.customers,
            contacts: contents.contacts,
            onboardings: contents.onboardings,
            keys: contents.keys,
            events: contents.events,
            last_change: contents.last_change,
        }
    }
}

/// The sentence about what a copy holds.
fn describe_contents(contents: &Contents) -> String {
    let last = contents.last_change.map_or_else(
        || "nothing has changed in it yet".to_owned(),
        |time| format!("its last change was made at {time}"),
    );
    format!(
        "It holds {}, {}, {} and {}; {last}.",
        count(contents.workspaces, "workspace"),
        count(contents.customers, "customer"),
        count(contents.contacts, "contact"),
        count(contents.onboardings, "onboarding"),
    )
}

/// A number of things, such as `1 customer` and `2 customers`.
fn count(number: i64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

pub fn backup(context: &Context, args: &Backup) -> Result<(), Failure> {
    let kept =
        run_watched("the backup was not made, and what was written of it is removed", |watch| {
            context.dir.backup(&args.file, watch)
        })?;
    let (warnings, lines) = format_warnings(&kept.warnings);
    let (bytes, contents) = (kept.bytes, (&kept.contents).into());
    let shown = BackupJson { file: &kept.path, bytes, contents, warnings };
    let text = || {
        format!(
            "Backed up and checked: {} ({}). {}{lines}",
            kept.path.display(),
            indicatif::HumanBytes(bytes),
            describe_contents(&kept.contents)
        )
    };
    let done = || format!("the backup {} was made all the same", kept.path.display());
    context.output.print_after_change(&shown, text, done)
}

/// Warnings for `--json`, and as lines after the text.
fn format_warnings(warnings: &[CopyWarning]) -> (Vec<String>, String) {
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let lines = warnings.iter().map(|warning| format!("\nWarning: {warning}.")).collect();
    (warnings, lines)
}

/// Runs `work`, which shows how far it is and can be interrupted. `outcome` says what a signal leaves.
fn run_watched<T>(
    outcome: &str,
    work: impl FnOnce(&Arc<dyn Watch>) -> Result<T, CopyError>,
) -> Result<T, Failure> {
    let progress = Arc::new(Progress::default());
    let watch: Arc<dyn Watch> = progress.clone();
    work(&watch).map_err(|error| match (error, progress.signal()) {
        (CopyError::Stopped, Some(signal)) => {
            Failure::Interrupted { signal, outcome: outcome.to_owned() }
        }
        (error, _) => error.into(),
    })
}

pub fn restore(context: &Context, args: &Restore) -> Result<(), Failure> {
    let restored =
        run_watched("nothing was restored, and the copy that was begun is removed", |watch| {
            context.dir.restore(&args.file, args.replace, SystemClock.now(), watch)
        })?;
    let database = context.dir.database();
    let (warnings, lines) = format_warnings(&restored.warnings);
    let shown = RestoreJson {
        database: database.clone(),
        kept_aside: restored.previous.as_deref(),
        contents: (&restored.contents).into(),
        warnings,
    };
    let text = || {
        let aside = restored.previous.as_ref().map_or_else(String::new, |aside| {
            format!("\nThe database from before is kept as {}.", aside.display())
        });
        format!(
            "Restored {}. {}{aside}{lines}",
            database.display(),
            describe_contents(&restored.contents)
        )
    };
    let done = || format!("{} was restored all the same", database.display());
    context.output.print_after_change(&shown, text, done)
}

pub fn check(context: &Context, args: &Check) -> Result<(), Failure> {
    let watch: Arc<dyn Watch> = Arc::new(Progress::default());
    watch.on_check();
    let findings = context.dir.check(args.file.as_deref(), &watch)?;
    drop(watch);
    let path = args.file.clone().unwrap_or_else(|| context.dir.database());
    let shown = CheckJson { sound: findings.is_empty(), findings: &findings };
    context.output.print(&shown, || {
        if findings.is_empty() {
            return format!("{} is sound.", path.display());
        }
        findings.join("\n")
    })?;
    let is_database = path.canonicalize().ok() == context.dir.database().canonicalize().ok();
    match findings.len() {
        0 => Ok(()),
        findings if is_database => Err(Failure::Damaged { path, findings }),
        findings => Err(Failure::DamagedBackup { path, findings }),
    }
}
