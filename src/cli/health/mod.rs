//! `health` and `wait`

pub mod args;
pub mod server_address;

use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use self::args::{Health, Wait};
use self::server_address::ServerAddress;
use super::context::Context;
use super::output::failure::Failure;
use crate::http::outgoing::cause::root_cause;

/// How long the server may take to respond.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long each attempt of `wait` may take at least, even if that is longer than the time left.
const MIN_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause between two attempts of `wait`.
const PAUSE: Duration = Duration::from_millis(100);
const PATH: &str = "/api/health/deep";

/// Prints the health of a server. Fails if it doesn't respond or is unavailable.
pub fn run(context: &Context, args: &Health) -> Result<(), Failure> {
    let address = address(context, args);
    let health = Probe::new(&address)?.fetch(TIMEOUT).map_err(|reason| {
        Failure::Other(format!("{address} is not healthy: {reason}; see the server's log"))
    })?;
    context.output.print(&health, || describe(&address, &health))
}

/// Waits until a server is healthy, and prints its health.
pub fn wait(context: &Context, args: &Wait) -> Result<(), Failure> {
    let address = address(context, &args.server);
    let probe = Probe::new(&address)?;
    let deadline = Instant::now() + args.timeout;
    loop {
        // At least one attempt is made, and it can take a moment.
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.clamp(MIN_TIMEOUT, TIMEOUT).as_secs();
        match probe.fetch(Duration::from_secs(left)) {
            Ok(health) => return context.output.print(&health, || describe(&address, &health)),
            Err(_) if Instant::now() + PAUSE < deadline => std::thread::sleep(PAUSE),
            Err(reason) => {
                let timeout = humantime::format_duration(args.timeout);
                return Err(Failure::Other(format!(
                    "waited {timeout} for {address} to be healthy, but it is not: {reason}; see the \
                     server's log"
                )));
            }
        }
    }
}

fn address(context: &Context, args: &Health) -> ServerAddress {
    let own = || ServerAddress::from_settings(&context.settings.settings);
    args.url.clone().unwrap_or_else(own)
}

/// Requests the health of one server.
struct Probe {
    url: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Probe {
    fn new(address: &ServerAddress) -> Result<Self, Failure> {
        let failed = |error: String| Failure::Other(format!("cannot send requests: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(error.to_string()))?;
        let (client, base) = address.client().map_err(failed)?;
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

fn describe(address: &ServerAddress, health: &Map<String, Value>) -> String {
    let status = health.get("status").and_then(Value::as_str).unwrap_or("ok");
    let problems = match status {
        "ok" => Vec::new(),
        _ => problems(health),
    };
    match &problems[..] {
        [] => format!("{address} is {status}"),
        _ => format!("{address} is {status}: {}", problems.join(", ")),
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
