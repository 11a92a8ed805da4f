//! Signals: those that ask the process to stop, and the one that must not end it.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use super::stderr;
use crate::store::Watch;

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`, systemd, a container's end.
    Terminate,
    /// A terminal that was closed.
    Hangup,
}

impl StopSignal {
    /// The exit code of a process that it ended, by the convention of shells.
    pub fn exit_code(self) -> u8 {
        let number = match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        };
        128 + number
    }
}

impl fmt::Display for StopSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Hangup => "SIGHUP",
        })
    }
}

/// Remembers the signal that asked a command to stop.
#[derive(Default)]
pub struct Interrupt(OnceLock<StopSignal>);

impl Interrupt {
    /// Remembers the first signal from here on. The second one ends the process at once.
    pub fn listen() -> Arc<Self> {
        let interrupt = Arc::new(Self::default());
        let noted = Arc::clone(&interrupt);
        let first = move |signal| {
            // It is the first, so nothing was noted before.
            let _ = noted.0.set(signal);
        };
        let second = |signal| {
            stderr::write_line(&format!(
                "error: {signal} again: ended at once, and a file that was begun may be left"
            ));
        };
        // Without handlers a signal ends the process at once, which loses nothing either.
        drop(on_stop_signals(first, second));
        interrupt
    }

    /// The signal, if one has come.
    pub fn signal(&self) -> Option<StopSignal> {
        self.0.get().copied()
    }
}

impl Watch for Interrupt {
    fn should_stop(&self) -> bool {
        self.signal().is_some()
    }
}

/// Turns a write beyond the limit on the size of files (`ulimit -f`) into an error of that write.
/// Without a handler, SIGXFSZ ends the process.
#[cfg(unix)]
pub fn survive_file_size_limit() -> io::Result<()> {
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).map(drop)
}

/// Calls `first` with the first signal. With the second, calls `second` and ends the process.
///
/// # Errors
/// When the signals cannot be handled; they end the process then.
#[cfg(unix)]
pub fn on_stop_signals(
    first: impl FnOnce(StopSignal) + Send + 'static,
    second: impl FnOnce(StopSignal) + Send + 'static,
) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let handled = [SIGINT, SIGTERM, SIGHUP];
    let handled = if may_handle_hangup() { &handled[..] } else { &handled[..2] };
    let mut signals = signal_hook::iterator::Signals::new(handled)?;
    let wait = move || {
        let mut received = signals.forever().map(|number| match number {
            SIGINT => StopSignal::Interrupt,
            SIGHUP => StopSignal::Hangup,
            _ => StopSignal::Terminate,
        });
        if let Some(signal) = received.next() {
            first(signal);
        }
        if let Some(signal) = received.next() {
            second(signal);
            stderr::flush();
            std::process::exit(signal.exit_code().into());
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}

/// Whether the process was started to end on SIGHUP. `nohup` has it ignored, which a handler would
/// undo. Only Linux lets safe code find out; elsewhere SIGHUP stays as it is.
#[cfg(unix)]
fn may_handle_hangup() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 << (signal_hook::consts::SIGHUP - 1) == 0)
}

#[cfg(not(unix))]
pub fn survive_file_size_limit() -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub fn on_stop_signals(
    first: impl FnOnce(StopSignal) + Send + 'static,
    second: impl FnOnce(StopSignal) + Send + 'static,
) -> io::Result<()> {
    let wait = move || {
        actix_web::rt::System::new().block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                first(StopSignal::Interrupt);
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                second(StopSignal::Interrupt);
                stderr::flush();
                std::process::exit(StopSignal::Interrupt.exit_code().into());
            }
        });
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}
