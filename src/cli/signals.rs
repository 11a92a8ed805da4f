//! Signals that stop the process, and the one that must not.

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use super::output::messages::{self, ErrorCode, ErrorMessage};
use super::output::stderr;
use crate::store::Watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// Ctrl-C.
    Interrupt,
    /// `kill`, systemd, or a container that is stopped.
    Terminate,
    /// The terminal was closed.
    Hangup,
}

impl StopSignal {
    /// Returns 128 plus the signal number, as shells do.
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

/// Records the signal that interrupts a command.
#[derive(Default)]
pub struct Interrupt(OnceLock<StopSignal>);

impl Interrupt {
    /// Starts listening. The first signal is recorded; the second ends the process at once.
    pub fn listen() -> Arc<Self> {
        let interrupt = Arc::new(Self::default());
        let noted = Arc::clone(&interrupt);
        let first = move |signal| {
            // Never set before: this is the first signal.
            let _ = noted.0.set(signal);
        };
        let second = |signal| {
            let message = format!(
                "received {signal} again: ended at once; a partial file may be left behind"
            );
            messages::error(&ErrorMessage::new(ErrorCode::Interrupted, message));
        };
        // If this fails, a signal ends the process at once, which doesn't lose anything either.
        drop(on_stop_signals(first, second));
        interrupt
    }

    /// Returns the signal, if one has arrived.
    pub fn signal(&self) -> Option<StopSignal> {
        self.0.get().copied()
    }
}

impl Watch for Interrupt {
    fn should_stop(&self) -> bool {
        self.signal().is_some()
    }
}

/// Makes a write beyond the file size limit (`ulimit -f`) fail with an error. Without a handler,
/// SIGXFSZ ends the process.
#[cfg(unix)]
pub fn survive_file_size_limit() -> io::Result<()> {
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).map(drop)
}

/// Calls `first` on the first signal. On the second, calls `second` and ends the process.
///
/// # Errors
/// If the handlers can't be installed; a signal then ends the process.
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

/// Returns whether SIGHUP may get a handler. Under `nohup` it is ignored, which a handler would
/// undo. Only on Linux can safe code find out; elsewhere SIGHUP is left alone.
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
