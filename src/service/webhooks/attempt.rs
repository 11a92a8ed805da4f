//! One attempt at a delivery: sends the HTTP request and returns the outcome.

use std::error::Error;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap, USER_AGENT};
use reqwest::{Client, Response, StatusCode};

use crate::http::outgoing::cause::root_cause;
use crate::http::outgoing::retry_after::retry_after;
use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{KEPT_RESPONSE, Outcome};
use crate::model::webhook::policy::{DestinationPolicy, Refusal};
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::signature::sign;
use crate::store::webhooks::queue::OutgoingRequest;

/// How many bytes of a response are read. If the receiver sends more, the connection is closed, but
/// the response still counts.
const MAX_RESPONSE: usize = 64 << 10;

const AGENT: &str = concat!("pivotal-server/", env!("CARGO_PKG_VERSION"));

/// Sends a request, signed with the secrets, and waits for the response.
pub(super) async fn attempt(
    client: &Client,
    policy: &DestinationPolicy,
    outgoing: OutgoingRequest,
    body: Vec<u8>,
    secrets: Vec<SigningSecret>,
    started_at: Timestamp,
    timeout: Duration,
) -> Outcome {
    let started = Instant::now();
    let mut outcome = Outcome {
        started_at,
        duration: Duration::ZERO,
        url: outgoing.url.as_str().to_owned(),
        status: None,
        error: None,
        response: Vec::new(),
        retry_after: None,
    };
    // A URL with a literal IP address never reaches the resolver, and the settings may have changed
    // since the URL was stored.
    let sent = match policy.check_url(&outgoing.url) {
        Ok(()) => send(client, outgoing, body, secrets, started_at, timeout).await,
        Err(refusal) => Err(refused(&refusal)),
    };
    match sent {
        Ok(response) => read(response, started_at, &mut outcome).await,
        Err(error) => outcome.error = Some(error),
    }
    outcome.duration = started.elapsed();
    outcome
}

async fn send(
    client: &Client,
    outgoing: OutgoingRequest,
    body: Vec<u8>,
    secrets: Vec<SigningSecret>,
    now: Timestamp,
    timeout: Duration,
) -> Result<Response, String> {
    let id = outgoing.id.as_str();
    let timestamp = now.as_micros().div_euclid(1_000_000);
    let signature = sign(&secrets, id, timestamp, &body);
    let mut request = client
        .post(outgoing.url.as_url().clone())
        .timeout(timeout)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, AGENT);
    for prefix in ["svix", "webhook"] {
        request = request
            .header(format!("{prefix}-id"), id)
            .header(format!("{prefix}-timestamp"), timestamp)
            .header(format!("{prefix}-signature"), &signature);
    }
    request.body(body).send().await.map_err(|error| explain(&error, timeout))
}

/// Reads the beginning of the body and decides whether the attempt succeeded.
async fn read(mut response: Response, now: Timestamp, outcome: &mut Outcome) {
    let status = response.status();
    outcome.status = Some(status.as_u16());
    outcome.retry_after = wait_requested(status, response.headers(), now);
    let mut length = 0;
    let broken = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let kept = KEPT_RESPONSE - outcome.response.len();
                outcome.response.extend_from_slice(&chunk[..kept.min(chunk.len())]);
                length += chunk.len();
                if length > MAX_RESPONSE {
                    break None;
                }
            }
            Ok(None) => break None,
            Err(error) if error.is_timeout() => {
                break Some("The response wasn't complete in time.".to_owned());
            }
            Err(error) => {
                break Some(format!("The response was cut off: {}.", root_cause(&error)));
            }
        }
    };
    outcome.error = if status.is_success() {
        broken
    } else if status.is_redirection() {
        Some(format!("The receiver redirected ({status}). Redirects are never followed."))
    } else {
        Some(format!("The receiver returned {status}."))
    };
}

/// Describes why a request got no response, for the delivery log.
fn explain(error: &reqwest::Error, timeout: Duration) -> String {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return refused(refusal);
        }
        source = cause.source();
    }
    let cause = root_cause(error);
    if error.is_timeout() {
        format!("No response within {}.", humantime::format_duration(timeout))
    } else if error.is_connect() {
        format!("Can't connect: {cause}.")
    } else {
        format!("The request failed: {cause}.")
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("Not sent: the URL {refusal}.")
}

/// Returns how long an overloaded or unavailable receiver asks the sender to wait.
fn wait_requested(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let counts = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    if counts { retry_after(headers, now) } else { None }
}

#[cfg(test)]
mod tests {
    use reqwest::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn retry_after_counts_for_429_and_503_only() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().unwrap())]);
        let wait = |status| wait_requested(status, &headers, Timestamp::from_micros(0));
        assert_eq!(wait(StatusCode::TOO_MANY_REQUESTS), Some(Duration::from_secs(7)));
        assert_eq!(wait(StatusCode::SERVICE_UNAVAILABLE), Some(Duration::from_secs(7)));
        assert_eq!(wait(StatusCode::INTERNAL_SERVER_ERROR), None);
    }
}
