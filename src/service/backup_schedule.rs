//! Takes the scheduled backups.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;

use super::Service;
use super::backups::{LOOK, Moment};

/// Takes backups for as long as the server runs.
pub(crate) async fn keep_backing_up(service: Arc<Service>) {
    let Some(backups) = &service.backups else { return };
    let clock = service.store.clock();
    while !backups.is_stopping() {
        let now = Moment::of(clock);
        let pause = backups.due_in(now);
        if pause > Duration::ZERO {
            clock.sleep_until(now.monotonic.plus(pause.min(LOOK))).await;
            continue;
        }
        backups.set_running(true);
        let state = Arc::clone(&service);
        let made = rt::task::spawn_blocking(move || {
            if let Some(backups) = &state.backups {
                backups.make(&state.store, now);
            }
        });
        let made = made.await;
        backups.set_running(false);
        if let Err(error) = made {
            log::error!("the thread of the scheduled backup ended: {error}");
            backups.failed(now);
        }
    }
}
