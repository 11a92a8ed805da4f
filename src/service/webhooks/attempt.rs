//! One attempt at a delivery: sends the HTTP request and returns the outcome.

use std::error::Error;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, Response, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::model::values::time::Timestamp;
use crate::model::webhook::delivery::{KEPT_RESPONSE, Outcome};
use crate::model::webhook::policy::{DestinationPolicy, Refusal};
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::signature::sign;
use crate::store::webhooks::queue::OutgoingRequest;

/// How many bytes of a response are read. If the receiver sends more, the connection is closed, but
/// the response still counts.
const MAX_RESPONSE: usize = 64 << 10;

/// The maximum length of a stored error message, in characters. A receiver can influence it, for
/// example with the names in its certificate.
const MAX_CAUSE: usize = 300;

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
    outcome.retry_after = retry_after(status, response.headers(), now);
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
                break Some(format!("The response was cut off: {}.", innermost(&error)));
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

/// Explains to the operator why a request got no response.
fn explain(error: &reqwest::Error, timeout: Duration) -> String {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return refused(refusal);
        }
        source = cause.source();
    }
    let cause = innermost(error);
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

/// Returns the root cause of an error. The outer errors only say that the request failed and repeat
/// the URL.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string().chars().take(MAX_CAUSE).collect()
}

/// Returns how long an overloaded or unavailable receiver asks the sender to wait, in seconds or
/// until a date (RFC 9110, section 10.2.3).
fn retry_after(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date: Timestamp = OffsetDateTime::parse(value, &Rfc2822).ok()?.into();
    u64::try_from(date.as_micros() - now.as_micros()).ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_counts_for_429_and_503_only() {
        let now = Timestamp::from_micros(1_445_412_480 * 1_000_000);
        let after = |status, value: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            retry_after(status, &headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(after(StatusCode::TOO_MANY_REQUESTS, "7"), Some(7));
        let date = "Wed, 21 Oct 2015 07:29:00 GMT";
        assert_eq!(after(StatusCode::SERVICE_UNAVAILABLE, date), Some(60));
        for value in ["-1", "soon", "Wed, 21 Oct 2015 07:27:00 GMT", "99999999999999999999999"] {
            assert_eq!(after(StatusCode::SERVICE_UNAVAILABLE, value), None, "{value}");
        }
        assert_eq!(after(StatusCode::INTERNAL_SERVER_ERROR, "7"), None);
    }
}
