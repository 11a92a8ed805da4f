//! The background task that makes scheduled backups.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;

use super::schedule::{Instant, MAX_SLEEP};
use crate::service::Service;

/// Makes backups on schedule until the server stops.
pub(crate) async fn run_scheduled_backups(service: Arc<Service>) {
    let Some(backups) = &service.backups else { return };
    let clock = service.store.clock();
    while !backups.is_stopping() {
        let now = Instant::now(clock);
        let pause = backups.due_in(now);
        if pause > Duration::ZERO {
            clock.sleep_until(now.monotonic.plus(pause.min(MAX_SLEEP))).await;
            continue;
        }
        backups.set_running(true);
        let blocking = Arc::clone(&service);
        let backup = rt::task::spawn_blocking(move || {
            if let Some(backups) = &blocking.backups {
                backups.run(&blocking.store, now);
            }
        });
        let result = backup.await;
        backups.set_running(false);
        if let Err(error) = result {
            log::error!("the scheduled backup's thread panicked: {error}");
            backups.record_failure(now);
        }
    }
}
