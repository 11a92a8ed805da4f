//! Runs the checks and describes what they found.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use futures_util::future::join3;

use super::probe::{FilesResult, LIMIT, ReadResult};
use crate::service::Service;
use crate::service::backups::after::AfterStatus;
use crate::service::backups::schedule::{BackupSchedule, BackupStatus};
use crate::store::{DiskUsage, StoreError, WriteScope};

/// With less free space than this, or than the database takes, the disk counts as nearly full: a
/// backup or an upgrade may no longer fit.
const LOW_SPACE: u64 = 256 << 20;

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Ok,
    /// There is nothing to check, for a reason that is fine.
    Idle(&'static str),
    /// The server works but needs attention.
    Attention(String),
    /// The server can't do its work.
    Failed(String),
}

/// The result of all checks.
#[derive(Debug)]
pub(crate) struct Report {
    pub file: Finding,
    pub read: Finding,
    pub write: Finding,
    pub log: Finding,
    pub disk: Finding,
    pub backup: Finding,
    pub backup_after: Finding,
    pub clock: Finding,
    /// `None` if the files couldn't be looked at in time.
    pub space: Option<DiskUsage>,
    /// The age of the newest scheduled backup.
    pub backup_age: Option<Duration>,
    /// The age of the oldest webhook that isn't delivered yet.
    pub webhook_age: Option<Duration>,
}

impl Report {
    pub fn findings(&self) -> [(&'static str, &Finding); 8] {
        [
            ("file", &self.file),
            ("read", &self.read),
            ("write", &self.write),
            ("log", &self.log),
            ("disk", &self.disk),
            ("backup", &self.backup),
            ("backup_after", &self.backup_after),
            ("clock", &self.clock),
        ]
    }
}

/// Runs all checks at the same time, and returns after [`LIMIT`] even if some haven't ended.
pub(crate) async fn check(service: &Arc<Service>) -> Report {
    let probes = &service.probes;
    let (files, read, write) = join3(
        probes.files.run(|| in_background(service, look_at_files)),
        probes.read.run(|| in_background(service, read)),
        probes.write.run(|| write(Arc::clone(service))),
    )
    .await;
    let clock = service.store.clock();
    let backups = service.backups.as_ref();
    let space = files.as_ref().map(|files| files.space);
    Report {
        file: files.as_ref().map_or_else(no_result, |files| describe(&files.intact)),
        log: files.map_or_else(no_result, |files| describe_log(files.wal_warning)),
        disk: space.map_or_else(no_result, describe_space),
        clock: describe_clock(read.as_ref()),
        webhook_age: read.as_ref().and_then(|read| {
            let queued = read.as_ref().ok()?.oldest_webhook?;
            Some(clock.now().since(queued))
        }),
        read: read.map_or_else(no_result, |read| describe(&read)),
        write: write.map_or_else(|| explain_slow_write(service), |write| describe(&write)),
        backup: describe_backup(backups.map(|backups| backups.status(clock))),
        backup_after: describe_after(backups.and_then(BackupSchedule::after_status)),
        space,
        backup_age: backups.and_then(|backups| backups.age(clock)),
    }
}

/// Runs a check that may block. Returns `None` if it panics.
fn in_background<T: Send + 'static>(
    service: &Arc<Service>,
    check: fn(&Service) -> T,
) -> impl Future<Output = Option<T>> + use<T> {
    let service = Arc::clone(service);
    async move { rt::task::spawn_blocking(move || check(&service)).await.ok() }
}

fn look_at_files(service: &Service) -> FilesResult {
    FilesResult {
        intact: service.store.ensure_intact(),
        wal_warning: service.store.wal_warning(),
        space: service.store.disk_usage(),
    }
}

fn read(service: &Service) -> Result<ReadResult, StoreError> {
    service.store.read(|reader| {
        reader.workspaces()?;
        Ok(ReadResult {
            ahead: service.clock_skew.check(reader, service.store.clock().now())?,
            oldest_webhook: reader.webhook_backlog()?.oldest,
        })
    })
}

async fn write(service: Arc<Service>) -> Option<Result<(), StoreError>> {
    Some(service.store.write(WriteScope::SingleRow, |tx| tx.probe()).await)
}

fn no_result() -> Finding {
    Finding::Failed(format!("no result within {}", humantime::format_duration(LIMIT)))
}

/// A write that waits for a lock only fails after a few seconds, so the cause isn't in its result.
fn explain_slow_write(service: &Service) -> Finding {
    let limit = humantime::format_duration(LIMIT);
    Finding::Failed(match service.store.write_lock_holder() {
        Some(holder) => format!(
            "no result within {limit}, because {holder} is keeping a write transaction open"
        ),
        None => format!("no result within {limit}; the disk or other changes may be slow"),
    })
}

fn describe<T>(result: &Result<T, StoreError>) -> Finding {
    result.as_ref().err().map_or(Finding::Ok, |error| Finding::Failed(error.to_string()))
}

fn describe_log(warning: Option<String>) -> Finding {
    warning.map_or(Finding::Ok, Finding::Attention)
}

fn describe_space(space: DiskUsage) -> Finding {
    match space.free {
        Some(free) if free < LOW_SPACE.max(space.database.unwrap_or(0)) => {
            let free = free >> 20;
            Finding::Attention(format!(
                "the disk of the data directory is nearly full: {free} MiB are free"
            ))
        }
        _ => Finding::Ok,
    }
}

fn describe_backup(status: Option<BackupStatus>) -> Finding {
    match status {
        None => Finding::Idle("off"),
        Some(BackupStatus::First) => Finding::Idle("none yet"),
        Some(BackupStatus::Good { .. }) => Finding::Ok,
        Some(BackupStatus::Failed { at, .. }) => {
            Finding::Attention(format!("failed at {at}; see the server log for the cause"))
        }
        Some(BackupStatus::Overdue { last_success }) => Finding::Attention(format!(
            "overdue: the last successful backup, from {last_success}, is older than twice \
             backup.every"
        )),
        Some(BackupStatus::Missing) => {
            Finding::Attention("overdue: no backup has been made yet".to_owned())
        }
    }
}

fn describe_after(status: Option<AfterStatus>) -> Finding {
    match status {
        None => Finding::Idle("off"),
        Some(AfterStatus::NotYet) => Finding::Idle("none yet"),
        Some(AfterStatus::Good) => Finding::Ok,
        Some(AfterStatus::Failed { at }) => Finding::Attention(format!(
            "backup.after failed at {at} and will be retried; see the server log for the cause"
        )),
    }
}

/// `None` means that the check hasn't ended.
fn describe_clock(read: Option<&Result<ReadResult, StoreError>>) -> Finding {
    match read {
        Some(Ok(ReadResult { ahead: None, .. })) => Finding::Ok,
        Some(Ok(ReadResult { ahead: Some(ahead), .. })) => Finding::Attention(format!(
            "new rows are dated {ahead} ahead of the clock, because existing rows are; see the \
             server log for how long this lasts"
        )),
        Some(Err(_)) | None => Finding::Idle("unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_nearly_full_when_another_copy_of_the_database_may_not_fit() {
        let space = |database: u64, free: Option<u64>| {
            describe_space(DiskUsage { database: Some(database), wal: Some(0), free })
        };
        let (low, large) = (LOW_SPACE, 2 * LOW_SPACE);
        assert_eq!(space(1, Some(low)), Finding::Ok);
        assert_eq!(space(large, Some(large)), Finding::Ok);
        assert_eq!(space(1, None), Finding::Ok);
        for full in [space(1, Some(low - 1)), space(large, Some(large - 1))] {
            let Finding::Attention(text) = full else { panic!("{full:?}") };
            assert!(text.contains("nearly full"), "{text}");
        }
    }
}
