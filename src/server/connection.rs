//! One connection, with the deadlines that actix-http does not have: for the head of every request,
//! for a client that reads its responses slowly, and for one that does nothing. Bodies are read by
//! `http::incoming`, which can answer a slow one.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::rt::time::{Instant, Sleep, sleep};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::refusal;
use super::slots::Slot;
use crate::http::exchange::Exchange;
use crate::http::pace::Pace;
use crate::settings::Connections;

/// Bytes that the kernel holds before it has sent them. Without a bound it would take megabytes of
/// a response at once, and then nothing for minutes although the client reads.
const UNSENT: u32 = 64 << 10;

/// Bytes that are read before the task parses them, and before others have their turn. A request
/// takes 24 bytes on the wire and 7 KiB once parsed, and all that have arrived are parsed at once.
const TURN: usize = 512;
/// The same within a body.
const BODY_TURN: usize = 16 << 10;
/// Bytes that are read in advance while a request is answered.
const AHEAD: usize = 256;

/// A stream of bytes whose client has to keep up.
pub(super) struct Connection<S = TcpStream> {
    stream: S,
    exchange: Rc<Exchange>,
    head_timeout: Duration,
    idle_timeout: Duration,
    /// How many requests were answered when this was last looked at.
    answered: u64,
    /// When the head of the next request began to arrive.
    head_since: Option<Instant>,
    /// Bytes that were read in this turn, and those that nobody asked for yet.
    turn: usize,
    ahead: usize,
    writes: Pace,
    /// Wakes the connection's task to look at the deadlines again. It may ring too early.
    alarm: Pin<Box<Sleep>>,
    _slot: Option<Slot>,
}

/// What a connection needs of a socket beside reading and writing.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin {
    /// Sends as much as can be sent without waiting.
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Makes the kernel forget what was not sent when the socket is closed.
    fn discard_unsent(&self);
}

impl Socket for TcpStream {
    fn send_now(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    fn discard_unsent(&self) {
        // Closing it will do, only later.
        let _ = SockRef::from(self).set_linger(Some(Duration::ZERO));
    }
}

impl Connection {
    /// A connection that was just accepted.
    pub fn new(stream: TcpStream, slot: Slot, settings: &Connections) -> Self {
        // Otherwise the last part of a response waits until the client has acknowledged the others,
        // which it delays by 40 ms (RFC 896 and RFC 1122, 4.2.3.2).
        if let Err(error) = stream.set_nodelay(true) {
            log::debug!("cannot send small parts of a response at once: {error}");
        }
        #[cfg(target_os = "linux")]
        if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT) {
            log::debug!("cannot bound what the kernel holds for a connection: {error}");
        }
        Self { _slot: Some(slot), ..Self::on(stream, settings) }
    }
}

impl<S: Socket> Connection<S> {
    fn on(stream: S, settings: &Connections) -> Self {
        Self {
            stream,
            exchange: Exchange::new(),
            head_timeout: settings.grace,
            idle_timeout: settings.idle_timeout,
            answered: 0,
            head_since: None,
            turn: 0,
            ahead: 0,
            writes: Pace::new(settings),
            alarm: Box::pin(sleep(settings.grace)),
            _slot: None,
        }
    }

    /// The state that it shares with the requests on it.
    pub fn exchange(&self) -> Rc<Exchange> {
        Rc::clone(&self.exchange)
    }

    /// Wakes the task at this time, or earlier.
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
        most: usize,
    ) -> Poll<io::Result<()>> {
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most.min(buffer.remaining())));
        let polled = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        let arrived = part.filled().len();
        buffer.advance(arrived);
        polled
    }

    /// Until when the client may leave the server waiting for the next request. While a request is
    /// answered there is no such time, and this one is only when to look again.
    fn read_deadline(&mut self) -> Instant {
        if self.answered != self.exchange.answered() {
            self.answered = self.exchange.answered();
            self.head_since = None;
        }
        if self.exchange.is_answering() {
            Instant::now() + self.idle_timeout
        } else if let Some(since) = self.head_since {
            since + self.head_timeout
        } else {
            let is_new = self.answered == 0;
            let timeout = if is_new { self.head_timeout } else { self.idle_timeout };
            self.exchange.quiet_since() + timeout
        }
    }

    /// Ends the connection for a client that did not send the next request in time. It is told so
    /// only if it began one: on an idle connection, it would take a response for the one to the
    /// request that it is about to send.
    fn report_slow_headers(&mut self) {
        let began = self.head_since.is_some() && !self.exchange.has_unread_body();
        if began && !self.writes.is_waiting() {
            // If it cannot be sent at once, there is nobody to read it.
            let _ = self.stream.send_now(refusal::slow_headers().as_bytes());
        }
    }
}

impl<S: Socket> AsyncRead for Connection<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let filled = buffer.filled().len();
        let body_left = usize::try_from(this.exchange.body_left()).unwrap_or(usize::MAX);
        let turn = body_left.clamp(TURN, BODY_TURN).saturating_sub(this.turn);
        let ahead = AHEAD.saturating_sub(this.ahead);
        let polled = if ahead == 0 && this.exchange.is_busy() {
            this.exchange.wake_when_free(cx);
            Poll::Pending
        } else if turn == 0 {
            cx.waker().wake_by_ref();
            Poll::Pending
        } else {
            let most = if this.exchange.is_busy() { turn.min(ahead) } else { turn };
            this.poll_read_at_most(cx, buffer, most)
        };
        let arrived = buffer.filled().len() - filled;
        match polled {
            Poll::Ready(Ok(())) if arrived > 0 => this.turn += arrived,
            Poll::Pending => this.turn = 0,
            ended => return ended,
        }
        this.ahead = if this.exchange.is_busy() { this.ahead + arrived } else { 0 };
        let deadline = this.read_deadline();
        if arrived > 0 && !this.exchange.is_answering() {
            this.head_since.get_or_insert_with(Instant::now);
        }
        if this.exchange.is_over() {
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

impl<S: Socket> AsyncWrite for Connection<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_write(cx, bytes) {
            Poll::Ready(Ok(written)) => {
                this.writes.progress(written);
                Poll::Ready(Ok(written))
            }
            Poll::Pending => {
                let deadline = this.writes.wait();
                if deadline <= Instant::now() {
                    this.stream.discard_unsent();
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                this.wake_at(deadline, cx);
                Poll::Pending
            }
            failed => failed,
        }
    }

    /// Called when everything was handed to `poll_write`.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.exchange.is_answering() {
            this.writes.restart();
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::net::TcpListener;

    use super::*;
    use crate::server::slots::Slots;
    use crate::settings::Settings;

    #[actix_web::test]
    async fn no_part_of_a_response_waits_for_an_acknowledgement() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let slot = Slots::new(1, 1, Vec::new()).take(peer.ip()).unwrap();
        let connection = Connection::new(stream, slot, &Settings::default().connections);
        assert!(connection.stream.nodelay().unwrap());
    }
}
