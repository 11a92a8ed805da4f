//! Shows an import in the terminal: its progress on stderr, and each faulty row in a line.

use std::sync::Arc;

use super::super::output::messages::{format_note, format_problem};
use super::super::output::progress::Progress;
use super::super::signals::{Interrupt, StopSignal};
use crate::store::Watch;
use crate::transfer::{Observer, Rejected, Step};

pub struct Terminal {
    interrupt: Arc<Interrupt>,
    bar: Progress,
    step: Step,
}

impl Terminal {
    /// From now on, a signal stops the import between two batches.
    pub fn new() -> Self {
        let step = Step::Checking;
        Self { interrupt: Interrupt::listen(), bar: Progress::new(verb(step)), step }
    }

    /// Prints a line.
    pub fn note(&self, line: &str) {
        self.bar.print_line(&format_note(line));
    }

    /// Returns the signal that interrupted the import, if any.
    pub fn signal(&self) -> Option<StopSignal> {
        self.interrupt.signal()
    }
}

impl Observer for Terminal {
    fn on_rejected(&mut self, rejected: &Rejected) {
        for fault in &rejected.faults {
            self.bar.print_line(&format_problem(&fault.to_string()));
        }
    }

    fn on_progress(&mut self, step: Step, position: u64, size: u64) {
        if step != self.step {
            self.bar = Progress::new(verb(step));
            self.step = step;
        }
        self.bar.on_progress(position, size);
    }

    fn should_stop(&self) -> bool {
        self.interrupt.should_stop()
    }
}

fn verb(step: Step) -> &'static str {
    match step {
        Step::Checking => "checking",
        Step::Importing => "importing",
    }
}
