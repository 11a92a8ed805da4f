//! Records finished attempts in batches: those that finish while a batch is being written, or shortly
//! after it was, form the next one. While results can't be stored, nothing more is sent, because after a restart it
//! would be sent again.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::model::webhook::endpoint::{DisabledReason, Endpoint};
use crate::model::workspace::WorkspaceNo;
use crate::service::Service;
use crate::store::webhooks::attempts::{Finished, Recorded};
use crate::store::{StoreError, Tx, WriteScope};

/// The minimum time between two batches, so that more results share a commit. The first result after
/// a pause doesn't wait: if the disk is full, that must be noticed before more is sent.
const INTERVAL: Duration = Duration::from_millis(5);
/// The number of results that don't wait for more.
const FULL: usize = 64;

/// A message to the sender.
pub(super) enum Message {
    /// An attempt ended.
    Ended(Finished),
    /// Storing a batch of results has ended.
    WriteEnded(Vec<Written>),
}

/// The results of a batch that belong to one workspace, and whether they were stored.
pub(super) struct Written {
    results: Vec<Finished>,
    stored: Result<Recorded, StoreError>,
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
        let mut by_workspace: HashMap<WorkspaceNo, Vec<Finished>> = HashMap::new();
        for finished in mem::take(&mut self.waiting) {
            by_workspace.entry(finished.workspace).or_default().push(finished);
        }
        let (service, messages) = (Arc::clone(&self.service), self.messages.clone());
        tokio::spawn(async move {
            // Queued together, so that they can share a commit.
            let written = by_workspace
                .into_iter()
                .map(|(workspace, results)| write_results(&service, workspace, results));
            let written = join_all(written).await;
            // Can't fail: the sender keeps running until it has received this.
            let _ = messages.send(Message::WriteEnded(written));
        });
    }

    /// Handles the outcome of writing a batch. Returns the attempts that were recorded.
    pub fn finish_write(&mut self, written: Vec<Written>) -> Vec<Finished> {
        self.is_writing = false;
        let (mut recorded, mut unstored, mut cause) = (Vec::new(), Vec::new(), None);
        for Written { mut results, stored } in written {
            match stored {
                Ok(summary) => {
                    summary.disabled.iter().for_each(warn_of_disabled);
                    self.service.metrics.webhooks.record(&results, &summary);
                    recorded.append(&mut results);
                }
                Err(error) => {
                    unstored.append(&mut results);
                    cause = Some(error);
                }
            }
        }
        let had_failed = mem::replace(&mut self.has_failed, cause.is_some());
        match cause {
            None if had_failed => log::info!("results of webhook deliveries can be stored again"),
            Some(error) if !had_failed => log::error!(
                "the results of {} webhook deliveries can't be stored, so no more will be sent \
                 until they can be: {error}",
                unstored.len()
            ),
            _ => {}
        }
        unstored.append(&mut self.waiting);
        self.waiting = unstored;
        recorded
    }
}

async fn write_results(
    service: &Service,
    workspace: WorkspaceNo,
    results: Vec<Finished>,
) -> Written {
    let disable_after = service.settings.webhooks.disable_after;
    let results = Arc::new(results);
    let to_write = Arc::clone(&results);
    let record = move |tx: &Tx<'_>| tx.record_attempts(&to_write, disable_after);
    let stored = service.store.write(WriteScope::Workspace(workspace), record).await;
    Written { results: Arc::unwrap_or_clone(results), stored }
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
