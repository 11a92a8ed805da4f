//! How far a long piece of work is, on stderr, when that is a terminal; and what interrupts it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::signals::{Interrupt, StopSignal};
use crate::store::Watch;

/// How often the line is drawn anew while nothing is counted.
const TICK: Duration = Duration::from_millis(200);

/// A line that tells what is being done. It disappears when it is dropped.
pub struct Progress {
    bar: ProgressBar,
    /// What is done to the pages or rows.
    verb: &'static str,
    /// From the moment at which there is something to remove.
    interrupt: OnceLock<Arc<Interrupt>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new("copying")
    }
}

impl Progress {
    /// Of the upgrade that a command begins with when the database is of an older version.
    pub fn for_upgrade() -> Arc<dyn Watch> {
        Arc::new(Self::new("upgrading"))
    }

    fn new(verb: &'static str) -> Self {
        // Nothing is drawn where stderr is not a terminal.
        let bar = ProgressBar::no_length();
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        Self { bar, verb, interrupt: OnceLock::new() }
    }

    /// The signal that asked the work to stop.
    pub fn signal(&self) -> Option<StopSignal> {
        self.interrupt.get()?.signal()
    }
}

impl Watch for Progress {
    fn on_start(&self) {
        // Until here a signal ends the process, whatever it waits for.
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

/// A template of ours is never wrong; a plain bar would do as well.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
