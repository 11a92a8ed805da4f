//! The state that a connection shares with the requests on it: whether a request is in progress,
//! and whether its body has been read. The server must not close a connection whose client is
//! waiting for a response.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use actix_web::middleware::Next;
use actix_web::rt::time::Instant;
use actix_web::web::Bytes;

/// The maximum length of the chunks that are passed to the connection. The connection copies them,
/// so a client that reads slowly takes up memory for one chunk and not for the whole response.
const CHUNK: usize = 16 << 10;

/// The state of a connection, which handles one request at a time.
#[derive(Debug)]
pub(crate) struct ConnectionState {
    is_handling_request: Cell<bool>,
    has_unread_body: Cell<bool>,
    is_reading: Cell<bool>,
    body_left: Cell<u64>,
    reader: RefCell<Option<Waker>>,
    is_last_request: Cell<bool>,
    is_cut: Cell<bool>,
    completed: Cell<u64>,
    idle_since: Cell<Instant>,
}

impl ConnectionState {
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            is_handling_request: Cell::new(false),
            has_unread_body: Cell::new(false),
            is_reading: Cell::new(false),
            body_left: Cell::new(0),
            reader: RefCell::new(None),
            is_last_request: Cell::new(false),
            is_cut: Cell::new(false),
            completed: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
        })
    }

    /// Returns whether a request is in progress.
    pub fn is_handling_request(&self) -> bool {
        self.is_handling_request.get()
    }

    /// Returns whether incoming bytes may be the rest of a body that no handler reads.
    pub fn has_unread_body(&self) -> bool {
        self.has_unread_body.get()
    }

    /// Returns whether the last request is complete and no further one can be parsed.
    pub fn is_finished(&self) -> bool {
        self.is_last_request.get() && !self.is_handling_request.get()
    }

    /// Cuts the connection as soon as there is a response, which is not sent.
    pub fn cut(&self) {
        self.is_cut.set(true);
    }

    pub fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Returns the number of completed requests.
    pub fn completed(&self) -> u64 {
        self.completed.get()
    }

    /// Returns when the last response was complete, or else when the connection was opened.
    pub fn idle_since(&self) -> Instant {
        self.idle_since.get()
    }

    /// Records that a handler is reading the request body.
    pub fn start_reading_body(&self) {
        self.is_reading.set(true);
        self.wake_reader();
    }

    /// Records how much of a body of known length is still to be read.
    pub fn set_body_left(&self, left: u64) {
        self.body_left.set(left);
    }

    /// Returns how many bytes of the body that is being read are still to come, as far as known.
    pub fn body_left(&self) -> u64 {
        self.body_left.get()
    }

    /// Records that the body has been read to its end.
    pub fn finish_reading_body(&self) {
        self.is_reading.set(false);
        self.body_left.set(0);
        self.has_unread_body.set(false);
    }

    /// Returns whether incoming bytes are only buffered: a request is in progress, and no handler
    /// is reading its body.
    pub fn is_input_paused(&self) -> bool {
        self.is_handling_request.get() && !self.is_reading.get()
    }

    /// Wakes the task once input is no longer paused.
    pub fn wake_when_input_resumes(&self, cx: &Context<'_>) {
        *self.reader.borrow_mut() = Some(cx.waker().clone());
    }

    fn wake_reader(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn start_request(self: Rc<Self>, headers: &HeaderMap) -> InFlightRequest {
        self.is_handling_request.set(true);
        self.is_reading.set(false);
        self.body_left.set(0);
        self.has_unread_body.set(body_length(headers) != Some(0));
        self.is_last_request.set(is_websocket_upgrade(headers));
        InFlightRequest(self)
    }
}

/// Marks a request as in progress until its response has been passed on or abandoned.
#[derive(Debug)]
struct InFlightRequest(Rc<ConnectionState>);

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        self.0.is_handling_request.set(false);
        self.0.body_left.set(0);
        self.0.completed.set(self.0.completed.get() + 1);
        self.0.idle_since.set(Instant::now());
        self.0.wake_reader();
    }
}

/// Returns the length of a request body (RFC 9112, 6.3), or `None` if only its end determines it.
pub(crate) fn body_length(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    match headers.get(CONTENT_LENGTH) {
        None => Some(0),
        // Requests with an invalid length have already been rejected.
        Some(length) => length.to_str().ok()?.trim().parse().ok(),
    }
}

/// Returns whether actix-http treats everything after the head as the body, as it does for a
/// websocket. The server doesn't support websockets.
fn is_websocket_upgrade(headers: &HeaderMap) -> bool {
    let is_websocket = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    !headers.contains_key(TRANSFER_ENCODING) && headers.get_all(UPGRADE).any(is_websocket)
}

/// Middleware that updates the connection's state when a request starts and when its response ends.
pub(crate) async fn track_request(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<TrackedBody>, Error> {
    let state = request.conn_data::<Rc<ConnectionState>>().cloned();
    let guard = state.map(|state| state.start_request(request.headers()));
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| TrackedBody {
        body: body.boxed(),
        rest: Bytes::new(),
        _guard: guard,
    }))
}

/// A response body that is split into chunks of bounded length.
pub(crate) struct TrackedBody {
    body: BoxBody,
    rest: Bytes,
    _guard: Option<InFlightRequest>,
}

impl MessageBody for TrackedBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.rest = chunk,
                other => return other,
            }
        }
        let length = self.rest.len().min(CHUNK);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}
