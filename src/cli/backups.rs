//! `backup`, `restore`, and `check`

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::args::{Backup, Check, Restore};
use super::context::Context;
use super::output::count;
use super::output::failure::Failure;
use super::output::progress::Progress;
use crate::model::clock::{Clock, SystemClock};
use crate::model::database_url::DatabaseUrl;
use crate::model::values::time::Timestamp;
use crate::store::{BackupStream, Contents, CopyError, CopyWarning, DataDir, Watch, is_stream};

#[derive(Serialize)]
struct BackupJson<'a> {
    file: &'a Path,
    bytes: u64,
    #[serde(flatten)]
    contents: ContentsJson,
    /// Problems that occurred once the backup was in place.
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

/// What is in a database, as `backup`, `restore`, and `move` print it.
#[derive(Serialize)]
pub struct ContentsJson {
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

/// Summarizes a copy: `1 workspace, 2 customers, 0 contacts, and 0 onboardings. Last change: …`
fn describe_contents(contents: &Contents) -> String {
    let last = contents
        .last_change
        .map_or_else(|| "No changes yet".to_owned(), |time| format!("Last change: {time}"));
    format!(
        "{}, {}, {}, and {}. {last}.",
        count(contents.workspaces, "workspace"),
        count(contents.customers, "customer"),
        count(contents.contacts, "contact"),
        count(contents.onboardings, "onboarding"),
    )
}

pub fn backup(context: &Context, args: &Backup) -> Result<(), Failure> {
    let dir = context.files(|url| {
        let command = url.backup_command(&args.file.to_string_lossy());
        format!("whose own tools make backups; run `{command}`")
    })?;
    let backup =
        run_with_progress("no backup was made, and the partial file was removed", |watch| {
            dir.backup(&args.file, watch)
        })?;
    let (warnings, lines) = format_warnings(&backup.warnings);
    let (bytes, contents) = (backup.bytes, (&backup.contents).into());
    let report = BackupJson { file: &backup.path, bytes, contents, warnings };
    let text = || {
        format!(
            "Created and checked the backup {} ({}): {}{lines}",
            backup.path.display(),
            indicatif::HumanBytes(bytes),
            describe_contents(&backup.contents)
        )
    };
    let if_unprinted = || format!("the backup {} was made anyway", backup.path.display());
    context.output.print_after_change(&report, text, if_unprinted)
}

/// Returns the warnings for `--json`, and as lines to append to the text.
fn format_warnings(warnings: &[CopyWarning]) -> (Vec<String>, String) {
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let lines = warnings.iter().map(|warning| format!("\nWarning: {warning}.")).collect();
    (warnings, lines)
}

/// Runs `work` with a progress bar. If a signal interrupts it, the error says `outcome`.
fn run_with_progress<T>(
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

/// Where the backup to restore comes from.
enum Source<'a> {
    File(&'a Path),
    Stream(BackupStream),
}

impl<'a> Source<'a> {
    fn of(path: &'a Path) -> Result<Self, Failure> {
        let stream = if path == Path::new("-") || path == Path::new("/dev/stdin") {
            if io::stdin().is_terminal() {
                let message = "standard input is a terminal; pipe a backup to this command, as in \
                               `ssh HOST cat BACKUP | pivotal-server restore -`";
                return Err(Failure::Other(message.to_owned()));
            }
            BackupStream::from_stdin()
        } else if is_stream(path) {
            BackupStream::open(path)
        } else {
            return Ok(Self::File(path));
        };
        let unreadable = |source| CopyError::Unreadable { path: path.to_owned(), source };
        Ok(Self::Stream(stream.map_err(unreadable)?))
    }
}

pub fn restore(context: &Context, args: &Restore) -> Result<(), Failure> {
    let dir = context.files(|url| {
        let is_stdin = args.file == Path::new("-");
        let file = (!is_stdin).then(|| args.file.to_string_lossy());
        let command = url.restore_command(file.as_deref());
        format!(
            "whose own tools restore backups; stop all servers that use it, then run `{command}` \
             with a file that `pg_dump` has made"
        )
    })?;
    let (source, now) = (Source::of(&args.file)?, SystemClock.now());
    let restored =
        run_with_progress("nothing was restored, and the partial copy was removed", |watch| {
            match source {
                Source::File(path) => dir.restore(path, args.replace, now, watch),
                Source::Stream(stream) => dir.restore_stream(stream, args.replace, now, watch),
            }
        })?;
    let database = dir.database();
    let (warnings, lines) = format_warnings(&restored.warnings);
    let report = RestoreJson {
        database: database.clone(),
        kept_aside: restored.previous.as_deref(),
        contents: (&restored.contents).into(),
        warnings,
    };
    let text = || {
        let aside = restored.previous.as_ref().map_or_else(String::new, |aside| {
            format!("\nThe previous database is now {}.", aside.display())
        });
        format!(
            "Restored {}: {}{aside}{lines}",
            database.display(),
            describe_contents(&restored.contents)
        )
    };
    let if_unprinted = || format!("{} was restored anyway", database.display());
    context.output.print_after_change(&report, text, if_unprinted)
}

pub fn check(context: &Context, args: &Check) -> Result<(), Failure> {
    let instead = |url: &DatabaseUrl| {
        let command = url.check_command();
        format!("whose own tools check it; run `{command}`, which connects as a superuser")
    };
    let dir = match (&args.file, context.location.files()) {
        // A backup is a file of SQLite, wherever the database is.
        (Some(_), None) => &DataDir::new(&context.settings.settings.data_dir),
        _ => context.files(instead)?,
    };
    let watch: Arc<dyn Watch> = Arc::new(Progress::default());
    watch.on_check();
    let findings = dir.check(args.file.as_deref(), &watch)?;
    drop(watch);
    let path = args.file.clone().unwrap_or_else(|| dir.database());
    let report = CheckJson { sound: findings.is_empty(), findings: &findings };
    context.output.print(&report, || {
        if findings.is_empty() {
            return format!("No problems found in {}.", path.display());
        }
        findings.join("\n")
    })?;
    let is_database = path.canonicalize().ok() == dir.database().canonicalize().ok();
    match findings.len() {
        0 => Ok(()),
        findings if is_database => Err(Failure::Damaged { path, findings }),
        findings => Err(Failure::DamagedBackup { path, findings }),
    }
}
