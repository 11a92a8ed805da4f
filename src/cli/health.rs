//! `health`

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::{Map, Value};

use super::args::Health;
use super::context::Context;
use super::failure::Failure;
use crate::http::outgoing::tls;

/// How long the server may take to respond.
const TIMEOUT: Duration = Duration::from_secs(10);
const PATH: &str = "/api/health/deep";

/// Prints the health of a server. Fails if it doesn't respond or is unavailable.
pub fn run(context: &Context, args: &Health) -> Result<(), Failure> {
    let origin = match &args.url {
        Some(url) => url.clone(),
        None => format!("http://{}", reachable(context.settings.settings.listen)),
    };
    let health = fetch(&origin).map_err(|reason| {
        Failure::Other(format!("{origin} is not healthy: {reason}; see the server's log"))
    })?;
    context.output.print(&health, || describe(&origin, &health))
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

fn fetch(origin: &str) -> Result<Map<String, Value>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let tls = tls::config().map_err(|error| error.to_string())?;
    let (status, body) = runtime
        .block_on(async {
            let client = Client::builder()
                .tls_backend_preconfigured(tls)
                .redirect(Policy::none())
                .no_proxy()
                .timeout(TIMEOUT)
                .build()?;
            let response = client.get(format!("{origin}{PATH}")).send().await?;
            Ok((response.status(), response.bytes().await?))
        })
        .map_err(|error| explain(&error))?;
    let health = serde_json::from_slice::<Map<String, Value>>(&body).unwrap_or_default();
    match health.get("status").and_then(Value::as_str) {
        Some("ok" | "degraded") => Ok(health),
        Some("unavailable") => Err(problems(&health).join(", ")),
        _ => Err(format!("{PATH} returned {status}, which is not a response of pivotal-server")),
    }
}

fn describe(origin: &str, health: &Map<String, Value>) -> String {
    let status = health.get("status").and_then(Value::as_str).unwrap_or("ok");
    let problems = match status {
        "ok" => Vec::new(),
        _ => problems(health),
    };
    match &problems[..] {
        [] => format!("{origin} is {status}"),
        _ => format!("{origin} is {status}: {}", problems.join(", ")),
    }
}

/// The checks that found a problem, with their texts.
fn problems(health: &Map<String, Value>) -> Vec<String> {
    let checks = health.get("checks").and_then(Value::as_object).into_iter().flatten();
    let texts = checks.filter_map(|(name, text)| Some((name, text.as_str()?)));
    texts
        .filter(|(_, text)| !matches!(*text, "ok" | "off" | "none yet"))
        .map(|(name, text)| format!("{name}: {text}"))
        .collect()
}

fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no response within {}", humantime::format_duration(TIMEOUT));
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
