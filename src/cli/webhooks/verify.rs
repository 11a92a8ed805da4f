//! `webhooks verify`: for people who debug a receiver. Takes a request as it was received.

use std::io::Read;

use serde::Serialize;

use super::super::context::Context;
use super::super::failure::Failure;
use crate::model::clock::{Clock, SystemClock};
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::signature::{VerifyError, verify};

/// The longest request that is read: larger than any that is sent.
const MAX_REQUEST: u64 = 16 << 20;

#[derive(Serialize)]
struct Verified<'r> {
    verified: bool,
    id: &'r str,
    timestamp: i64,
}

/// A request of HTTP/1.1, with or without its first line.
struct Request<'r> {
    id: &'r str,
    timestamp: i64,
    signatures: &'r str,
    body: &'r [u8],
}

pub fn run(context: &Context, secret: &str, any_time: bool) -> Result<(), Failure> {
    let secret = SigningSecret::parse(secret)
        .map_err(|error| Failure::Other(format!("the secret {error}")))?;
    let mut input = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_REQUEST)
        .read_to_end(&mut input)
        .map_err(|error| Failure::Other(format!("the request can't be read: {error}")))?;
    let request = parse(&input)?;
    let now = if any_time {
        request.timestamp
    } else {
        SystemClock.now().as_micros().div_euclid(1_000_000)
    };
    let Request { id, timestamp, signatures, body } = request;
    verify(&secret, id, timestamp, signatures, body, now)
        .map_err(|error| Failure::Other(advice(error).to_owned()))?;
    context.output.print(&Verified { verified: true, id, timestamp }, || {
        format!("The signature is valid: message {id}, timestamp {timestamp}.")
    })
}

fn advice(error: VerifyError) -> &'static str {
    match error {
        VerifyError::NoMatch => {
            "no signature matches. Check that the secret belongs to this endpoint, and that the \
             body is exactly what was received: parsing and serializing JSON changes its bytes"
        }
        VerifyError::TooOld => {
            "the signature is valid, but the timestamp is more than five minutes old. Pass \
             --any-time to ignore that"
        }
        VerifyError::TooNew => {
            "the signature is valid, but the timestamp is more than five minutes in the future. \
             Check this machine's clock, or pass --any-time"
        }
    }
}

fn parse(input: &[u8]) -> Result<Request<'_>, Failure> {
    let missing = |what: &str| Failure::Other(format!("the request has no {what}"));
    let (head, body) = split(input).ok_or_else(|| missing("empty line after its headers"))?;
    let head = std::str::from_utf8(head).map_err(|_| missing("readable headers"))?;
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    let either = |name: &str| {
        let found = header(&format!("svix-{name}")).or_else(|| header(&format!("webhook-{name}")));
        found.ok_or_else(|| missing(&format!("svix-{name} or webhook-{name} header")))
    };
    let timestamp = either("timestamp")?;
    let timestamp = timestamp
        .parse()
        .map_err(|_| Failure::Other("the timestamp header must be Unix seconds".to_owned()))?;
    Ok(Request { id: either("id")?, timestamp, signatures: either("signature")?, body })
}

/// Splits headers from the body, at the first empty line.
fn split(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = |separator: &[u8]| {
        let start = input.windows(separator.len()).position(|window| window == separator)?;
        Some((start, start + separator.len()))
    };
    let found = [at(b"\r\n\r\n"), at(b"\n\n")];
    let (end, start) = found.into_iter().flatten().min()?;
    Some((&input[..end], &input[start..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_case_and_the_body_is_left_as_it_is() {
        for (newline, head) in [("\r\n", "POST /hook HTTP/1.1\r\n"), ("\n", "")] {
            let text = format!(
                "{head}Svix-Id: msg_1{newline}SVIX-TIMESTAMP: 12{newline}webhook-signature: v1,a \
                 v1,b{newline}{newline}{{\"a\": 1}}\n\n"
            );
            let request = parse(text.as_bytes()).ok().unwrap();
            assert_eq!((request.id, request.timestamp), ("msg_1", 12));
            assert_eq!(request.signatures, "v1,a v1,b");
            assert_eq!(request.body, b"{\"a\": 1}\n\n");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, what) in [
            ("svix-id: 1", "empty line"),
            ("svix-id: 1\n\n", "svix-timestamp"),
            ("svix-timestamp: 1\n\n", "svix-id"),
            ("svix-timestamp: soon\n\n", "Unix seconds"),
        ] {
            let Err(failure) = parse(text.as_bytes()) else { panic!("{text}") };
            assert!(failure.to_string().contains(what), "{failure}");
        }
    }
}
