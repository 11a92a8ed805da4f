//! Webhooks: what receivers get, whatever they, the network and the machine do.

mod crash;
mod disabling;
mod encryption;
#[cfg(target_os = "linux")]
mod full_disk;
mod growth;
mod guard;
mod isolation;
mod load;
mod misbehaving;
mod receiver;
mod requests;
mod restore;
mod rotation;
mod tls;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Server;
use crate::support::database::Template;

/// A closed database with the keys of its workspace, since creating keys takes longer than all the
/// rest of a start.
static FIRST: LazyLock<(Template, String, String)> = LazyLock::new(|| {
    let mut server = Server::start_with(&[]);
    assert_eq!(server.stop(), Some(0));
    (Template::take(server.dir()), server.live.clone(), server.test.clone())
});

/// A directory with a database that has nothing in it but the first keys.
pub fn new_dir() -> Arc<TempDir> {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    FIRST.0.copy_to(dir.path());
    dir
}

/// A server on such a directory, or on a copy of one, with these settings of `webhooks`:
/// `[("SCHEDULE", "0s,1s")]`.
pub fn start_in(dir: &Arc<TempDir>, settings: &[(&str, &str)]) -> Server {
    let mut variables = vec![("PIVOTAL_RATE_LIMITS_ENABLED".to_owned(), "false".to_owned())];
    variables.extend(
        settings
            .iter()
            .map(|(name, value)| (format!("PIVOTAL_WEBHOOKS_{name}"), value.to_string())),
    );
    let variables: Vec<_> = variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    with_keys(Server::start_in(Arc::clone(dir), &variables))
}

/// A server whose directory came from [`new_dir`].
pub fn with_keys(mut server: Server) -> Server {
    (server.live, server.test) = (FIRST.1.clone(), FIRST.2.clone());
    server
}

pub fn start(settings: &[(&str, &str)]) -> Server {
    start_in(&new_dir(), settings)
}

pub struct Endpoint {
    pub id: String,
    pub secret: String,
}

/// Creates an endpoint in the workspace `default`.
pub fn create(server: &Server, url: &str, more: &[&str]) -> Endpoint {
    let args = ["webhooks", "create", "--workspace", "default", "--url", url];
    let created = server.json(&[&args, more].concat());
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    Endpoint { id: text("id"), secret: text("secret") }
}

/// A row of the delivery log.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: String,
    pub kind: String,
    pub status: String,
    pub attempts: i64,
    /// Unix microseconds.
    pub next_attempt_at: Option<i64>,
    pub held: bool,
    /// What the last attempt ended with.
    pub started_at: Option<i64>,
    pub response_status: Option<i64>,
    pub error: String,
    pub response: Vec<u8>,
}

/// The deliveries of an endpoint, oldest first.
pub fn deliveries(server: &Server, endpoint: &Endpoint) -> Vec<Delivery> {
    let sql = "SELECT d.id, d.type, d.status, d.attempts, d.next_attempt_at, d.held,
                   a.started_at, a.status, a.error, a.response
               FROM webhook_deliveries AS d JOIN webhook_endpoints AS e ON e.no = d.endpoint_no
               LEFT JOIN webhook_attempts AS a
                   ON a.delivery_no = d.no AND a.number = d.attempts
               WHERE e.id = ?1 ORDER BY d.no";
    server.sql().query(sql, [&endpoint.id], |row| Delivery {
        id: row.get(0),
        kind: row.get(1),
        status: row.get(2),
        attempts: row.get(3),
        next_attempt_at: row.get(4),
        held: row.get(5),
        started_at: row.get(6),
        response_status: row.get(7),
        error: row.get::<Option<String>>(8).unwrap_or_default(),
        response: row.get::<Option<Vec<u8>>>(9).unwrap_or_default(),
    })
}

/// Waits until the endpoint has this many deliveries and all of them have ended.
pub fn settled(server: &Server, endpoint: &Endpoint, count: usize) -> Vec<Delivery> {
    wait_for(&format!("{count} deliveries have ended"), || {
        let all = deliveries(server, endpoint);
        let is_settled = all.len() == count && all.iter().all(|one| one.status != "pending");
        is_settled.then_some(all)
    })
}

/// Creates an endpoint, and returns its ping once it has been delivered or has failed.
pub fn pinged(server: &Server, url: &str) -> (Endpoint, Delivery) {
    let endpoint = create(server, url, &[]);
    let ping = settled(server, &endpoint, 1).remove(0);
    (endpoint, ping)
}

/// Waits for a value, for at most a minute. It looks again after a moment, since each look may open
/// the database.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    wait_for(what, || condition().then_some(()));
}

/// An endpoint as `webhooks show` prints it.
pub fn show(server: &Server, endpoint: &Endpoint) -> Value {
    server.json(&["webhooks", "show", &endpoint.id])
}

/// The one line with which a command refuses.
pub fn refusal(output: &std::process::Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}
