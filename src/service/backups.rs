//! The scheduled backups: when the next one is due, and how the last one went. For the server,
//! which takes them, and for what reports on them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::clock::{Clock, Monotonic};
use crate::model::values::time::Timestamp;
use crate::settings::Backups as Settings;
use crate::store::{BackupDir, CopyError, FinishedBackup, Store, Watch};

/// How soon a backup that failed is tried again, if it is not due sooner.
const RETRY: Duration = Duration::from_secs(300);
/// The longest time between two looks at the wall clock, which may be set at any time.
pub(super) const LOOK: Duration = Duration::from_secs(60);

/// The schedule of a server.
pub(crate) struct Backups {
    every: Duration,
    dir: BackupDir,
    state: Mutex<State>,
    stop: Arc<Stop>,
}

struct State {
    started: Moment,
    /// When the newest good backup was made.
    made: Option<Moment>,
    /// When one failed after that.
    failed: Option<Moment>,
    running: bool,
    /// Backups dated in the future or of another database that the log has named.
    warned: BTreeSet<PathBuf>,
}

/// A point in time on both clocks.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub wall: Timestamp,
    pub monotonic: Monotonic,
}

impl Moment {
    pub fn of(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: clock.monotonic() }
    }

    /// The time since `earlier` by the clock that says more: the monotonic one may stand still
    /// while the machine is suspended, and the wall clock may be set back.
    fn since(self, earlier: Self) -> Duration {
        self.monotonic.since(earlier.monotonic).max(self.wall.since(earlier.wall))
    }
}

/// How the schedule is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// None was made yet, and the first one is under way or about to begin.
    First,
    /// The last good one is recent enough.
    Good { made: Timestamp },
    /// The last attempt failed; `made` is when the last good one was made.
    Failed { at: Timestamp, made: Option<Timestamp> },
    /// The last good one is older than twice the interval.
    Overdue { made: Timestamp },
    /// None was made, although one is due.
    Missing,
}

impl Condition {
    /// Whether all is as it should be.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::First | Self::Good { .. })
    }
}

/// Ends a backup when the server ends.
#[derive(Default)]
struct Stop(AtomicBool);

impl Watch for Stop {
    fn should_stop(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Backups {
    /// The schedule that the settings ask for, if they do.
    pub fn new(settings: &Settings, store: &Store) -> Option<Self> {
        let every = settings.every?;
        let dir = match &settings.dir {
            Some(path) => BackupDir::existing(path, settings.keep),
            None => BackupDir::within(store.dir(), settings.keep),
        };
        let started = Moment::of(store.clock());
        let found = dir.list(started.wall).unwrap_or_else(|error| {
            log::error!("cannot look for earlier backups: {error}");
            Default::default()
        });
        let id = store.read(|reader| reader.database_id());
        let id =
            id.inspect_err(|error| log::error!("cannot tell which backups are its own: {error}"));
        let made = id.ok().and_then(|id| found.newest_for(&id)).map(|wall| {
            let age = started.wall.since(wall);
            Moment { wall, monotonic: started.monotonic.minus(age) }
        });
        let state = State { started, made, failed: None, running: false, warned: BTreeSet::new() };
        let backups = Self { every, dir, state: Mutex::new(state), stop: Arc::default() };
        backups.warn_of(&found.ahead);
        Some(backups)
    }

    /// How the schedule is doing now.
    pub fn condition(&self, clock: &dyn Clock) -> Condition {
        let now = Moment::of(clock);
        let is_late = |since: Moment| now.since(since) > self.every.saturating_mul(2);
        let state = self.state();
        match (state.made, state.failed) {
            (made, Some(failed)) => {
                Condition::Failed { at: failed.wall, made: made.map(|made| made.wall) }
            }
            (Some(made), None) if is_late(made) => Condition::Overdue { made: made.wall },
            (Some(made), None) => Condition::Good { made: made.wall },
            (None, None) if is_late(state.started) => Condition::Missing,
            // The first one begins as soon as the server runs.
            (None, None) if state.running || now.since(state.started) <= LOOK => Condition::First,
            (None, None) => Condition::Missing,
        }
    }

    /// How long it is until the next one is due. A restart does not put it off, since the newest
    /// backup tells when it was made.
    pub(super) fn due_in(&self, now: Moment) -> Duration {
        let state = self.state();
        let left = |whole: Duration, since: Option<Moment>| {
            since.map_or(Duration::ZERO, |since| whole.saturating_sub(now.since(since)))
        };
        left(self.every, state.made).max(left(RETRY.min(self.every), state.failed))
    }

    /// Makes one, and takes note of how it went.
    pub(super) fn make(&self, store: &Store, now: Moment) {
        let watch: Arc<dyn Watch> = self.stop.clone();
        let made = self.dir.make(store, now.wall, &watch);
        let was_made = made.is_ok();
        self.note(now, made);
        if was_made && let Ok(found) = self.dir.list(store.clock().now()) {
            self.warn_of(&found.ahead);
        }
    }

    fn note(&self, now: Moment, made: Result<FinishedBackup, CopyError>) {
        let mut state = self.state();
        match made {
            Ok(kept) => {
                log::info!("backed up to {} ({} bytes)", kept.path.display(), kept.bytes);
                for warning in kept.warnings {
                    log::warn!("the scheduled backup was made with a warning: {warning}");
                }
                (state.made, state.failed) = (Some(now), None);
                let new = kept.foreign.into_iter().filter(|path| state.warned.insert(path.clone()));
                let names: Vec<String> = new.map(|path| path.display().to_string()).collect();
                if !names.is_empty() {
                    log::warn!(
                        "backups of another database do not count and are left alone: {}; move \
                         them elsewhere, or remove them when you are sure",
                        names.join(", ")
                    );
                }
            }
            Err(CopyError::Stopped) => {}
            Err(error) => {
                log::error!("the scheduled backup failed and will be tried again: {error}");
                state.failed = Some(now);
            }
        }
    }

    /// Names backups dated in the future in the log, each of them once.
    fn warn_of(&self, ahead: &[PathBuf]) {
        let mut state = self.state();
        let new = ahead.iter().filter(|path| state.warned.insert(path.to_path_buf()));
        let names: Vec<String> = new.map(|path| path.display().to_string()).collect();
        if !names.is_empty() {
            log::warn!(
                "backups dated in the future do not count and are left alone: {}; if the \
                 machine's clock was wrong when they were made, move them elsewhere",
                names.join(", ")
            );
        }
    }

    /// Ends the backup that is being made, if any.
    pub fn stop(&self) {
        self.stop.0.store(true, Ordering::Relaxed);
    }

    /// Whether there is to be no other backup.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.should_stop()
    }

    /// Takes note of whether a backup is being made.
    pub(super) fn set_running(&self, running: bool) {
        self.state().running = running;
    }

    /// Takes note of a backup that failed without a reason of its own.
    pub(super) fn failed(&self, at: Moment) {
        self.state().failed = Some(at);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::{Stopped, SystemClock};
    use crate::store::DataDir;

    const HOUR: Duration = Duration::from_secs(3600);

    /// Hours since the start by the wall clock and by the monotonic one.
    fn at(wall: i64, monotonic: i64) -> Moment {
        let hour = 3_600_000_000;
        Moment {
            wall: Timestamp::parse("2026-01-01").unwrap().plus_millis(wall * 3_600_000),
            monotonic: Monotonic::from_micros(monotonic * hour),
        }
    }

    fn stopped(at: Moment) -> Stopped {
        Stopped(at.wall, at.monotonic)
    }

    fn every_hour(made: Option<Moment>, failed: Option<Moment>) -> Backups {
        let dir = BackupDir::existing("nowhere", 1);
        let state =
            State { started: at(0, 0), made, failed, running: false, warned: BTreeSet::new() };
        Backups { every: HOUR, dir, state: Mutex::new(state), stop: Arc::default() }
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
    fn every_condition_of_the_schedule_is_told_apart() {
        let condition =
            |backups: &Backups, wall, monotonic| backups.condition(&stopped(at(wall, monotonic)));
        let (zero, none) = (at(0, 0).wall, every_hour(None, None));
        assert_eq!(condition(&none, 0, 0), Condition::First);
        assert_eq!(condition(&none, 1, 1), Condition::Missing);
        none.state().running = true;
        assert_eq!(condition(&none, 2, 2), Condition::First);
        assert_eq!(condition(&none, 3, 3), Condition::Missing, "it hangs");

        let made = every_hour(Some(at(0, 0)), None);
        assert_eq!(condition(&made, 2, 2), Condition::Good { made: zero });
        assert_eq!(condition(&made, -8760, 2), Condition::Good { made: zero });
        for (wall, monotonic) in [(3, 3), (3, 0), (-8760, 3)] {
            assert_eq!(condition(&made, wall, monotonic), Condition::Overdue { made: zero });
        }
        let failed = every_hour(Some(at(0, 0)), Some(at(1, 1)));
        let at_one = Condition::Failed { at: at(1, 1).wall, made: Some(zero) };
        assert_eq!(condition(&failed, 1, 1), at_one);
        assert!(!at_one.is_good() && !Condition::Missing.is_good());
        assert!(!Condition::Overdue { made: zero }.is_good());
        assert!(Condition::First.is_good() && Condition::Good { made: zero }.is_good());
    }

    #[test]
    fn the_age_of_the_newest_backup_comes_from_its_name_and_those_of_the_future_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::new(dir.path());
        let store = Store::open_or_create(&data, Arc::new(SystemClock)).unwrap();
        let now = SystemClock.now();
        std::fs::create_dir(dir.path().join("backups")).unwrap();
        for time in [now.plus_millis(-1_200_000), now.plus_millis(86_400_000)] {
            let name = format!("backups/pivotal-{}.db", time.to_compact());
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let settings = Settings { every: Some(HOUR), keep: 1, dir: None };
        let backups = Backups::new(&settings, &store).unwrap();
        let due = backups.due_in(Moment::of(&SystemClock));
        assert!(due <= HOUR * 2 / 3 && due > HOUR / 2, "{due:?}");
        assert_eq!(backups.state().warned.len(), 1);
    }
}
