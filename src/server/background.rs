//! Background tasks: storing key usage, removing what is no longer kept, overwriting what was purged,
//! watching the database file and the dates of new rows, making backups, and resetting a demo.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use actix_web::web::Data;

use super::demo::reset_regularly;
use super::tls::ServerTls;
use crate::admin::Admin;
use crate::service::Service;
use crate::service::backups::hand_over::hand_over_backups;
use crate::service::backups::task::run_scheduled_backups;
use crate::service::erasure::erase_continuously;
use crate::service::leadership::{lead, resign};
use crate::service::retention::{
    clean_up_deliveries, purge_by_age, remove_ended_sessions, remove_expired_responses,
    remove_in_batches,
};
use crate::service::shared_counts::share_counts;
use crate::service::webhooks::thread::WebhookSender;
use crate::store::{Tx, WriteScope};

/// How often key usage is stored.
const USAGE_EVERY: Duration = Duration::from_secs(5);
const DATES_EVERY: Duration = Duration::from_secs(60);
/// How often expired idempotency keys and sessions are removed.
const EXPIRY_EVERY: Duration = Duration::from_secs(60);
/// How often the database file is checked for being moved or replaced.
const FILE_EVERY: Duration = Duration::from_secs(1);
/// How often the delivery log is cleaned up.
const CLEAN_UP_EVERY: Duration = Duration::from_secs(30);
/// How often what is too old is purged.
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often the files of the TLS certificate are checked for changes.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(1);
/// How often uploaded files that nobody uses are discarded.
const UPLOADS_EVERY: Duration = Duration::from_secs(60);

/// The running background tasks.
pub(super) struct Background {
    service: Arc<Service>,
    backups: JoinHandle<()>,
    hand_overs: JoinHandle<()>,
    periodic: Vec<JoinHandle<()>>,
    webhooks: WebhookSender,
    admin: Option<Data<Admin>>,
}

impl Background {
    /// # Errors
    /// When the system can't start the thread that sends webhooks.
    pub fn start(
        service: &Arc<Service>,
        admin: Option<Data<Admin>>,
        tls: Option<Arc<ServerTls>>,
    ) -> io::Result<Self> {
        let mut periodic = vec![
            rt::spawn(repeat(USAGE_EVERY, Arc::clone(service), write_usage)),
            rt::spawn(lead(Arc::clone(service))),
            rt::spawn(share_counts(Arc::clone(service))),
            rt::spawn(repeat_as_leader(EXPIRY_EVERY, service, remove_expired_responses)),
            rt::spawn(repeat_as_leader(EXPIRY_EVERY, service, remove_ended_sessions)),
            rt::spawn(watch_dates(Arc::clone(service))),
            rt::spawn(repeat_as_leader(CLEAN_UP_EVERY, service, clean_up_deliveries)),
            rt::spawn(remove_discarded(Arc::clone(service))),
            rt::spawn(purge_regularly(Arc::clone(service))),
            rt::spawn(erase_continuously(Arc::clone(service))),
            rt::spawn(reset_regularly(Arc::clone(service))),
        ];
        if service.store.files().is_some() {
            periodic.push(rt::spawn(repeat(FILE_EVERY, Arc::clone(service), check_file)));
        }
        periodic.extend(admin.clone().map(|admin| rt::spawn(clean_up_uploads(admin))));
        periodic.extend(tls.map(|tls| rt::spawn(reload_certificate(Arc::clone(service), tls))));
        Ok(Self {
            service: Arc::clone(service),
            webhooks: WebhookSender::start(service)?,
            backups: rt::spawn(run_scheduled_backups(Arc::clone(service))),
            hand_overs: rt::spawn(hand_over_backups(Arc::clone(service))),
            periodic,
            admin,
        })
    }

    /// Stops all tasks and stores the key usage that is still in memory.
    pub async fn stop(self) {
        // First, because the command that is given a backup may take a moment to end.
        if let Some(schedule) = &self.service.backups {
            schedule.stop();
        }
        if let Some(admin) = self.admin {
            admin.stop_imports().await;
        }
        let webhooks = self.webhooks;
        let stopped = rt::task::spawn_blocking(move || webhooks.stop()).await;
        if let Err(error) = stopped {
            log::error!("the webhooks thread was not awaited: {error}");
        }
        self.service.store.stop_waiting();
        self.service.erasures.stop();
        // The task is waiting for its next backup, or for the one that was just stopped to end.
        self.backups.abort();
        let _ = self.backups.await;
        if let Err(error) = self.hand_overs.await {
            log::error!("the task that hands over backups was not awaited: {error}");
        }
        for task in self.periodic {
            task.abort();
            // The only error is that the task was aborted.
            let _ = task.await;
        }
        resign(&self.service).await;
        write_usage(self.service).await;
    }
}

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

/// Does the work only while this server does what is scheduled for all servers.
fn repeat_as_leader<F: Future<Output = ()>>(
    pause: Duration,
    service: &Arc<Service>,
    work: fn(Arc<Service>) -> F,
) -> impl Future<Output = ()> + use<F> {
    let service = Arc::clone(service);
    async move {
        loop {
            service.store.clock().sleep(pause).await;
            if service.leadership.is_held() {
                work(Arc::clone(&service)).await;
            }
        }
    }
}

async fn write_usage(service: Arc<Service>) {
    if let Err(error) = service.key_usage.flush(&service.store).await {
        log::warn!("cannot store key usage, retrying with the next batch: {error}");
    }
}

/// If the file was moved or replaced, the store logs that and refuses writes from then on.
async fn check_file(service: Arc<Service>) {
    let _ = service.store.ensure_intact();
}

/// Removes what resets and restores by test control, and resets of a demo, have discarded, also
/// those of a server that was killed.
async fn remove_discarded(service: Arc<Service>) {
    loop {
        let remove = |tx: &Tx<'_>| tx.remove_discarded();
        remove_in_batches(&service, WriteScope::Database, "discarded rows", remove).await;
        service.discarded.notified().await;
    }
}

/// Also purges once at startup, so that it happens on a server that is restarted every hour.
async fn purge_regularly(service: Arc<Service>) {
    purge_by_age(Arc::clone(&service)).await;
    repeat_as_leader(PURGE_EVERY, &service, purge_by_age).await;
}

/// Uses a new certificate as soon as it is there.
async fn reload_certificate(service: Arc<Service>, tls: Arc<ServerTls>) {
    loop {
        service.store.clock().sleep(CERTIFICATE_EVERY).await;
        let (tls, now) = (Arc::clone(&tls), service.store.clock().now());
        // A panic was already logged, and the next check is in a second.
        let _ = rt::task::spawn_blocking(move || tls.reload_if_changed(now)).await;
    }
}

async fn clean_up_uploads(admin: Data<Admin>) {
    loop {
        admin.clock().sleep(UPLOADS_EVERY).await;
        admin.clean_up_imports().await;
    }
}

/// Also checks once at startup, so that a wrong clock is noticed before it dates new rows.
async fn watch_dates(service: Arc<Service>) {
    check_dates(Arc::clone(&service)).await;
    repeat(DATES_EVERY, service, check_dates).await;
}

async fn check_dates(service: Arc<Service>) {
    let checked = rt::task::spawn_blocking(move || {
        let now = service.store.clock().now();
        service.store.read(|reader| service.clock_skew.check(reader, now).map(drop))
    });
    let checked = checked.await;
    // A panic was already logged, and the next check is in a minute.
    if let Ok(Err(error)) = checked {
        log::warn!(
            "cannot compare the dates of new rows with the clock, retrying in a minute: {error}"
        );
    }
}
