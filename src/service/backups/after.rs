//! Which backups are still to be given to the command `backup.after`, and how the last run went.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;
use crate::settings::{Backups as Settings, CommandLine};

/// The time until the next attempt, after each failure in a row.
const RETRIES: [Duration; 4] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(60 * 60),
];

/// Hands backups over, the newest first.
pub(crate) struct HandOvers {
    pub(super) command: CommandLine,
    pub(super) limit: Duration,
    state: Mutex<State>,
    /// Notified when there is a new backup, and when the server stops.
    changed: Notify,
    stop: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// In the order in which they were made.
    waiting: Vec<WaitingBackup>,
    running: Option<PathBuf>,
    /// The newest backup that was handed over, if any was.
    newest: Option<Timestamp>,
    /// When the last run failed, if it did.
    failed_at: Option<Timestamp>,
    failures_in_a_row: usize,
    retry_at: Option<Monotonic>,
}

/// A backup that isn't handed over yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WaitingBackup {
    pub made: Timestamp,
    pub path: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterStatus {
    /// The command hasn't ended yet since the server started.
    NotYet,
    /// The last run succeeded.
    Good,
    /// The last run failed.
    Failed { at: Timestamp },
}

impl HandOvers {
    /// Returns `None` if there is no command.
    pub fn new(settings: &Settings) -> Option<Self> {
        Some(Self {
            command: settings.after.clone()?,
            limit: settings.after_timeout,
            state: Mutex::default(),
            changed: Notify::new(),
            stop: watch::Sender::new(false),
        })
    }

    pub fn status(&self) -> AfterStatus {
        let state = self.state();
        match state.failed_at {
            Some(at) => AfterStatus::Failed { at },
            None if state.newest.is_some() => AfterStatus::Good,
            None => AfterStatus::NotYet,
        }
    }

    /// Adds a backup, which is handed over at once, even after a failure.
    pub(super) fn add(&self, made: Timestamp, path: PathBuf) {
        let mut state = self.state();
        state.waiting.push(WaitingBackup { made, path });
        state.retry_at = None;
        self.changed.notify_one();
    }

    /// Records at the start that the newest backup was handed over earlier.
    pub(super) fn record_earlier(&self, made: Timestamp) {
        self.state().newest = Some(made);
    }

    /// Returns the time until the next run; `None` if nothing waits.
    pub(super) fn due_in(&self, now: Monotonic) -> Option<Duration> {
        let state = self.state();
        let retry_at = state.retry_at.map_or(Duration::ZERO, |time| time.since(now));
        (!state.waiting.is_empty()).then_some(retry_at)
    }

    /// Waits until there is a new backup or the server stops.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Takes the newest backup that waits.
    pub(super) fn begin(&self) -> Option<WaitingBackup> {
        let mut state = self.state();
        let backup = state.waiting.pop()?;
        state.running = Some(backup.path.clone());
        Some(backup)
    }

    /// Whether the command is using this backup.
    pub(super) fn is_using(&self, path: &Path) -> bool {
        self.state().running.as_deref() == Some(path)
    }

    /// Returns whether no newer backup was handed over before.
    pub(super) fn record_success(&self, backup: &WaitingBackup) -> bool {
        let mut state = self.state();
        state.running = None;
        (state.failed_at, state.failures_in_a_row, state.retry_at) = (None, 0, None);
        let is_newest = state.newest.is_none_or(|newest| newest <= backup.made);
        if is_newest {
            state.newest = Some(backup.made);
        }
        is_newest
    }

    /// Returns the time until the next attempt.
    pub(super) fn record_failure(
        &self,
        backup: WaitingBackup,
        at: Timestamp,
        now: Monotonic,
    ) -> Duration {
        let mut state = self.state();
        let pause = RETRIES[state.failures_in_a_row.min(RETRIES.len() - 1)];
        state.failures_in_a_row += 1;
        state.failed_at = Some(at);
        // Unless there is a new backup.
        let has_newer = state.waiting.last().is_some_and(|newer| newer.made > backup.made);
        state.retry_at = (!has_newer).then(|| now.plus(pause));
        state.put_back(backup);
        pause
    }

    /// Puts a backup back that is handed over after the next start.
    pub(super) fn record_stop(&self, backup: WaitingBackup) {
        self.state().put_back(backup);
    }

    /// Gives a backup up that no longer exists.
    pub(super) fn forget(&self) {
        self.state().running = None;
    }

    /// Ends the command if it is running, and prevents further runs.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
        self.changed.notify_one();
    }

    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    pub(super) fn watch_stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put_back(&mut self, backup: WaitingBackup) {
        self.running = None;
        self.waiting.push(backup);
        self.waiting.sort_by_key(|waiting| waiting.made);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand_overs() -> HandOvers {
        let settings = Settings {
            every: None,
            keep: 1,
            dir: None,
            after: Some(CommandLine::Shell("true".to_owned())),
            after_timeout: Duration::from_secs(1),
        };
        HandOvers::new(&settings).unwrap()
    }

    fn day(number: u32) -> Timestamp {
        Timestamp::parse(&format!("2026-01-{number:02}")).unwrap()
    }

    fn add(hand_overs: &HandOvers, number: u32) {
        hand_overs.add(day(number), format!("{number}.db").into());
    }

    fn start() -> Monotonic {
        Monotonic::from_micros(0)
    }

    #[test]
    fn the_newest_backup_goes_first_and_older_ones_follow() {
        let all = hand_overs();
        assert_eq!((all.due_in(start()), all.status()), (None, AfterStatus::NotYet));
        (1..=3).for_each(|number| add(&all, number));
        let newest = all.begin().unwrap();
        assert!(all.is_using(Path::new("3.db")) && !all.is_using(Path::new("2.db")));
        assert!(all.record_success(&newest));
        assert!(!all.is_using(Path::new("3.db")));
        let older = all.begin().unwrap();
        assert_eq!(older.made, day(2));
        assert!(!all.record_success(&older), "a newer one was handed over before");
        assert_eq!(all.status(), AfterStatus::Good);
    }

    #[test]
    fn a_failed_backup_is_retried_later_and_later_until_one_succeeds() {
        let all = hand_overs();
        add(&all, 1);
        let minutes = |time: Duration| time.as_secs() / 60;
        for expected in [1, 5, 15, 60, 60] {
            let pause = all.record_failure(all.begin().unwrap(), day(1), start());
            assert_eq!((minutes(pause), all.due_in(start())), (expected, Some(pause)));
            assert_eq!(all.due_in(start().plus(pause)), Some(Duration::ZERO));
        }
        assert_eq!(all.status(), AfterStatus::Failed { at: day(1) });
        add(&all, 2);
        assert_eq!(all.due_in(start()), Some(Duration::ZERO), "a new one is tried at once");
        assert!(all.record_success(&all.begin().unwrap()));
        assert_eq!((all.status(), all.due_in(start())), (AfterStatus::Good, Some(Duration::ZERO)));
        assert_eq!(minutes(all.record_failure(all.begin().unwrap(), day(2), start())), 1);
    }

    #[test]
    fn a_backup_made_while_another_one_fails_is_not_delayed() {
        let all = hand_overs();
        add(&all, 1);
        let running = all.begin().unwrap();
        add(&all, 2);
        all.record_failure(running, day(2), start());
        assert_eq!(all.due_in(start()), Some(Duration::ZERO));
        assert_eq!(all.begin().unwrap().made, day(2));
    }
}
