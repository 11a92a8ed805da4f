//! The progress bar of long-running commands, on stderr if that is a terminal. It also listens for
//! the signals that interrupt them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::messages::are_json;
use super::stderr;
use crate::cli::signals::{Interrupt, StopSignal};
use crate::store::Watch;

/// How often the spinner moves while there is nothing to count.
const TICK: Duration = Duration::from_millis(200);

/// A progress bar. Dropping it removes it from the screen.
pub struct Progress {
    bar: ProgressBar,
    /// Shown before the bar, such as `copying`.
    verb: &'static str,
    /// Set once there is a partial file to remove.
    interrupt: OnceLock<Arc<Interrupt>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new("copying")
    }
}

impl Progress {
    /// Shows the upgrade of a database from an older version, before the command itself.
    pub fn for_upgrade() -> Arc<dyn Watch> {
        Arc::new(Self::new("upgrading"))
    }

    pub fn new(verb: &'static str) -> Self {
        // Nothing is drawn if stderr is not a terminal.
        let bar = if are_json() { ProgressBar::hidden() } else { ProgressBar::no_length() };
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        Self { bar, verb, interrupt: OnceLock::new() }
    }

    /// Prints a line above the bar, waiting until it is written. Control characters, which can come
    /// from a file, are replaced.
    pub fn print_line(&self, line: &str) {
        let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let line: String = line.chars().map(clean).collect();
        self.bar.suspend(|| stderr::write_line_now(&line));
    }

    /// Returns the signal that interrupted the work, if any.
    pub fn signal(&self) -> Option<StopSignal> {
        self.interrupt.get()?.signal()
    }
}

impl Watch for Progress {
    fn on_start(&self) {
        // Until here, a signal ends the process at once.
        self.interrupt.get_or_init(Interrupt::listen);
    }

    fn on_progress(&self, done: u64, of: u64) {
        if self.bar.length() != Some(of) {
            let rest = "{bar:30} {percent} % {elapsed}, {eta} left";
            self.bar.set_style(style(&format!("{} {rest}", self.verb)));
            self.bar.set_length(of);
        }
        self.bar.set_position(done);
    }

    fn on_check(&self) {
        self.bar.set_style(style("{spinner} {msg} {elapsed}"));
        self.bar.set_message("checking every page and row");
        self.bar.enable_steady_tick(TICK);
    }

    fn should_stop(&self) -> bool {
        self.signal().is_some()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The templates are constants that parse; the fallback only avoids a panic.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
