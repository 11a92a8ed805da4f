//! Resets the data of a demo.

use std::sync::Arc;

use actix_web::rt::task::spawn_blocking;

use crate::demo;
use crate::service::Service;

/// Returns at once if the server is no demo.
pub(super) async fn reset_regularly(service: Arc<Service>) {
    let Some(mode) = service.demo() else { return };
    let clock = service.store.clock();
    loop {
        mode.sleep_until_reset(clock).await;
        // First, so that no page shows a time that has passed.
        mode.schedule_reset(clock);
        let resetting = Arc::clone(&service);
        let reset = spawn_blocking(move || {
            resetting
                .demo()
                .map(|mode| demo::reset(&resetting.store, &mode.workspace, &mode.keys))
                .transpose()
        });
        match reset.await {
            Ok(Ok(_)) => {
                log::info!("the demo was reset");
                service.discarded.notify_one();
            }
            Ok(Err(error)) => {
                log::error!("the demo can't be reset, trying again in an hour: {error}");
            }
            // The panic itself was logged when it happened.
            Err(_) => log::error!("the demo can't be reset, trying again in an hour"),
        }
    }
}
