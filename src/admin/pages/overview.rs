//! `/admin`: the overview, the page after signing in. Shows the counts of the workspace, the
//! traffic, and the state of the server.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;

use crate::admin::display;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::views::chart::Chart;
use crate::admin::views::first_steps::FirstSteps;
use crate::admin::visit::{SignedInVisit, Visitor};
use crate::model::key::Key;
use crate::model::values::time::Timestamp;
use crate::service::Service;
use crate::service::backups::schedule::BackupStatus;
use crate::service::clock_skew::ClockSkew;
use crate::store::{EngineInfo, Overview as Counts, StoreError};

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Overview {
    page: Page,
    /// `None` if there is no workspace yet.
    counts: Option<Counts>,
    /// What to do in a workspace that nobody has used yet.
    first_steps: Option<FirstSteps>,
    server: ServerInfo,
    chart: Chart,
    busy_keys: Vec<BusyKey>,
}

struct ServerInfo {
    uptime: String,
    started: Timestamp,
    size: String,
    free: Option<String>,
    engine: EngineInfo,
    database: Status,
    backup: Status,
    /// `None` unless new rows are dated ahead of the clock.
    clock: Option<Status>,
    /// Whether the health check is served on the same listener as the pages.
    has_health: bool,
}

/// A status with a badge, and what to do about it.
struct Status {
    tone: &'static str,
    label: &'static str,
    at: Option<Timestamp>,
    text: String,
}

/// A key near its rate limit.
struct BusyKey {
    name: String,
    prefix: String,
    workspace: String,
    used: i64,
    limit: i64,
    until: Timestamp,
}

/// GET `/`
pub(in crate::admin) async fn root(_: Rc<Visitor>) -> PageResult {
    Ok(see_other("/admin"))
}

/// GET `/admin`
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let admin = visit.visitor().admin();
    let service = &admin.service;
    let clock = admin.store().clock();
    let (now, monotonic) = (clock.now(), clock.monotonic());
    let workspace = visit.workspace().ok().map(|workspace| workspace.no);
    let dated = Arc::clone(service);
    let unwritten = service.key_usage.pending();
    let (counts, size, mut keys, ahead) = visit
        .read_all(move |reader| {
            let counts = workspace
                .map(|workspace| reader.for_workspace(workspace).overview(now))
                .transpose()?;
            let ahead = dated.clock_skew.check(reader, now)?;
            Ok((counts, reader.database_size()?, reader.keys(None)?, ahead))
        })
        .await?;
    keys.iter_mut().for_each(|key| unwritten.add_to(key));
    let first_steps = match (&counts, visit.workspace()) {
        (Some(counts), Ok(workspace)) if counts.customers.total() == 0 => {
            FirstSteps::new(visit.visitor(), &workspace.slug, &keys)
        }
        _ => None,
    };
    let uptime = monotonic.since(admin.started);
    let server = ServerInfo {
        uptime: duration(seconds(uptime)),
        started: now.plus_millis(-seconds(uptime) * 1000),
        size: file_size(size.bytes),
        free: (size.free_bytes > 0).then(|| file_size(size.free_bytes)),
        engine: service.store.engine(),
        database: database_status(service),
        backup: match service.settings.backup_command() {
            Some(command) => postgres_backup_status(&command),
            None => backup_status(service.backups.as_ref().map(|backups| backups.status(clock))),
        },
        clock: ahead.as_ref().map(clock_status),
        has_health: service.settings.admin.listen.is_none(),
    };
    page::html(&Overview {
        page: visit.page("Overview", Section::Overview),
        counts,
        first_steps,
        server,
        chart: Chart::new(&service.traffic.last_hour(now, monotonic)),
        busy_keys: keys.iter().filter_map(|key| busy_key(service, key)).collect(),
    })
}

/// Returns a key that has used at least 80% of its rate limit in the last minute.
fn busy_key(service: &Service, key: &Key) -> Option<BusyKey> {
    let clock = service.store.clock();
    let budget =
        service.rate_limits.peek(key, clock.monotonic()).filter(|_| key.is_active(clock.now()))?;
    let is_near = u64::from(budget.remaining) * 5 <= u64::from(budget.limit);
    (is_near && budget.remaining < budget.limit).then(|| BusyKey {
        name: key.name.as_str().to_owned(),
        prefix: key.prefix.as_str().to_owned(),
        workspace: key.workspace.to_string(),
        used: i64::from(budget.limit) - i64::from(budget.remaining),
        limit: budget.limit.into(),
        until: Timestamp::from_micros(budget.reset_at(clock.now()).saturating_mul(1_000_000)),
    })
}

fn database_status(service: &Service) -> Status {
    match service.store.ensure_intact() {
        Ok(()) => Status { tone: "good", label: "OK", at: None, text: String::new() },
        Err(error @ StoreError::SuspectedDamage(_)) => {
            Status { tone: "bad", label: "Being checked", at: None, text: sentence(&error) }
        }
        Err(error) => Status {
            tone: "bad",
            label: if matches!(error, StoreError::Gone(_)) { "File missing" } else { "Damaged" },
            at: None,
            text: sentence(&error),
        },
    }
}

fn sentence(error: &StoreError) -> String {
    format!("{}.", display::capitalize(&error.to_string()))
}

fn backup_status(condition: Option<BackupStatus>) -> Status {
    let status = |tone, label, at, text: &str| Status { tone, label, at, text: text.to_owned() };
    match condition {
        None => status(
            "warn",
            "Off",
            None,
            "Set backup.every in config.toml, for example to \"24h\", and restart the server.",
        ),
        Some(BackupStatus::Failed { at, last_success: made }) => Status {
            tone: "bad",
            label: "Failed",
            at: Some(at),
            text: format!(
                "The server tries again every few minutes. Its log says why the backup failed. \
                 Check the disk space and the backup directory. {}",
                match made {
                    Some(made) =>
                        format!("The last successful backup was on {}.", display::date_time(&made)),
                    None => "No backup has succeeded yet.".to_owned(),
                }
            ),
        },
        Some(BackupStatus::Good { last_success: made }) => status("good", "OK", Some(made), ""),
        Some(BackupStatus::First) => {
            status("info", "None yet", None, "The first backup will start soon.")
        }
        Some(BackupStatus::Overdue { last_success: made }) => status(
            "bad",
            "Overdue",
            Some(made),
            "The last successful backup is older than twice backup.every. The next one may be \
             taking a long time. Check the backup disk and the server's log.",
        ),
        Some(BackupStatus::Missing) => status(
            "bad",
            "Overdue",
            None,
            "The first backup is due but hasn't finished. It may be taking a long time. Check the \
             backup disk and the server's log.",
        ),
    }
}

/// On PostgreSQL, the server doesn't know about backups.
fn postgres_backup_status(command: &str) -> Status {
    Status {
        tone: "info",
        label: "PostgreSQL",
        at: None,
        text: format!("Backups are made with PostgreSQL's own tools, for example {command}"),
    }
}

fn clock_status(ahead: &ClockSkew) -> Status {
    Status {
        tone: "bad",
        label: "Dates ahead of the clock",
        at: None,
        text: format!(
            "New rows are dated {ahead} ahead because the latest row is from {}. Check the \
             machine's clock. If it is correct now, it was wrong when that row was written, and \
             new rows are dated ahead until that time.",
            display::date_time(&ahead.until)
        ),
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 1000)
}

/// Formats a duration in its two largest units.
fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let two = |n, unit, m, part| format!("{} {}", display::count(n, unit), display::count(m, part));
    match (days, hours, minutes) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => display::count(minutes, "minute"),
        (0, hours, minutes) => two(hours, "hour", minutes, "minute"),
        (days, hours, _) => two(days, "day", hours, "hour"),
    }
}

/// Formats a size in its largest unit.
fn file_size(size: i64) -> String {
    let units = [(1_i64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| size >= *unit) {
        Some((unit, name)) => {
            let tenth = (size % unit) * 10 / unit;
            format!("{}.{tenth} {name}", display::number(size / unit))
        }
        None => display::count(size, "byte"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_use_readable_units() {
        for (size, text) in [
            (0, "0 bytes"),
            (1023, "1,023 bytes"),
            (1536, "1.5 KiB"),
            ((1 << 20) - 1, "1,023.9 KiB"),
            (5 << 30, "5.0 GiB"),
            (1 << 50, "1,024.0 TiB"),
        ] {
            assert_eq!(file_size(size), text);
        }
        for (seconds, text) in [
            (-5, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (7260, "2 hours 1 minute"),
            (90_000, "1 day 1 hour"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn every_backup_condition_has_a_status() {
        let at = Timestamp::parse("2026-01-01").unwrap();
        let off = backup_status(None);
        assert_eq!(off.label, "Off");
        assert!(off.text.contains("backup.every"));
        let good = backup_status(Some(BackupStatus::Good { last_success: at }));
        assert_eq!((good.label, good.at), ("OK", Some(at)));
        assert_eq!(backup_status(Some(BackupStatus::First)).label, "None yet");
        let later = at.plus_millis(1000);
        let failed =
            backup_status(Some(BackupStatus::Failed { at: later, last_success: Some(at) }));
        assert_eq!((failed.label, failed.tone), ("Failed", "bad"));
        assert!(failed.text.contains("The last successful backup was on 1 Jan 2026, 00:00 UTC."));
        let failed = backup_status(Some(BackupStatus::Failed { at, last_success: None }));
        assert!(failed.text.contains("No backup has succeeded"));
        let overdue = backup_status(Some(BackupStatus::Overdue { last_success: at }));
        assert_eq!((overdue.label, overdue.tone, overdue.at), ("Overdue", "bad", Some(at)));
        assert_eq!(backup_status(Some(BackupStatus::Missing)).label, "Overdue");
    }
}
