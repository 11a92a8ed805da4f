//! Why a server stops: a signal, or the end of the process that started it.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::super::signals::{self, StopSignal};

/// What a server watches while it runs.
pub struct StopConditions {
    pub exit_with_parent: bool,
    /// A directory to remove if a second signal ends the process at once.
    pub temporary: Option<PathBuf>,
}

/// Why a server stops, and since when.
#[derive(Clone, Default)]
pub struct StopCause(Arc<OnceLock<(String, Instant)>>);

impl StopCause {
    fn set(&self, reason: impl Into<String>) {
        // The first reason counts.
        let _ = self.0.set((reason.into(), Instant::now()));
    }

    /// Returns `None` while nothing has stopped it.
    pub fn get(&self) -> Option<(&str, Instant)> {
        self.0.get().map(|(reason, since)| (reason.as_str(), *since))
    }
}

impl StopConditions {
    /// Starts watching. The future is ready once the server must stop.
    pub fn watch(self) -> (StopCause, impl Future<Output = ()> + Send + 'static) {
        let (ask, mut asked) = unbounded_channel();
        let cause = StopCause::default();
        if self.exit_with_parent {
            watch_stdin(ask.clone(), cause.clone());
        }
        let of_signal = cause.clone();
        // The receiver is gone if the server has ended by itself.
        let first = move |signal: StopSignal| {
            log::info!("stopping on {signal}: waiting for requests in progress");
            of_signal.set(signal.to_string());
            let _ = ask.send(());
        };
        let temporary = self.temporary;
        let second = move |signal| {
            log::warn!("{signal} while stopping: ending now and dropping the requests in progress");
            if let Some(dir) = temporary {
                // The next start tries again.
                let _ = std::fs::remove_dir_all(dir);
            }
        };
        if let Err(error) = signals::on_stop_signals(first, second) {
            log::error!(
                "can't install signal handlers, so a signal will end the server at once: {error}"
            );
        }
        let asked = async move {
            if asked.recv().await.is_none() {
                std::future::pending().await
            }
        };
        (cause, asked)
    }
}

/// Reads stdin until it is closed. Ignores what it contains.
fn watch_stdin(ask: UnboundedSender<()>, cause: StopCause) {
    let was_readable = is_stdin_readable();
    let watch = move || {
        match io::copy(&mut io::stdin().lock(), &mut io::sink()) {
            // What is readable and has no bytes is at its end.
            Ok(0) if was_readable => log::warn!(
                "stdin was already closed when the server started, so --exit-with-parent stops it \
                 at once (a shell starts background jobs with /dev/null as their stdin): pass it a \
                 pipe that stays open, or remove --exit-with-parent"
            ),
            Ok(_) => log::info!("stopping because stdin was closed"),
            Err(error) => log::warn!("can't read stdin, so --exit-with-parent stops it: {error}"),
        }
        cause.set("stdin was closed");
        let _ = ask.send(());
    };
    if let Err(error) = std::thread::Builder::new().name("stdin".to_owned()).spawn(watch) {
        log::error!("can't watch stdin, so the server won't stop when it is closed: {error}");
    }
}

/// Returns whether a read of stdin would return at once, with bytes or at its end.
#[cfg(unix)]
fn is_stdin_readable() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let stdin = io::stdin();
    let mut stdin = [PollFd::new(&stdin, PollFlags::IN)];
    poll(&mut stdin, Some(&now)).is_ok_and(|ready| ready > 0)
}

#[cfg(not(unix))]
fn is_stdin_readable() -> bool {
    false
}
