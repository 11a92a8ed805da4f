//! Shares what the limits have counted with the other servers of a database. Each server decides by its
//! own memory, and learns about once a second what the others have counted, so a limit is exceeded at
//! most by what each server allows before it knows of the others.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Service;
use super::auth_limits::failed_attempts::Subject;
use super::auth_limits::secret_kinds::SecretKind;
use crate::model::clock::Monotonic;
use crate::model::key::KeyId;
use crate::model::key::secret::Prefix;
use crate::store::{ServerCounts, StoreError, Tx, WriteScope};

const SHARE_EVERY: Duration = Duration::from_secs(1);
/// How long a batch is published. Another server that does not read for longer misses it.
const PUBLISHED_FOR: Duration = Duration::from_secs(10);

/// What a server has counted in about a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
struct Batch {
    /// Increases with each batch of a server.
    no: u64,
    requests: Vec<(KeyId, u32)>,
    failures: Vec<Failures>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Failures {
    kind: SecretKind,
    network: IpNet,
    key: Option<String>,
    count: u32,
}

/// Shares counts until the server stops. Does nothing if there are no other servers.
pub(crate) async fn share_counts(service: Arc<Service>) {
    if service.store.is_local() {
        return;
    }
    let remove = |tx: &Tx<'_>| tx.remove_old_counts();
    if let Err(error) = service.store.write(WriteScope::Database, remove).await {
        log::debug!("cannot remove the counts of servers that have ended: {error}");
    }
    let mut exchange = Exchange::new();
    loop {
        service.store.clock().sleep(SHARE_EVERY).await;
        if let Err(error) = exchange.run(&service).await {
            log::debug!("cannot share the counts of limits, retrying in a second: {error}");
        }
    }
}

/// What this server has published, and how far it has read what the others have.
struct Exchange {
    server: String,
    published: VecDeque<(Monotonic, Batch)>,
    next_no: u64,
    /// The last batch of each other server. `None` until they are read for the first time: what they
    /// counted before this server started may be long ago, and is left out.
    read: Option<HashMap<String, u64>>,
}

impl Exchange {
    fn new() -> Self {
        let server = Uuid::now_v7().to_string();
        Self { server, published: VecDeque::new(), next_no: 1, read: None }
    }

    async fn run(&mut self, service: &Arc<Service>) -> Result<(), StoreError> {
        if let Some(counts) = self.next_batch(service) {
            let server = self.server.clone();
            let publish = move |tx: &Tx<'_>| tx.publish_counts(&server, &counts);
            service.store.write(WriteScope::SingleRow, publish).await?;
        }
        let server = self.server.clone();
        let others = service.look_up(None, move |reader| reader.counts_of_others(&server)).await?;
        self.add(service, others);
        Ok(())
    }

    /// Returns what to publish. `None` if nothing was counted.
    fn next_batch(&mut self, service: &Service) -> Option<String> {
        let requests = service.rate_limits.take_unshared();
        let failures = service.auth_limits.take_unshared();
        if requests.is_empty() && failures.is_empty() {
            return None;
        }
        let failures = failures.into_iter().map(|(kind, Subject { network, key }, count)| {
            let key = key.map(|key| key.to_string());
            Failures { kind, network, key, count }
        });
        let batch = Batch { no: self.next_no, requests, failures: failures.collect() };
        self.next_no += 1;
        let now = service.store.clock().monotonic();
        self.published.retain(|(at, _)| now.since(*at) < PUBLISHED_FOR);
        self.published.push_back((now, batch));
        let batches: Vec<_> = self.published.iter().map(|(_, batch)| batch).collect();
        // Cannot fail: it has no maps.
        serde_json::to_string(&batches).ok()
    }

    /// Adds the batches of other servers that this one has not read yet.
    fn add(&mut self, service: &Service, others: Vec<ServerCounts>) {
        let now = service.store.clock().monotonic();
        let is_first = self.read.is_none();
        let before = self.read.take().unwrap_or_default();
        let mut read = HashMap::new();
        for ServerCounts { server, counts } in others {
            let mut last = before.get(&server).copied().unwrap_or(0);
            // A newer version may publish something else.
            let batches = serde_json::from_str::<Vec<Batch>>(&counts).unwrap_or_default();
            for batch in batches.into_iter().filter(|batch| batch.no > last).collect::<Vec<_>>() {
                last = batch.no;
                if !is_first {
                    batch.add_to(service, now);
                }
            }
            read.insert(server, last);
        }
        self.read = Some(read);
    }
}

impl Batch {
    fn add_to(self, service: &Service, now: Monotonic) {
        for (key, count) in self.requests {
            service.rate_limits.add(key, now, count);
        }
        for Failures { kind, network, key, count } in self.failures {
            let key = key.as_deref().and_then(Prefix::parse);
            service.auth_limits.add(kind, Subject { network, key }, now, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client_address::ClientAddress;
    use crate::model::clock::SystemClock;
    use crate::model::examples;
    use crate::model::key::Mode;
    use crate::model::values::id::Id;
    use crate::service::auth_limits::secret_kinds::Attempt;
    use crate::settings::Settings;
    use crate::store::{DataDir, Store};

    /// A server that could share a database with others.
    fn server() -> (tempfile::TempDir, Service) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock));
        (dir, Service::new(Settings::default(), store.unwrap().pretend_remote()))
    }

    fn published(server: &str, counts: String) -> Vec<ServerCounts> {
        vec![ServerCounts { server: server.to_owned(), counts }]
    }

    #[test]
    fn each_batch_of_another_server_is_added_once() {
        let ((_a, ours), (_b, theirs)) = (server(), server());
        let (mut reading, mut writing) = (Exchange::new(), Exchange::new());
        let key = examples::key();
        let now = || ours.store.clock().monotonic();
        let left = || ours.rate_limits.peek(&key, now()).unwrap().remaining;
        let limit = left();
        reading.add(&ours, Vec::new());
        for used in 1..=3 {
            theirs.rate_limits.count(&key, now());
            let counts = writing.next_batch(&theirs).unwrap();
            reading.add(&ours, published("b", counts.clone()));
            reading.add(&ours, published("b", counts));
            assert_eq!(left(), limit - used);
        }
        assert_eq!(writing.next_batch(&theirs), None, "nothing was counted since then");
        reading.add(&ours, published("a newer version", "{}".to_owned()));
        assert_eq!(left(), limit - 3);
    }

    #[test]
    fn a_server_that_starts_ignores_what_others_counted_before() {
        let ((_a, ours), (_b, theirs)) = (server(), server());
        let (mut reading, mut writing) = (Exchange::new(), Exchange::new());
        let key = examples::key();
        let now = || ours.store.clock().monotonic();
        let limit = ours.rate_limits.peek(&key, now()).unwrap().remaining;
        theirs.rate_limits.count(&key, now());
        reading.add(&ours, published("b", writing.next_batch(&theirs).unwrap()));
        theirs.rate_limits.count(&key, now());
        reading.add(&ours, published("b", writing.next_batch(&theirs).unwrap()));
        assert_eq!(ours.rate_limits.peek(&key, now()).unwrap().remaining, limit - 1);
    }

    #[test]
    fn failed_attempts_are_shared_with_their_network_and_key() {
        let ((_a, ours), (_b, theirs)) = (server(), server());
        let (mut reading, mut writing) = (Exchange::new(), Exchange::new());
        let attempt = |address: &str| {
            let ip = address.parse().unwrap();
            Attempt::with_password(ClientAddress::Ip(ip))
        };
        reading.add(&ours, Vec::new());
        for _ in 0..10 {
            theirs.record_failure(&attempt("203.0.113.1"));
        }
        assert!(ours.check_failure_limit(&attempt("203.0.113.1")).is_ok());
        reading.add(&ours, published("b", writing.next_batch(&theirs).unwrap()));
        assert!(ours.check_failure_limit(&attempt("203.0.113.1")).is_err());
        assert!(ours.check_failure_limit(&attempt("203.0.113.2")).is_ok());
        assert_eq!(writing.next_batch(&ours), None, "those of others are not passed on");
    }

    #[test]
    fn a_batch_is_read_as_it_was_written() {
        let network = "2001:db8::/64".parse().unwrap();
        let key = Some(Prefix::new(Mode::Test, "AAAAAAAA").to_string());
        let failures = vec![Failures { kind: SecretKind::OldKey, network, key, count: 3 }];
        let batch = Batch { no: 7, requests: vec![(Id::generate(), 5)], failures };
        let text = serde_json::to_string(&[&batch]).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Batch>>(&text).unwrap(), [batch]);
    }
}
