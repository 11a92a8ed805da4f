//! The threads that check and import files. They are not among those for reads: an import takes
//! longer, and must not keep the pages waiting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::rt;
use tokio::sync::Semaphore;

/// The most files that are checked or imported at the same time. Others wait.
pub const MAX_RUNNING: usize = 2;

pub(in crate::admin) struct Threads {
    running: Arc<Semaphore>,
    stopping: Stopping,
}

/// Signals the work on a thread that the server is stopping.
#[derive(Clone, Default)]
pub(in crate::admin) struct Stopping(Arc<AtomicBool>);

impl Stopping {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Default for Threads {
    fn default() -> Self {
        let running = Arc::new(Semaphore::new(MAX_RUNNING));
        Self { running, stopping: Stopping::default() }
    }
}

impl Threads {
    /// Runs `work` on a thread, once one is free. Drops it if that is not possible.
    pub fn start(&self, work: impl FnOnce(&Stopping) + Send + 'static) {
        let (running, stopping) = (Arc::clone(&self.running), self.stopping.clone());
        rt::spawn(async move {
            // Fails once the server has stopped.
            let Ok(permit) = running.acquire_owned().await else { return };
            let run = move || {
                let _permit = permit;
                // The panic hook logs a panic.
                let _ = catch_unwind(AssertUnwindSafe(|| work(&stopping)));
            };
            let thread = std::thread::Builder::new().name("import".to_owned());
            if let Err(error) = thread.spawn(run) {
                log::error!("cannot start a thread for an import: {error}");
            }
        });
    }

    /// Stops the running work and waits until it has ended.
    pub async fn stop(&self) {
        self.stopping.0.store(true, Ordering::Relaxed);
        for _ in 0..MAX_RUNNING {
            // Fails if it was closed before.
            if let Ok(permit) = self.running.acquire().await {
                permit.forget();
            }
        }
        self.running.close();
    }
}
