//! The sender: sleeps until a delivery is due, a change wakes it, or it is time to check whether
//! another process has changed anything.

use std::io;
use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use reqwest::redirect::Policy;
use reqwest::{Client, retry};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::time::Instant;

use super::ahead::Now;
use super::attempt::attempt;
use super::clock::DueClock;
use super::due::DueDeliveries;
use super::recorder::{Message, Recorder};
use super::resolver::GuardedResolver;
use super::secrets::{reencrypt, signing_secrets};
use crate::model::clock::Monotonic;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::Outcome;
use crate::model::webhook::policy::DestinationPolicy;
use crate::model::webhook::url::EndpointUrl;
use crate::service::Service;
use crate::service::test_control::drains::Waiter;
use crate::store::webhooks::attempts::Finished;
use crate::store::webhooks::queue::OutgoingRequest;
use crate::store::webhooks::watcher::ChangeWatcher;
use crate::store::{StoreError, WriteScope};
use crate::tls;

/// How often the sender checks for changes by other processes and retries storing results.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long requests in flight have to finish when the server stops. Those that don't finish are
/// sent again at the next start.
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// How long an idle connection to a receiver is kept.
const KEEP_IDLE: Duration = Duration::from_secs(30);
/// The maximum number of idle connections per receiver.
const MAX_IDLE: usize = 4;

pub(super) fn client(resolver: GuardedResolver) -> io::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls::config()?)
        .dns_resolver(Arc::new(resolver))
        .redirect(Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .pool_idle_timeout(KEEP_IDLE)
        .pool_max_idle_per_host(MAX_IDLE)
        .build()
        .map_err(io::Error::other)
}

pub(super) struct Sender {
    service: Arc<Service>,
    client: Client,
    policy: DestinationPolicy,
    watcher: ChangeWatcher,
    clock: DueClock,
    due: DueDeliveries,
    recorder: Recorder,
    messages: UnboundedReceiver<Message>,
    /// For the tasks that send messages.
    outlet: UnboundedSender<Message>,
    /// When the next delivery that isn't due yet will be due.
    next_due: Option<Timestamp>,
    /// Whether the last read failed: then the next check reads again, even if nothing has changed.
    has_failed_to_read: bool,
}

impl Sender {
    pub fn new(
        service: Arc<Service>,
        client: Client,
        policy: DestinationPolicy,
        watcher: ChangeWatcher,
    ) -> Self {
        let (outlet, messages) = unbounded_channel();
        Self {
            clock: DueClock::new(service.store.clock()),
            due: DueDeliveries::new(service.settings.webhooks.concurrency),
            recorder: Recorder::new(Arc::clone(&service), outlet.clone()),
            service,
            client,
            policy,
            watcher,
            messages,
            outlet,
            next_due: None,
            has_failed_to_read: false,
        }
    }

    pub async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        self.prepare().await;
        let service = Arc::clone(&self.service);
        let mut is_stopping = pin!(stopped.wait_for(|stop| *stop));
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let next_due = service.store.clock().sleep_until(self.next_wake());
            let write_at = self.recorder.write_at();
            tokio::select! {
                _ = &mut is_stopping => break,
                message = self.messages.recv() => self.receive_all(message),
                () = service.store.outbox().changed() => self.due.ahead.mark_changed(),
                () = next_due => {}
                () = sleep_until(write_at) => {
                    self.recorder.write();
                    continue;
                }
                () = drain_requested(&service) => self.due.ahead.mark_changed(),
                _ = look.tick() => {
                    self.recorder.write();
                    let has_changed = self.watcher.has_changed().unwrap_or(true);
                    if !has_changed && !self.has_failed_to_read {
                        continue;
                    }
                    self.due.ahead.mark_changed();
                }
            }
            self.start_due().await;
        }
        let _ = tokio::time::timeout(STOP_WITHIN, self.drain()).await;
    }

    /// Prepares the outbox and the secrets before anything is sent.
    async fn prepare(&mut self) {
        let webhooks = &self.service.settings.webhooks;
        let micros = |delay: Duration| i64::try_from(delay.as_micros()).unwrap_or(i64::MAX);
        let max_delays: Vec<i64> = (1..=webhooks.schedule.delays().len())
            .map(|number| micros(webhooks.schedule.max_delay_before(number)))
            .collect();
        let brought =
            self.service.store.write(WriteScope::Database, move |tx| tx.bring_forward(&max_delays));
        if let Err(error) = brought.await {
            log::warn!(
                "webhook deliveries that are late because the clock was set back can't be \
                 rescheduled: {error}"
            );
        }
        reencrypt(&self.service).await;
    }

    /// Returns when the next delivery is due, on the clock that sleeps.
    fn next_wake(&mut self) -> Monotonic {
        let now = self.clock.now(self.service.store.clock());
        let left = match self.next_due {
            Some(due) => due.since(now),
            // A check for changes comes sooner anyway.
            None => LOOK_EVERY * 60,
        };
        self.clock.read_at().plus(left)
    }

    /// Handles a message and all others that have arrived.
    fn receive_all(&mut self, message: Option<Message>) {
        let mut next = message;
        while let Some(message) = next {
            self.receive(message);
            next = self.messages.try_recv().ok();
        }
        self.recorder.write_if_due();
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Ended(finished) => {
                self.due.lanes.end(finished.delivery, Some(finished.outcome.succeeded()));
                self.recorder.add(finished);
            }
            Message::WriteEnded(written) => {
                for finished in self.recorder.finish_write(written) {
                    self.due.lanes.recorded(finished.delivery);
                    // The commit's signal may have come before this: then its retry was left out as
                    // still in flight.
                    if !finished.outcome.succeeded() {
                        self.due.ahead.mark_changed();
                    }
                }
            }
        }
    }

    /// Starts due deliveries as far as there is room.
    async fn start_due(&mut self) {
        // Without room, there is no point in waking up when something becomes due. Whatever makes
        // room calls this again.
        self.next_due = None;
        if self.recorder.has_failed() || !self.due.lanes.has_room() {
            return;
        }
        let clock = self.service.store.clock();
        // Another server sends them. What this one has in flight is recorded.
        if !self.service.leadership.is_held() {
            self.due.ahead.clear();
            return;
        }
        let now = Now { due: self.clock.now(clock), monotonic: clock.monotonic() };
        let drains = self.take_drains();
        let mut due = mem::take(&mut self.due);
        let taking = self.service.run_reads(move |service| {
            let taken = due.take(&service.store, now);
            (due, taken)
        });
        let (due, (requests, read)) = taking.await;
        self.due = due;
        // Reading may have taken a while.
        let now = self.clock.now(self.service.store.clock());
        for request in requests {
            self.start(request, now);
        }
        match read {
            Ok(()) => self.has_failed_to_read = false,
            Err(error) => {
                self.end_drains(drains, false);
                return self.warn_of_failed_read(&error);
            }
        }
        self.next_due = self.due.ahead.next_due(&self.due.lanes);
        // Nothing is left that is due, or it would have been started.
        self.end_drains(drains, self.due.lanes.is_idle());
    }

    /// Returns those who wait for an empty outbox. It is read again for them, so that nothing they
    /// know of is missed.
    fn take_drains(&mut self) -> Vec<Waiter> {
        let control = self.service.test_control.as_ref();
        let drains = control.map(|control| control.drains.take()).unwrap_or_default();
        if !drains.is_empty() {
            self.due.ahead.mark_changed();
        }
        drains
    }

    /// Notifies those who wait for an empty outbox if it is, and otherwise lets them wait.
    fn end_drains(&self, waiters: Vec<Waiter>, is_empty: bool) {
        let Some(control) = &self.service.test_control else { return };
        if !is_empty {
            return control.drains.put_back(waiters);
        }
        for waiter in waiters {
            // It may have given up.
            let _ = waiter.send(());
        }
    }

    fn start(&mut self, outgoing: OutgoingRequest, due_now: Timestamp) {
        let delivery = outgoing.delivery;
        let (client, policy) = (self.client.clone(), self.policy.clone());
        let (service, outlet) = (Arc::clone(&self.service), self.outlet.clone());
        tokio::spawn(async move {
            let (workspace, step) = (outgoing.workspace, outgoing.step);
            let (id, url) = (outgoing.id.clone(), outgoing.url.clone());
            let can_retry = outgoing.body.is_some() && service.demo().is_none();
            let clock = service.store.clock();
            let (started_at, started) = (clock.now(), clock.monotonic());
            let sent = deliver(&service, &client, &policy, outgoing, started_at);
            // Without a result, the delivery would never be attempted again.
            let outcome = AssertUnwindSafe(sent).catch_unwind().await.unwrap_or_else(|_| {
                failed(&url, started_at, "The attempt ended with an internal error.".to_owned())
            });
            let ended_at = due_now.plus(clock.monotonic().since(started));
            let retry_at = retry_at(&service, step, &outcome, ended_at).filter(|_| can_retry);
            let finished = Finished { workspace, delivery, id, step, outcome, retry_at };
            // Fails only if the sender has stopped waiting for this attempt.
            let _ = outlet.send(Message::Ended(finished));
        });
    }

    /// Logs the first of several failures in a row.
    fn warn_of_failed_read(&mut self, error: &StoreError) {
        if !mem::replace(&mut self.has_failed_to_read, true) {
            log::warn!("webhook deliveries can't be read and will be sent later: {error}");
        }
    }

    /// Waits until all attempts in flight have ended and been recorded.
    async fn drain(&mut self) {
        while !self.due.lanes.is_idle() && !self.recorder.has_failed() {
            self.recorder.write();
            let message = self.messages.recv().await;
            self.receive_all(message);
        }
    }
}

/// Waits until someone wants to know when the outbox is empty.
async fn drain_requested(service: &Service) {
    match &service.test_control {
        Some(control) => control.drains.requested().await,
        None => std::future::pending().await,
    }
}

/// Waits until then; forever if `None`.
async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

async fn deliver(
    service: &Service,
    client: &Client,
    policy: &DestinationPolicy,
    mut outgoing: OutgoingRequest,
    now: Timestamp,
) -> Outcome {
    let webhooks = &service.settings.webhooks;
    let keyring = &webhooks.encryption_key;
    let not_sent = |why: &str| failed(&outgoing.url, now, format!("Not sent: {why}."));
    if service.demo().is_some() {
        return not_sent("this server is a demo");
    }
    let secrets = match signing_secrets(keyring, &outgoing.endpoint, &outgoing.secrets, now) {
        Ok(secrets) => secrets,
        Err(error) => return not_sent(&error.to_string()),
    };
    let Some(body) = outgoing.body.take() else { return not_sent("the event was removed") };
    attempt(client, policy, outgoing, body, secrets, now, webhooks.timeout).await
}

/// Returns the outcome of an attempt that failed without a response.
fn failed(url: &EndpointUrl, started_at: Timestamp, error: String) -> Outcome {
    Outcome {
        started_at,
        duration: Duration::ZERO,
        url: url.as_str().to_owned(),
        status: None,
        error: Some(error),
        response: Vec::new(),
        retry_after: None,
    }
}

/// Returns when the next attempt is due; `None` after the last one.
fn retry_at(
    service: &Service,
    step: usize,
    outcome: &Outcome,
    ended_at: Timestamp,
) -> Option<Timestamp> {
    let schedule = &service.settings.webhooks.schedule;
    let delay = schedule.delay_before(step + 2, rand::random(), outcome.retry_after)?;
    // Positive times are retries.
    Some(ended_at.plus(delay).max(Timestamp::from_micros(1)))
}
