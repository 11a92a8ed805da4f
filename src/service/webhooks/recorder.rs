//! Records finished attempts in batches: those that finish while a batch is being written, or shortly
//! after it was, form the next one. While results can't be stored, nothing more is sent, because after a restart it
//! would be sent again.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::model::webhook::endpoint::{DisabledReason, Endpoint};
use crate::service::Service;
use crate::store::StoreError;
use crate::store::webhooks::attempts::{Finished, Recorded};

/// The minimum time between two batches, so that more results share a commit. The first result after
/// a pause doesn't wait: if the disk is full, that must be noticed before more is sent.
const INTERVAL: Duration = Duration::from_millis(5);
/// The number of results that don't wait for more.
const FULL: usize = 64;

/// A message to the sender.
pub(super) enum Message {
    /// An attempt ended.
    Ended(Finished),
    /// Storing a batch of results succeeded or failed.
    WriteEnded(Vec<Finished>, Result<Recorded, StoreError>),
}

pub(super) struct Recorder {
    service: Arc<Service>,
    messages: UnboundedSender<Message>,
    waiting: Vec<Finished>,
    /// When the last batch was started.
    last_batch: Option<Instant>,
    is_writing: bool,
    has_failed: bool,
}

impl Recorder {
    pub fn new(service: Arc<Service>, messages: UnboundedSender<Message>) -> Self {
        Self {
            service,
            messages,
            waiting: Vec::new(),
            last_batch: None,
            is_writing: false,
            has_failed: false,
        }
    }

    /// Returns whether the last batch couldn't be stored.
    pub fn has_failed(&self) -> bool {
        self.has_failed
    }

    pub fn add(&mut self, finished: Finished) {
        self.waiting.push(finished);
    }

    /// Returns when to write the waiting results; `None` if there are none, or if a batch is being
    /// written. After a failure, the sender's next check tries again.
    pub fn write_at(&self) -> Option<Instant> {
        if self.is_writing || self.has_failed || self.waiting.is_empty() {
            return None;
        }
        let earliest = self.last_batch.filter(|_| self.waiting.len() < FULL);
        Some(earliest.map_or_else(Instant::now, |last| last + INTERVAL))
    }

    /// Writes the waiting results if it is time to.
    pub fn write_if_due(&mut self) {
        if self.write_at().is_some_and(|time| time <= Instant::now()) {
            self.write();
        }
    }

    /// Writes the waiting results, unless a batch is being written.
    pub fn write(&mut self) {
        if self.is_writing || self.waiting.is_empty() {
            return;
        }
        self.is_writing = true;
        self.last_batch = Some(Instant::now());
        let batch = Arc::new(mem::take(&mut self.waiting));
        let (service, messages) = (Arc::clone(&self.service), self.messages.clone());
        tokio::spawn(async move {
            let disable_after = service.settings.webhooks.disable_after;
            let to_write = Arc::clone(&batch);
            let stored =
                service.store.write(move |tx| tx.record_attempts(&to_write, disable_after)).await;
            let batch = Arc::unwrap_or_clone(batch);
            // Can't fail: the sender keeps running until it has received this.
            let _ = messages.send(Message::WriteEnded(batch, stored));
        });
    }

    /// Handles the outcome of writing a batch. Returns the attempts that were recorded.
    pub fn finish_write(
        &mut self,
        mut batch: Vec<Finished>,
        stored: Result<Recorded, StoreError>,
    ) -> Vec<Finished> {
        self.is_writing = false;
        match stored {
            Ok(recorded) => {
                if mem::take(&mut self.has_failed) {
                    log::info!("results of webhook deliveries can be stored again");
                }
                recorded.disabled.iter().for_each(warn_of_disabled);
                self.service.metrics.webhooks.record(&batch, &recorded);
                batch
            }
            Err(error) => {
                if !mem::replace(&mut self.has_failed, true) {
                    log::error!(
                        "the results of {} webhook deliveries can't be stored, so no more will be \
                         sent until they can be: {error}",
                        batch.len()
                    );
                }
                batch.append(&mut self.waiting);
                self.waiting = batch;
                Vec::new()
            }
        }
    }
}

fn warn_of_disabled(endpoint: &Endpoint) {
    let why = match endpoint.disabled.map(|disabled| disabled.reason) {
        Some(DisabledReason::Gone) => "the receiver returned 410 Gone".to_owned(),
        _ => format!("{} deliveries in a row failed", endpoint.failures),
    };
    log::warn!(
        "webhook endpoint {} of workspace {} is disabled because {why}; enable it with \
         `pivotal-server webhooks enable {}`",
        endpoint.id,
        endpoint.workspace.as_str(),
        endpoint.id
    );
}
