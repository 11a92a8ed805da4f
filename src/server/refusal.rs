//! Responses to clients whose request is not read: errors in the format of the API, as raw bytes,
//! on a connection that is then closed.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::timeout;
use tokio::sync::Semaphore;

use super::stream::AcceptedSocket;

/// The response if the headers of a request take too long.
pub(super) fn slow_headers() -> String {
    let body = r#"{"error":{"type":"invalid_request_error","code":"request_timeout","message":"The request headers took too long to arrive."}}"#;
    response("408 Request Timeout", "", body)
}

/// The response if no connection slot is free.
fn no_slot() -> String {
    let body = r#"{"error":{"type":"internal_error","code":"unavailable","message":"The server has too many open connections. Nothing was stored; retry the request."}}"#;
    response("503 Service Unavailable", "retry-after: 1\r\n", body)
}

/// The response to a plain HTTP request on an address that serves HTTPS.
fn plain_http() -> String {
    let body = "This address accepts only HTTPS. Use a URL that starts with https://.\n";
    response_with("400 Bad Request", "text/plain", "", body)
}

fn response(status: &str, headers: &str, body: &str) -> String {
    response_with(status, "application/json", headers, body)
}

fn response_with(status: &str, content_type: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// How many refused connections get a response at the same time. Others are closed without one.
pub(super) const MAX_CONCURRENT: usize = 32;
/// How long a client gets to send its request, and to read the response.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(2);

/// Responds that no connection slot is free.
pub(super) async fn refuse(stream: AcceptedSocket, refusals: Arc<Semaphore>) {
    respond(stream, &no_slot(), &refusals).await;
}

/// Responds that the client has to use HTTPS.
pub(super) async fn refuse_plain_http(stream: AcceptedSocket, refusals: Arc<Semaphore>) {
    respond(stream, &plain_http(), &refusals).await;
}

/// Waits for the request first, since some clients treat an earlier response as a broken connection.
async fn respond(stream: AcceptedSocket, response: &str, refusals: &Semaphore) {
    let Ok(_permit) = refusals.try_acquire() else { return };
    let _ = timeout(CLIENT_TIMEOUT, stream.readable()).await;
    discard(&stream);
    if stream.try_write(response.as_bytes()).is_err() {
        return;
    }
    // Closing a socket with unread bytes makes the kernel discard what was just sent.
    let _ = timeout(CLIENT_TIMEOUT, drain(&stream)).await;
}

async fn drain(stream: &AcceptedSocket) {
    if stream.socket().shutdown(std::net::Shutdown::Write).is_err() {
        return;
    }
    while stream.readable().await.is_ok() && discard(stream) {}
}

/// Discards what has arrived. Returns false at the end of the stream.
fn discard(stream: &AcceptedSocket) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match stream.try_read(&mut bytes) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}
