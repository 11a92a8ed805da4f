//! What is sent to clients whose request nobody reads: the errors of the API, as bytes, on a
//! connection that is then closed.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use tokio::sync::Semaphore;

/// The head of a request took too long.
pub(super) fn slow_headers() -> String {
    let body = r#"{"error":{"type":"invalid_request_error","code":"request_timeout","message":"The headers arrived too slowly."}}"#;
    response("408 Request Timeout", "", body)
}

/// There is no slot for another connection.
fn no_slot() -> String {
    let body = r#"{"error":{"type":"internal_error","code":"unavailable","message":"The server has too many open connections. Nothing was stored; try again."}}"#;
    response("503 Service Unavailable", "retry-after: 1\r\n", body)
}

fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// Connections that get a response at the same time although there is no slot for them; others are
/// just closed.
pub(super) const AT_ONCE: usize = 32;
/// How long each of the two steps of it may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells a client that there is no slot. Its request is waited for first, since some clients
/// take a response that comes before it for a broken connection.
pub(super) async fn refuse(stream: TcpStream, refusals: Arc<Semaphore>) {
    let Ok(_permit) = refusals.try_acquire() else { return };
    let _ = timeout(PATIENCE, stream.readable()).await;
    discard(&stream);
    if stream.try_write(no_slot().as_bytes()).is_err() {
        return;
    }
    // Closing a socket that has unread bytes makes the kernel throw away what was just sent.
    let _ = timeout(PATIENCE, drain(&stream)).await;
}

async fn drain(stream: &TcpStream) {
    if socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write).is_err() {
        return;
    }
    while stream.readable().await.is_ok() && discard(stream) {}
}

/// Throws away what has arrived; false at the end of the stream.
fn discard(stream: &TcpStream) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match stream.try_read(&mut bytes) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}
