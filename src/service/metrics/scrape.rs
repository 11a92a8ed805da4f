//! What is read once for a scrape, because several metrics need it.

use std::time::Duration;

use crate::model::values::time::Timestamp;
use crate::model::webhook::endpoint::DisabledReason;
use crate::service::Service;
use crate::service::backups::schedule::BackupStatus;
use crate::store::webhooks::backlog::Backlog;
use crate::store::{DiskUsage, StoreError};

pub(super) struct Scrape<'s> {
    pub service: &'s Service,
    pub disk: DiskUsage,
    /// `None` if scheduled backups are off.
    pub backup: Option<BackupStatus>,
    /// `None` if the database can't be read.
    pub webhooks: Option<Webhooks>,
    now: Timestamp,
}

pub(super) struct Webhooks {
    pub backlog: Backlog,
    disabled: Vec<DisabledReason>,
}

impl<'s> Scrape<'s> {
    pub fn new(service: &'s Service) -> Self {
        let store = &service.store;
        let clock = store.clock();
        Self {
            service,
            disk: store.disk_usage(),
            backup: service.backups.as_ref().map(|schedule| schedule.status(clock)),
            webhooks: read_webhooks(service).ok(),
            now: clock.now(),
        }
    }

    /// Returns when the newest backup was made.
    pub fn last_backup(&self) -> Option<Timestamp> {
        match self.backup {
            Some(BackupStatus::Good { last_success } | BackupStatus::Overdue { last_success }) => {
                Some(last_success)
            }
            Some(BackupStatus::Failed { last_success, .. }) => last_success,
            Some(BackupStatus::First | BackupStatus::Missing) | None => None,
        }
    }

    /// Returns how many endpoints are disabled for this reason.
    pub fn disabled(&self, reason: DisabledReason) -> Option<u64> {
        let disabled = &self.webhooks.as_ref()?.disabled;
        Some(disabled.iter().filter(|other| **other == reason).count() as u64)
    }

    /// Returns the age of the oldest delivery that waits, in seconds.
    pub fn oldest_undelivered(&self) -> Option<f64> {
        let oldest = self.webhooks.as_ref()?.backlog.oldest;
        Some(oldest.map_or(Duration::ZERO, |oldest| self.now.since(oldest)).as_secs_f64())
    }
}

fn read_webhooks(service: &Service) -> Result<Webhooks, StoreError> {
    service.store.read(|reader| {
        let backlog = reader.webhook_backlog()?;
        Ok(Webhooks { backlog, disabled: reader.disabled_endpoints()? })
    })
}

pub(super) fn unix_seconds(time: Timestamp) -> f64 {
    time.as_micros() as f64 / 1e6
}
