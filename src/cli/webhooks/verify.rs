//! `webhooks verify`, for debugging a receiver

use std::io::Read;

use serde::Serialize;

use super::super::context::Context;
use super::super::output::failure::Failure;
use super::failures::other;
use super::request::Request;
use crate::model::clock::{Clock, SystemClock};
use crate::model::plain_words::io_reason;
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::signature::{VerifyError, verify};

/// The longest request to read, in bytes: larger than any that the server sends.
const MAX_REQUEST: u64 = 16 << 20;

/// The error for a trailing newline, which editors and shells add.
const NEWLINE: &str = "no signature matches, but one would without the newline at the end of the \
                       body. Pass the body exactly as it was received";

#[derive(Serialize)]
struct Verified<'r> {
    verified: bool,
    id: &'r str,
    timestamp: i64,
}

pub fn run(context: &Context, secret: Option<&str>, any_time: bool) -> Result<(), Failure> {
    let missing = || {
        Failure::Other(
            "no signing secret was given; set PIVOTAL_WEBHOOK_SECRET, or pass --secret".to_owned(),
        )
    };
    let secret = SigningSecret::parse(secret.ok_or_else(missing)?)
        .map_err(|error| Failure::Other(format!("the secret {error}")))?;
    let mut input = Vec::new();
    std::io::stdin().lock().take(MAX_REQUEST).read_to_end(&mut input).map_err(|error| {
        Failure::Other(format!("the request can't be read: {}", io_reason(&error)))
    })?;
    let request = Request::parse(&input).map_err(other)?;
    let now = if any_time {
        request.timestamp
    } else {
        SystemClock.now().as_micros().div_euclid(1_000_000)
    };
    let Request { id, timestamp, signatures, body, .. } = request;
    let check = |body| verify(&secret, id, timestamp, signatures, body, now);
    if let Err(error) = check(body) {
        let shorter = body.strip_suffix(b"\n").map(|body| body.strip_suffix(b"\r").unwrap_or(body));
        let is_newline = error == VerifyError::NoMatch && shorter.is_some_and(|b| check(b).is_ok());
        return Err(Failure::Other(if is_newline { NEWLINE } else { advice(error) }.to_owned()));
    }
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
