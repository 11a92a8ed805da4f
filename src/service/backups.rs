//! The scheduled backups: when the next one is due, and how the last one went. For the server,
//! which takes them, and for the pages that tell of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::rt;

use super::Service;
use crate::model::time::Timestamp;
use crate::settings::Backups as Settings;
use crate::store::{BackupDir, CopyError, DataDir, Kept, Watch};

/// How soon a backup that failed is tried again, if it is not due sooner.
const RETRY: Duration = Duration::from_secs(300);
/// The longest time between two looks at the clock, which may be set meanwhile.
const LOOK: Duration = Duration::from_secs(60);

/// The schedule of a server.
pub(crate) struct Backups {
    every: Duration,
    dir: BackupDir,
    last: Mutex<Last>,
    stop: Arc<Stop>,
}

/// How the last backup went.
#[derive(Clone, Default)]
pub(crate) struct Last {
    /// When the newest backup was made.
    pub made: Option<Timestamp>,
    /// When one failed after that.
    pub failed: Option<Timestamp>,
}

/// Ends a backup when the server ends.
#[derive(Default)]
struct Stop(AtomicBool);

impl Watch for Stop {
    fn stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Backups {
    /// The schedule that the settings ask for, if they do.
    pub fn new(settings: &Settings, data: &DataDir) -> Option<Self> {
        let every = settings.every?;
        let path = settings.dir.clone().unwrap_or_else(|| data.backups().to_owned());
        let dir = BackupDir::new(path, settings.keep);
        let made = dir.newest().unwrap_or_else(|error| {
            log::error!("cannot look for earlier backups: {error}");
            None
        });
        let last = Mutex::new(Last { made, failed: None });
        Some(Self { every, dir, last, stop: Arc::default() })
    }

    /// How the last one went.
    pub fn last(&self) -> Last {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long it is until the next one is due. A restart does not put it off, since the newest
    /// backup tells when it was made.
    fn due_in(&self, now: Timestamp) -> Duration {
        let since = |time: Timestamp| {
            let micros = now.as_micros().saturating_sub(time.as_micros());
            Duration::from_micros(u64::try_from(micros).unwrap_or(0))
        };
        let last = self.last();
        let due = last.made.map_or(Duration::ZERO, |made| self.every.saturating_sub(since(made)));
        let retry = last
            .failed
            .map_or(Duration::ZERO, |failed| RETRY.min(self.every).saturating_sub(since(failed)));
        due.max(retry)
    }

    fn note(&self, now: Timestamp, made: &Result<Kept, CopyError>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match made {
            Ok(kept) => {
                log::info!("backed up to {} ({} bytes)", kept.path.display(), kept.bytes);
                *last = Last { made: Some(now), failed: None };
            }
            Err(CopyError::Stopped) => {}
            Err(error) => {
                log::error!("the scheduled backup failed and will be tried again: {error}");
                last.failed = Some(now);
            }
        }
    }

    /// Ends the backup that is being made, if any.
    pub fn stop(&self) {
        self.stop.0.store(true, Ordering::Relaxed);
    }
}

/// Takes backups for as long as the server runs.
pub(crate) async fn keep_backing_up(service: Arc<Service>) {
    let Some(backups) = &service.backups else { return };
    while !backups.stop.stop() {
        let now = service.store.clock().now();
        let pause = backups.due_in(now);
        if pause > Duration::ZERO {
            rt::time::sleep(pause.min(LOOK)).await;
            continue;
        }
        let state = Arc::clone(&service);
        let made = rt::task::spawn_blocking(move || {
            let backups = state.backups.as_ref()?;
            let watch: Arc<dyn Watch> = backups.stop.clone();
            let made = backups.dir.make(&state.store, now, &watch);
            backups.note(now, &made);
            Some(())
        });
        if let Err(error) = made.await {
            log::error!("the thread of the scheduled backup ended: {error}");
            rt::time::sleep(LOOK).await;
        }
    }
}
