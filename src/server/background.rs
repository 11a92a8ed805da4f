//! What a server does beside answering: writing how keys are used, forgetting old answers, watching
//! the dates of new rows, making backups.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;

use crate::service::Service;
use crate::service::backup_schedule::keep_backing_up;

/// How often what is known of keys' use is written.
const USAGE_EVERY: Duration = Duration::from_secs(5);
/// How often the dates of new rows are compared with the clock.
const DATES_EVERY: Duration = Duration::from_secs(60);
/// How often kept answers are looked through for old ones, and how many go at a time.
const FORGET_EVERY: Duration = Duration::from_secs(60);
const FORGET_BATCH: u32 = 500;

/// How often it is looked at whether the database is still there.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// The work that has begun.
pub(super) struct Background {
    service: Arc<Service>,
    backups: JoinHandle<()>,
    regular: [JoinHandle<()>; 4],
}

impl Background {
    /// Begins it.
    pub fn start(service: &Arc<Service>) -> Self {
        Self {
            service: Arc::clone(service),
            backups: rt::spawn(keep_backing_up(Arc::clone(service))),
            regular: [
                rt::spawn(repeat(USAGE_EVERY, Arc::clone(service), write_usage)),
                rt::spawn(repeat(FORGET_EVERY, Arc::clone(service), forget_answers)),
                rt::spawn(repeat(WATCH_EVERY, Arc::clone(service), watch_file)),
                rt::spawn(watch_dates(Arc::clone(service))),
            ],
        }
    }

    /// Ends it, after writing what would be lost.
    pub async fn stop(self) {
        self.service.store.stop_waiting();
        if let Some(schedule) = &self.service.backups {
            schedule.stop();
        }
        // Waits for its next backup, or for the end of the one that was just stopped.
        self.backups.abort();
        let _ = self.backups.await;
        for task in self.regular {
            task.abort();
            // The task ends with the error that says that it was aborted.
            let _ = task.await;
        }
        write_usage(self.service).await;
    }
}

/// Does something again and again.
async fn repeat<F: Future<Output = ()>>(
    pause: Duration,
    service: Arc<Service>,
    work: fn(Arc<Service>) -> F,
) {
    loop {
        service.store.clock().sleep(pause).await;
        work(Arc::clone(&service)).await;
    }
}

async fn write_usage(service: Arc<Service>) {
    if let Err(error) = service.usage.flush(&service.store).await {
        log::warn!("the use of keys was not written and will be with the next batch: {error}");
    }
}

/// The store logs what it finds and refuses changes from then on.
async fn watch_file(service: Arc<Service>) {
    let _ = service.store.ensure_intact();
}

/// Small batches, each a change of its own, so that requests find their turn in between.
async fn forget_answers(service: Arc<Service>) {
    loop {
        match service.store.write(|tx| tx.delete_expired_responses(FORGET_BATCH)).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                log::warn!("old idempotency keys were not removed and will be later: {error}");
                return;
            }
        }
    }
}

/// Looks at the start, too: a clock that was wrong is noticed before anything new is dated by it.
async fn watch_dates(service: Arc<Service>) {
    look_at_dates(Arc::clone(&service)).await;
    repeat(DATES_EVERY, service, look_at_dates).await;
}

async fn look_at_dates(service: Arc<Service>) {
    let looked = rt::task::spawn_blocking(move || {
        let now = service.store.clock().now();
        service.store.read(|reader| service.row_dates.ahead(reader, now).map(drop))
    });
    let looked = looked.await;
    // A thread that ended with a panic has said so, and the next look is in a minute.
    if let Ok(Err(error)) = looked {
        log::warn!("the dates of new rows were not compared with the clock: {error}");
    }
}
