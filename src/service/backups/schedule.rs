//! The state of the backup schedule: when the next backup is due, and how the last one went.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::after::{AfterStatus, HandOvers};
use crate::model::clock::{Clock, Monotonic};
use crate::model::values::time::Timestamp;
use crate::settings::Backups as Settings;
use crate::store::{BackupDir, CopyError, DataDir, FinishedBackup, Store, Watch};

/// How soon a failed backup is retried, unless the next one is due earlier.
const RETRY: Duration = Duration::from_secs(300);
/// The maximum time between two checks of the wall clock, which can be set at any time.
pub(super) const MAX_SLEEP: Duration = Duration::from_secs(60);

pub(crate) struct BackupSchedule {
    every: Duration,
    /// Where the record of the backup that was handed over last is.
    data: DataDir,
    dir: BackupDir,
    /// `None` if there is no command to give the backups to.
    hand_overs: Option<HandOvers>,
    state: Mutex<State>,
    stop: Arc<Stop>,
}

struct State {
    started: Instant,
    /// When the newest successful backup was made.
    last_success: Option<Instant>,
    /// When a later backup failed.
    last_failure: Option<Instant>,
    running: bool,
    /// Backups, dated in the future or of another database, that the log has already mentioned.
    warned: BTreeSet<PathBuf>,
}

/// A point in time on both clocks.
#[derive(Clone, Copy)]
pub(super) struct Instant {
    pub wall: Timestamp,
    pub monotonic: Monotonic,
}

impl Instant {
    pub fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// Returns the time since `earlier` on the clock that shows more of it: the monotonic clock may
    /// stop while the machine is suspended, and the wall clock may be set back.
    fn since(self, earlier: Self) -> Duration {
        self.monotonic.since(earlier.monotonic).max(self.wall.since(earlier.wall))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BackupStatus {
    /// There is no backup yet, and the first one is in progress or about to start.
    First,
    /// The last successful backup is recent enough.
    Good { last_success: Timestamp },
    /// The last attempt failed.
    Failed { at: Timestamp, last_success: Option<Timestamp> },
    /// The last successful backup is older than twice the interval.
    Overdue { last_success: Timestamp },
    /// There is no backup, although one is due.
    Missing,
}

/// Cancels a running backup when the server stops.
#[derive(Default)]
struct Stop(AtomicBool);

impl Watch for Stop {
    fn should_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl BackupSchedule {
    /// Creates the schedule from the settings, or returns `None` if scheduled backups are off.
    /// Backups are copies of files, so there are none on PostgreSQL.
    pub fn new(settings: &Settings, store: &Store) -> Option<Self> {
        let (every, data) = (settings.every?, store.files()?);
        let dir = match &settings.dir {
            Some(path) => BackupDir::existing(path, settings.keep),
            None => BackupDir::within(data, settings.keep),
        };
        let started = Instant::now(store.clock());
        let found = dir.list(started.wall).unwrap_or_else(|error| {
            log::error!("cannot search for earlier backups: {error}");
            Default::default()
        });
        let id = store.read(|reader| reader.database_id());
        let id =
            id.inspect_err(|error| log::error!("cannot identify this database's backups: {error}"));
        let newest = id.ok().and_then(|id| found.newest_for(&id));
        let last_success = newest.map(|&(wall, _)| {
            let age = started.wall.since(wall);
            Instant { wall, monotonic: started.monotonic.minus(age) }
        });
        let hand_overs = HandOvers::new(settings);
        if let (Some(hand_overs), Some((made, path))) = (&hand_overs, newest) {
            // Handing it over twice is better than not at all.
            if data.was_handed_over(path).unwrap_or(false) {
                hand_overs.record_earlier(*made);
            } else {
                hand_overs.add(*made, path.clone());
            }
        }
        let state = State {
            started,
            last_success,
            last_failure: None,
            running: false,
            warned: BTreeSet::new(),
        };
        let backups = Self {
            every,
            data: data.clone(),
            dir,
            hand_overs,
            state: Mutex::new(state),
            stop: Arc::default(),
        };
        backups.warn_about_future_backups(&found.ahead);
        Some(backups)
    }

    /// Returns the current status.
    pub fn status(&self, clock: &dyn Clock) -> BackupStatus {
        let now = Instant::now(clock);
        let is_late = |since: Instant| now.since(since) > self.every.saturating_mul(2);
        let state = self.state();
        match (state.last_success, state.last_failure) {
            (success, Some(failure)) => BackupStatus::Failed {
                at: failure.wall,
                last_success: success.map(|success| success.wall),
            },
            (Some(success), None) if is_late(success) => {
                BackupStatus::Overdue { last_success: success.wall }
            }
            (Some(success), None) => BackupStatus::Good { last_success: success.wall },
            (None, None) if is_late(state.started) => BackupStatus::Missing,
            // The first backup starts as soon as the server runs.
            (None, None) if state.running || now.since(state.started) <= MAX_SLEEP => {
                BackupStatus::First
            }
            (None, None) => BackupStatus::Missing,
        }
    }

    /// Returns the age of the newest successful backup.
    pub fn age(&self, clock: &dyn Clock) -> Option<Duration> {
        let last_success = self.state().last_success?;
        Some(Instant::now(clock).since(last_success))
    }

    /// Returns how the command `backup.after` went; `None` if there is none.
    pub fn after_status(&self) -> Option<AfterStatus> {
        self.hand_overs.as_ref().map(HandOvers::status)
    }

    /// Records that a backup was handed over, so that a restart doesn't do it again.
    pub(super) fn record_handed_over(&self, path: &Path) -> io::Result<()> {
        self.data.record_handed_over(path)
    }

    pub(super) fn hand_overs(&self) -> Option<&HandOvers> {
        self.hand_overs.as_ref()
    }

    /// Returns the time until the next backup is due. A restart doesn't delay it, because the time
    /// of the newest backup is known from its file name.
    pub(super) fn due_in(&self, now: Instant) -> Duration {
        let state = self.state();
        let left = |whole: Duration, since: Option<Instant>| {
            since.map_or(Duration::ZERO, |since| whole.saturating_sub(now.since(since)))
        };
        left(self.every, state.last_success).max(left(RETRY.min(self.every), state.last_failure))
    }

    /// Makes a backup and records the result.
    pub(super) fn run(&self, store: &Store, now: Instant) {
        let watch: Arc<dyn Watch> = self.stop.clone();
        let is_in_use =
            |path: &Path| self.hand_overs().is_some_and(|hand_overs| hand_overs.is_using(path));
        let result = self.dir.make(store, now.wall, &watch, is_in_use);
        let is_ok = result.is_ok();
        self.record(now, result);
        if is_ok && let Ok(found) = self.dir.list(store.clock().now()) {
            self.warn_about_future_backups(&found.ahead);
        }
    }

    fn record(&self, now: Instant, result: Result<FinishedBackup, CopyError>) {
        let mut state = self.state();
        match result {
            Ok(backup) => {
                log::info!("backed up to {} ({} bytes)", backup.path.display(), backup.bytes);
                for warning in backup.warnings {
                    log::warn!("the scheduled backup succeeded with a warning: {warning}");
                }
                (state.last_success, state.last_failure) = (Some(now), None);
                if let Some(hand_overs) = &self.hand_overs {
                    hand_overs.add(now.wall, backup.path);
                }
                let new =
                    backup.foreign.into_iter().filter(|path| state.warned.insert(path.clone()));
                let names: Vec<String> = new.map(|path| path.display().to_string()).collect();
                if !names.is_empty() {
                    log::warn!(
                        "backups of another database are ignored and kept: {}; move them elsewhere, \
                         or delete them if you don't need them",
                        names.join(", ")
                    );
                }
            }
            Err(CopyError::Stopped) => {}
            Err(error) => {
                log::error!("the scheduled backup failed and will be retried: {error}");
                state.last_failure = Some(now);
            }
        }
    }

    /// Logs a warning about backups dated in the future, once for each of them.
    fn warn_about_future_backups(&self, ahead: &[PathBuf]) {
        let mut state = self.state();
        let new = ahead.iter().filter(|path| state.warned.insert(path.to_path_buf()));
        let names: Vec<String> = new.map(|path| path.display().to_string()).collect();
        if !names.is_empty() {
            log::warn!(
                "backups dated in the future are ignored and kept: {}; if the machine's clock was \
                 wrong when they were made, move them elsewhere",
                names.join(", ")
            );
        }
    }

    /// Cancels the backup in progress and ends the command that is given one, and prevents further
    /// ones.
    pub fn stop(&self) {
        self.stop.0.store(true, Ordering::Relaxed);
        if let Some(hand_overs) = &self.hand_overs {
            hand_overs.stop();
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stop.should_stop()
    }

    /// Records whether a backup is in progress.
    pub(super) fn set_running(&self, running: bool) {
        self.state().running = running;
    }

    /// Records a failure with an unknown cause.
    pub(super) fn record_failure(&self, at: Instant) {
        self.state().last_failure = Some(at);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::{FixedClock, SystemClock};

    const HOUR: Duration = Duration::from_secs(3600);

    /// Returns a time this many hours after the start, on the wall clock and on the monotonic
    /// clock.
    fn at(wall: i64, monotonic: i64) -> Instant {
        let hour = 3_600_000_000;
        Instant {
            wall: Timestamp::parse("2026-01-01").unwrap().plus_millis(wall * 3_600_000),
            monotonic: Monotonic::from_micros(monotonic * hour),
        }
    }

    fn stopped_clock(at: Instant) -> FixedClock {
        FixedClock(at.wall, at.monotonic)
    }

    fn every_hour(last_success: Option<Instant>, last_failure: Option<Instant>) -> BackupSchedule {
        let dir = BackupDir::existing("nowhere", 1);
        let state = State {
            started: at(0, 0),
            last_success,
            last_failure,
            running: false,
            warned: BTreeSet::new(),
        };
        BackupSchedule {
            every: HOUR,
            data: DataDir::new("nowhere"),
            dir,
            hand_overs: None,
            state: Mutex::new(state),
            stop: Arc::default(),
        }
    }

    #[test]
    fn a_backup_is_due_when_either_clock_says_so() {
        let made = every_hour(Some(at(0, 0)), None);
        assert_eq!(made.due_in(at(0, 0)), HOUR);
        for (wall, monotonic) in [(1, 1), (0, 1), (1, 0), (-8760, 1), (8760, 0)] {
            assert_eq!(made.due_in(at(wall, monotonic)), Duration::ZERO, "{wall} {monotonic}");
        }
        assert_eq!(made.due_in(at(-8760, 0)), HOUR);
        assert_eq!(every_hour(None, None).due_in(at(0, 0)), Duration::ZERO);
        assert_eq!(every_hour(None, Some(at(0, 0))).due_in(at(-1, 0)), RETRY);
        assert_eq!(every_hour(None, Some(at(0, 0))).due_in(at(-1, 1)), Duration::ZERO);
    }

    #[test]
    fn every_status_is_recognized() {
        let status = |backups: &BackupSchedule, wall, monotonic| {
            backups.status(&stopped_clock(at(wall, monotonic)))
        };
        let (zero, none) = (at(0, 0).wall, every_hour(None, None));
        assert_eq!(status(&none, 0, 0), BackupStatus::First);
        assert_eq!(status(&none, 1, 1), BackupStatus::Missing);
        none.state().running = true;
        assert_eq!(status(&none, 2, 2), BackupStatus::First);
        assert_eq!(status(&none, 3, 3), BackupStatus::Missing, "it hangs");

        let made = every_hour(Some(at(0, 0)), None);
        assert_eq!(status(&made, 2, 2), BackupStatus::Good { last_success: zero });
        assert_eq!(status(&made, -8760, 2), BackupStatus::Good { last_success: zero });
        for (wall, monotonic) in [(3, 3), (3, 0), (-8760, 3)] {
            assert_eq!(
                status(&made, wall, monotonic),
                BackupStatus::Overdue { last_success: zero }
            );
        }
        let failed = every_hour(Some(at(0, 0)), Some(at(1, 1)));
        let at_one = BackupStatus::Failed { at: at(1, 1).wall, last_success: Some(zero) };
        assert_eq!(status(&failed, 1, 1), at_one);
    }

    #[test]
    fn the_newest_backup_is_found_by_name_and_future_ones_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        let now = SystemClock.now();
        std::fs::create_dir(dir.path().join("backups")).unwrap();
        for time in [now.plus_millis(-1_200_000), now.plus_millis(86_400_000)] {
            let name = format!("backups/pivotal-{}.db", time.to_compact());
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let settings =
            Settings { every: Some(HOUR), keep: 1, ..crate::settings::Settings::default().backup };
        let backups = BackupSchedule::new(&settings, &store).unwrap();
        let due = backups.due_in(Instant::now(&SystemClock));
        assert!(due <= HOUR * 2 / 3 && due > HOUR / 2, "{due:?}");
        assert_eq!(backups.state().warned.len(), 1);
    }
}
