//! Why a server stops: a signal, or the end of the process that started it.

use std::io;
use std::path::PathBuf;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::super::signals;

/// What a server watches while it runs.
pub struct StopConditions {
    pub exit_with_parent: bool,
    /// A directory to remove if a second signal ends the process at once.
    pub temporary: Option<PathBuf>,
}

impl StopConditions {
    /// Starts watching. The future is ready once the server must stop.
    pub fn watch(self) -> impl Future<Output = ()> + Send + 'static {
        let (ask, mut asked) = unbounded_channel();
        if self.exit_with_parent {
            watch_stdin(ask.clone());
        }
        // The receiver is gone if the server has ended by itself.
        let first = move |signal| {
            log::info!("stopping on {signal}: waiting for requests in progress");
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
        async move {
            if asked.recv().await.is_none() {
                std::future::pending().await
            }
        }
    }
}

/// Reads stdin until it is closed. Ignores what it contains.
fn watch_stdin(ask: UnboundedSender<()>) {
    let watch = move || {
        if let Err(error) = io::copy(&mut io::stdin().lock(), &mut io::sink()) {
            log::warn!("can't read stdin, so the server stops: {error}");
        }
        log::info!("stopping because stdin was closed: waiting for requests in progress");
        let _ = ask.send(());
    };
    if let Err(error) = std::thread::Builder::new().name("stdin".to_owned()).spawn(watch) {
        log::error!("can't watch stdin, so the server won't stop when it is closed: {error}");
    }
}
