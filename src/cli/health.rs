//! `health` and `wait`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::{Map, Value};

use super::args::{Health, Wait};
use super::context::Context;
use super::failure::Failure;
use crate::http::outgoing::cause::root_cause;
use crate::http::outgoing::tls;

/// How long the server may take to respond.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long each attempt of `wait` may take at least, even if that is longer than the time left.
const MIN_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause between two attempts of `wait`.
const PAUSE: Duration = Duration::from_millis(100);
const PATH: &str = "/api/health/deep";

/// Prints the health of a server. Fails if it doesn't respond or is unavailable.
pub fn run(context: &Context, args: &Health) -> Result<(), Failure> {
    let url = base_url(context, args);
    let health = Probe::new(&url)?.fetch(TIMEOUT).map_err(|reason| {
        Failure::Other(format!("{url} is not healthy: {reason}; see the server's log"))
    })?;
    context.output.print(&health, || describe(&url, &health))
}

/// Waits until a server is healthy, and prints its health.
pub fn wait(context: &Context, args: &Wait) -> Result<(), Failure> {
    let url = base_url(context, &args.server);
    let probe = Probe::new(&url)?;
    let deadline = Instant::now() + args.timeout;
    loop {
        // At least one attempt is made, and it can take a moment.
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.clamp(MIN_TIMEOUT, TIMEOUT).as_secs();
        match probe.fetch(Duration::from_secs(left)) {
            Ok(health) => return context.output.print(&health, || describe(&url, &health)),
            Err(_) if Instant::now() + PAUSE < deadline => std::thread::sleep(PAUSE),
            Err(reason) => {
                let timeout = humantime::format_duration(args.timeout);
                return Err(Failure::Other(format!(
                    "waited {timeout} for {url} to be healthy, but it is not: {reason}; see the \
                     server's log"
                )));
            }
        }
    }
}

fn base_url(context: &Context, args: &Health) -> String {
    match &args.url {
        Some(url) => url.clone(),
        None => format!("http://{}", reachable(context.settings.settings.listen)),
    }
}

/// Replaces the address that means all interfaces, to which clients can't connect everywhere.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    SocketAddr::new(ip, listen.port())
}

/// Requests the health of one server.
struct Probe {
    url: String,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Probe {
    fn new(base: &str) -> Result<Self, Failure> {
        let failed = |error: String| Failure::Other(format!("cannot send requests: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let client = tls::config().map_err(|error| failed(error.to_string())).and_then(|tls| {
            let client = Client::builder().tls_backend_preconfigured(tls);
            let client = client.redirect(Policy::none()).no_proxy().build();
            client.map_err(|error| failed(error.to_string()))
        })?;
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        Ok(Self { url: format!("{base}{PATH}"), client, runtime })
    }

    /// Returns the response of a healthy server, or why it isn't healthy.
    fn fetch(&self, timeout: Duration) -> Result<Map<String, Value>, String> {
        let request = self.client.get(&self.url).timeout(timeout);
        let (status, body) = self
            .runtime
            .block_on(async {
                let response = request.send().await?;
                Ok((response.status(), response.bytes().await?))
            })
            .map_err(|error| explain(&error, timeout))?;
        let health = serde_json::from_slice::<Map<String, Value>>(&body).unwrap_or_default();
        match health.get("status").and_then(Value::as_str) {
            Some("ok" | "degraded") => Ok(health),
            Some("unavailable") => Err(problems(&health).join(", ")),
            _ => {
                Err(format!("{PATH} returned {status}, which is not a response of pivotal-server"))
            }
        }
    }
}

fn describe(url: &str, health: &Map<String, Value>) -> String {
    let status = health.get("status").and_then(Value::as_str).unwrap_or("ok");
    let problems = match status {
        "ok" => Vec::new(),
        _ => problems(health),
    };
    match &problems[..] {
        [] => format!("{url} is {status}"),
        _ => format!("{url} is {status}: {}", problems.join(", ")),
    }
}

/// The checks that found a problem, with their texts.
fn problems(health: &Map<String, Value>) -> Vec<String> {
    let checks = health.get("checks").and_then(Value::as_object).into_iter().flatten();
    let texts = checks.filter_map(|(name, text)| Some((name, text.as_str()?)));
    texts
        .filter(|(_, text)| !matches!(*text, "ok" | "off" | "none yet" | "unknown"))
        .map(|(name, text)| format!("{name}: {text}"))
        .collect()
}

fn explain(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        return format!("no response within {}", humantime::format_duration(timeout));
    }
    root_cause(error)
}
