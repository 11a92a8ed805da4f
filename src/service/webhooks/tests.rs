//! Tests of the HTTP client together with the guarded resolver.

use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::attempt::attempt;
use super::resolver::{GuardedResolver, HostLookup};
use super::sender::client;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::Outcome;
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::model::webhook::policy::DestinationPolicy;
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::url::EndpointUrl;
use crate::model::workspace::WorkspaceNo;
use crate::store::webhooks::endpoints::Secrets;
use crate::store::webhooks::numbers::DeliveryNo;
use crate::store::webhooks::queue::OutgoingRequest;

/// Each lookup returns the next list of addresses. Once they run out, lookups never finish.
struct ScriptedLookup(Mutex<Vec<Vec<&'static str>>>);

impl HostLookup for ScriptedLookup {
    fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let mut script = self.0.lock().unwrap();
        if script.is_empty() {
            return Box::pin(std::future::pending());
        }
        let next = script.remove(0);
        let addresses = next.iter().map(|text| text.parse().unwrap()).collect();
        Box::pin(async move { Ok(addresses) })
    }
}

async fn send(client: &reqwest::Client, policy: &DestinationPolicy, url: &str) -> Outcome {
    let secret = SigningSecret::generate().unwrap();
    let stored = StoredSecret { bytes: secret.key().to_vec(), encrypted_with: None };
    let body = b"{}".to_vec();
    let outgoing = OutgoingRequest {
        workspace: WorkspaceNo(1),
        delivery: DeliveryNo::for_test(1),
        id: DeliveryId::generate(),
        endpoint: EndpointId::generate(),
        url: EndpointUrl::parse(url).unwrap(),
        secrets: Secrets { current: stored, old: None },
        body: None,
        step: 0,
    };
    let (now, timeout) = (Timestamp::from_micros(0), Duration::from_secs(20));
    attempt(client, policy, outgoing, body, vec![secret], now, timeout).await
}

/// Accepts connections one after another. The thread returns the requests that it received.
fn listen(connections: usize) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        let mut heads = Vec::new();
        for _ in 0..connections {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 4096];
            let mut length = 0;
            while !bytes[..length].ends_with(b"{}") {
                length += stream.read(&mut bytes[length..]).unwrap();
            }
            heads.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
            let response = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(response).unwrap();
        }
        heads
    };
    (port, std::thread::spawn(serve))
}

#[tokio::test]
async fn a_name_is_looked_up_for_each_connection_and_refused_if_an_address_is_not_allowed() {
    let policy = DestinationPolicy {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        allow_http: true,
        listens_on_loopback: false,
    };
    let script = vec![
        vec!["127.0.0.1"],
        vec!["10.0.0.1"],
        vec!["127.0.0.1", "169.254.169.254"],
        vec![],
        vec!["127.0.0.1"],
    ];
    let lookup = Arc::new(ScriptedLookup(Mutex::new(script)));
    let client = client(GuardedResolver { lookup, policy: policy.clone() }).unwrap();
    let (port, requests) = listen(2);
    let url = format!("http://receiver.example:{port}/hook");
    let errors = [
        None,
        Some("Not sent: the URL leads to 10.0.0.1, a private address. "),
        Some("Not sent: the URL leads to 169.254.169.254, an address that webhooks are never"),
        Some("Can't connect: the host name doesn't resolve to any address."),
        None,
    ];
    for expected in errors {
        let outcome = send(&client, &policy, &url).await;
        let error = outcome.error.as_deref();
        match expected {
            Some(start) => assert!(error.is_some_and(|text| text.starts_with(start)), "{error:?}"),
            None => assert_eq!((error, outcome.status), (None, Some(200))),
        }
    }
    let requests = requests.join().unwrap();
    assert!(requests[0].contains(&format!("host: receiver.example:{port}")), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lookup_that_hangs_ends_when_the_attempt_times_out() {
    let policy = DestinationPolicy { allow_http: true, ..DestinationPolicy::default() };
    let lookup = Arc::new(ScriptedLookup(Mutex::default()));
    let client = client(GuardedResolver { lookup, policy: policy.clone() }).unwrap();
    let outcome = send(&client, &policy, "http://receiver.example/").await;
    assert_eq!(outcome.error.as_deref(), Some("No response within 20s."));
}
