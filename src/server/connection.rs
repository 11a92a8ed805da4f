//! A connection with the deadlines that actix-http lacks: for the headers of every request, for
//! clients that read responses slowly, and for idle connections. `http::request_limits` reads request
//! bodies, because it can respond to a slow one.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::time::{Instant, Sleep, sleep};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::refusal;
use super::slots::Slot;
use super::stream::Stream;
use crate::http::connection_state::ConnectionState;
use crate::http::peer::Peer;
use crate::http::transfer_timeout::TransferTimeout;
use crate::model::client_address::ClientAddress;
use crate::settings::Connections;

/// Bytes to read before the task parses them and yields to other tasks. A request can take 24 bytes
/// on the wire and 7 KiB once parsed, and all that have arrived are parsed at once.
const READ_BURST: usize = 512;
/// The same within a body.
const BODY_READ_BURST: usize = 16 << 10;
/// Bytes to read ahead while a request is being handled.
const READ_AHEAD: usize = 256;

/// A byte stream that enforces deadlines on its client.
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    state: Rc<ConnectionState>,
    head_timeout: Duration,
    keep_alive: Duration,
    /// The number of requests answered at the last check.
    answered: u64,
    /// When the headers of the next request began to arrive.
    head_since: Option<Instant>,
    /// Bytes read since the task last yielded, and bytes read ahead of the current request.
    burst: usize,
    ahead: usize,
    writes: TransferTimeout,
    /// Wakes the task to check the deadlines again. It can fire too early.
    alarm: Pin<Box<Sleep>>,
    _slot: Slot,
}

/// How long connections wait for their clients.
#[derive(Clone)]
pub(super) struct Timeouts {
    pub keep_alive: Duration,
    pub connections: Connections,
}

impl Connection {
    pub fn new(stream: Stream, address: ClientAddress, slot: Slot, timeouts: &Timeouts) -> Self {
        let Timeouts { keep_alive, connections } = timeouts;
        let peer = Peer { address, over_tls: stream.is_encrypted() };
        Self {
            stream,
            peer,
            state: ConnectionState::new(),
            head_timeout: connections.grace,
            keep_alive: *keep_alive,
            answered: 0,
            head_since: None,
            burst: 0,
            ahead: 0,
            writes: TransferTimeout::new(connections),
            alarm: Box::pin(sleep(connections.grace)),
            _slot: slot,
        }
    }

    /// Returns who is at the other end.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Returns the state that the connection shares with its requests.
    pub fn state(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.state)
    }

    /// Wakes the task at `time` or earlier.
    fn wake_at(&mut self, time: Instant, cx: &mut Context<'_>) {
        if self.alarm.is_elapsed() || self.alarm.deadline() > time {
            self.alarm.as_mut().reset(time);
        }
        if self.alarm.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    fn poll_read_at_most(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        limit: usize,
    ) -> Poll<io::Result<()>> {
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(limit.min(buffer.remaining())));
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        let arrived = part.filled().len();
        buffer.advance(arrived);
        polled
    }

    /// Returns the deadline for the client to send its next request. There is none while a request
    /// is being handled; the time then only says when to check again.
    fn read_deadline(&mut self) -> Instant {
        if self.answered != self.state.completed() {
            self.answered = self.state.completed();
            self.head_since = None;
        }
        if self.state.is_handling_request() {
            Instant::now() + self.keep_alive
        } else if let Some(since) = self.head_since {
            since + self.head_timeout
        } else {
            let is_new = self.answered == 0;
            let timeout = if is_new { self.head_timeout } else { self.keep_alive };
            self.state.idle_since() + timeout
        }
    }

    /// Waits until the client reads, or fails if it is too slow.
    fn wait_for_client(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let deadline = self.writes.wait_deadline();
        if deadline <= Instant::now() {
            self.stream.discard_unsent();
            return Poll::Ready(io::ErrorKind::TimedOut.into());
        }
        self.wake_at(deadline, cx);
        Poll::Pending
    }

    /// Sends a 408 if the client started a request but did not finish its headers in time. On an
    /// idle connection nothing is sent: the client would take it for the response to the request
    /// that it is about to send.
    fn report_slow_headers(&mut self) {
        let has_started = self.head_since.is_some() && !self.state.has_unread_body();
        if has_started && !self.writes.is_waiting() {
            self.stream.send_last(refusal::slow_headers().as_bytes());
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let filled = buffer.filled().len();
        let body_left = usize::try_from(this.state.body_left()).unwrap_or(usize::MAX);
        let burst = body_left.clamp(READ_BURST, BODY_READ_BURST).saturating_sub(this.burst);
        let ahead = READ_AHEAD.saturating_sub(this.ahead);
        let polled = if ahead == 0 && this.state.is_input_paused() {
            this.state.wake_when_input_resumes(cx);
            Poll::Pending
        } else if burst == 0 {
            cx.waker().wake_by_ref();
            Poll::Pending
        } else {
            let limit = if this.state.is_input_paused() { burst.min(ahead) } else { burst };
            this.poll_read_at_most(cx, buffer, limit)
        };
        let arrived = buffer.filled().len() - filled;
        match polled {
            Poll::Ready(Ok(())) if arrived > 0 => this.burst += arrived,
            Poll::Pending => this.burst = 0,
            ended => return ended,
        }
        this.ahead = if this.state.is_input_paused() { this.ahead + arrived } else { 0 };
        let deadline = this.read_deadline();
        if arrived > 0 && !this.state.is_handling_request() {
            this.head_since.get_or_insert_with(Instant::now);
        }
        if this.state.is_finished() {
            buffer.set_filled(filled);
            return Poll::Ready(Ok(()));
        }
        if deadline <= Instant::now() {
            this.report_slow_headers();
            buffer.set_filled(filled);
            return Poll::Ready(Ok(()));
        }
        if polled.is_pending() {
            this.wake_at(deadline, cx);
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.state.is_cut() {
            this.stream.discard_unsent();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        match Pin::new(&mut this.stream).poll_write(cx, bytes) {
            Poll::Ready(Ok(written)) => {
                this.writes.progress(written);
                Poll::Ready(Ok(written))
            }
            Poll::Pending => this.wait_for_client(cx).map(Err),
            failed => failed,
        }
    }

    /// Called once everything has been passed to `poll_write`.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.stream).poll_flush(cx);
        if polled.is_pending() {
            // TLS buffers what it has encrypted.
            return this.wait_for_client(cx).map(Err);
        }
        if !this.state.is_handling_request() {
            this.writes.restart();
        }
        polled
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
