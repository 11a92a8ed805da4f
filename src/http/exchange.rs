//! What a connection and the requests on it know of each other: whether a request is being
//! answered, and whether its body was read. For the server's connections, which must not close on
//! a client that waits for a response.

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

/// The most that is handed to the connection at a time. What it is handed it copies, so a client
/// that reads slowly holds this much and not the whole response.
const CHUNK: usize = 8 << 10;

/// The state of a connection. Requests on it are answered one after the other.
#[derive(Debug)]
pub(crate) struct Exchange {
    is_answering: Cell<bool>,
    has_unread_body: Cell<bool>,
    is_reading: Cell<bool>,
    body_left: Cell<u64>,
    reader: RefCell<Option<Waker>>,
    is_last: Cell<bool>,
    answered: Cell<u64>,
    quiet_since: Cell<Instant>,
}

impl Exchange {
    /// A new connection.
    pub fn new() -> Rc<Self> {
        Rc::new(Self {
            is_answering: Cell::new(false),
            has_unread_body: Cell::new(false),
            is_reading: Cell::new(false),
            body_left: Cell::new(0),
            reader: RefCell::new(None),
            is_last: Cell::new(false),
            answered: Cell::new(0),
            quiet_since: Cell::new(Instant::now()),
        })
    }

    /// Whether a request is being answered.
    pub fn is_answering(&self) -> bool {
        self.is_answering.get()
    }

    /// Whether what arrives may be the rest of a body that nobody reads.
    pub fn has_unread_body(&self) -> bool {
        self.has_unread_body.get()
    }

    /// Whether the last request was answered, and nothing that follows will be understood.
    pub fn is_over(&self) -> bool {
        self.is_last.get() && !self.is_answering.get()
    }

    /// How many requests were answered.
    pub fn answered(&self) -> u64 {
        self.answered.get()
    }

    /// When the last response was complete, or the connection was opened.
    pub fn quiet_since(&self) -> Instant {
        self.quiet_since.get()
    }

    /// Notes that somebody reads the body of the request.
    pub fn begin_body(&self) {
        self.is_reading.set(true);
        self.wake_reader();
    }

    /// Notes how much of a body of known length is still to be read.
    pub fn expect_body(&self, left: u64) {
        self.body_left.set(left);
    }

    /// How much of the body that is being read is known to follow.
    pub fn body_left(&self) -> u64 {
        self.body_left.get()
    }

    /// Notes that the body was read to its end.
    pub fn end_body(&self) {
        self.is_reading.set(false);
        self.body_left.set(0);
        self.has_unread_body.set(false);
    }

    /// Whether what arrives is only kept: a request is being answered, and nobody reads its body.
    pub fn is_busy(&self) -> bool {
        self.is_answering.get() && !self.is_reading.get()
    }

    /// Wakes a task once the connection is no longer busy.
    pub fn wake_when_free(&self, cx: &Context<'_>) {
        *self.reader.borrow_mut() = Some(cx.waker().clone());
    }

    fn wake_reader(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn begin(self: Rc<Self>, headers: &HeaderMap) -> Answering {
        self.is_answering.set(true);
        self.is_reading.set(false);
        self.body_left.set(0);
        self.has_unread_body.set(body_length(headers) != Some(0));
        self.is_last.set(hides_its_end(headers));
        Answering(self)
    }
}

/// A request that is being answered, until its response is handed over or given up.
#[derive(Debug)]
struct Answering(Rc<Exchange>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.is_answering.set(false);
        self.0.body_left.set(0);
        self.0.answered.set(self.0.answered.get() + 1);
        self.0.quiet_since.set(Instant::now());
        self.0.wake_reader();
    }
}

/// How long the body of a request is (RFC 9112, 6.3); nothing when only its end tells.
pub(crate) fn body_length(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return None;
    }
    match headers.get(CONTENT_LENGTH) {
        None => Some(0),
        // A length that cannot be read was refused with the head.
        Some(length) => length.to_str().ok()?.trim().parse().ok(),
    }
}

/// Whether actix-http takes everything that follows a head for its body, as for a websocket, which
/// nobody here understands.
fn hides_its_end(headers: &HeaderMap) -> bool {
    let is_websocket = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    !headers.contains_key(TRANSFER_ENCODING) && headers.get_all(UPGRADE).any(is_websocket)
}

/// Tells the connection about a request and its response.
pub(crate) async fn track(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Tracked>, Error> {
    let exchange = request.conn_data::<Rc<Exchange>>().cloned();
    let answering = exchange.map(|exchange| exchange.begin(request.headers()));
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Tracked {
        body: body.boxed(),
        rest: Bytes::new(),
        _answering: answering,
    }))
}

/// The body of a response, in chunks of bounded size.
pub(crate) struct Tracked {
    body: BoxBody,
    rest: Bytes,
    _answering: Option<Answering>,
}

impl MessageBody for Tracked {
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
