//! Shows the progress of a transfer, on stderr if that is a terminal, and listens for the signals
//! that interrupt it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use humantime::format_duration;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output::messages::{are_json, format_note, format_problem, format_warning};
use crate::cli::output::stderr;
use crate::cli::signals::{Interrupt, StopSignal};
use crate::transfer::remote::problem::Problem;
use crate::transfer::remote::watch::{Estimate, RemoteWatch, Step, WaitReason};

/// How often the spinner moves while nothing else does.
const TICK: Duration = Duration::from_millis(200);

pub struct RemoteProgress {
    bar: ProgressBar,
    interrupt: Arc<Interrupt>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What the bar says unless the transfer waits.
    message: String,
    per_minute: Option<u64>,
}

impl RemoteProgress {
    /// From here on, a signal stops the transfer in a safe place.
    pub fn start() -> Arc<Self> {
        // Nothing is drawn if stderr is not a terminal.
        let bar = if are_json() { ProgressBar::hidden() } else { ProgressBar::no_length() };
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.enable_steady_tick(TICK);
        Arc::new(Self { bar, interrupt: Interrupt::listen(), state: Mutex::default() })
    }

    /// Removes the bar from the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    pub fn signal(&self) -> Option<StopSignal> {
        self.interrupt.signal()
    }

    /// Prints a line above the bar.
    pub fn print(&self, line: &str) {
        if self.bar.is_hidden() {
            stderr::write_line(line);
        } else {
            self.bar.println(line);
        }
    }

    fn say(&self, message: String) {
        self.bar.set_message(message.clone());
        self.state.lock().unwrap_or_else(PoisonError::into_inner).message = message;
    }

    /// Returns how long the remaining requests take, if the rate limit decides that.
    fn time_left(&self, requests: u64) -> Option<Duration> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Estimate { requests, per_minute: state.per_minute? }.duration())
    }
}

impl RemoteWatch for RemoteProgress {
    fn on_estimate(&self, estimate: &Estimate) {
        let Estimate { requests, per_minute } = *estimate;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).per_minute = Some(per_minute);
        let duration = estimate.duration();
        if duration > Duration::from_secs(60) {
            self.print(&format_note(&format!(
                "Up to {requests} requests, and the server allows {per_minute} per minute: this \
                 takes up to {}. You can interrupt it and run the command again to continue.",
                rough(duration)
            )));
        }
    }

    fn on_progress(&self, step: Step, done: u64, total: Option<u64>) {
        let what = match step {
            Step::Customers => "customers read",
            Step::Onboardings => "onboardings read",
            Step::Contacts => "customers with their contacts read",
            Step::News => "new objects found",
            Step::Sending => "objects sent",
        };
        let Some(total) = total else { return self.say(format!("{done} {what},")) };
        let left = self.time_left(total.saturating_sub(done));
        let left = left.map(|left| format!(" about {} left,", rough(left))).unwrap_or_default();
        self.say(format!("{done} of {total} {what},{left}"));
    }

    fn on_wait(&self, reason: &WaitReason, wait: Duration) {
        let wait = rough(wait);
        match reason {
            WaitReason::RateLimit => {
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                let message = &state.message;
                self.bar.set_message(format!("{message} waiting {wait} for the rate limit,"));
            }
            WaitReason::Failure(cause) => {
                self.print(&format_warning(&format!(
                    "a request failed ({cause}); trying again in {wait}"
                )));
            }
        }
    }

    fn on_resume(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.bar.set_message(state.message.clone());
    }

    fn on_problem(&self, problem: &Problem) {
        self.print(&if are_json() {
            format_problem(&problem.to_string())
        } else {
            format!("error: {problem}")
        });
    }

    fn should_stop(&self) -> bool {
        self.signal().is_some()
    }
}

/// Formats a duration without its insignificant part, such as `2h 50m`.
fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs().max(1);
    let unit = match seconds {
        0..=599 => 1,
        600..=86_399 => 60,
        _ => 3600,
    };
    format_duration(Duration::from_secs(seconds / unit * unit)).to_string()
}

/// The templates are constants that parse; the fallback only avoids a panic.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_without_their_insignificant_part() {
        for (seconds, expected) in [
            (0, "1s"),
            (45, "45s"),
            (599, "9m 59s"),
            (600, "10m"),
            (10_230, "2h 50m"),
            (86_400 + 3_700, "1day 1h"),
        ] {
            assert_eq!(rough(Duration::from_secs(seconds)), expected);
        }
    }
}
