//! The byte streams that connections can have: TCP, TCP with TLS, and Unix sockets.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
#[cfg(unix)]
use actix_web::rt::net::UnixStream;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::model::client_address::ClientAddress;

/// Bytes that the kernel buffers before they are sent. Without this bound, it would accept
/// megabytes of a response at once and then nothing for minutes, although the client is reading.
#[cfg(target_os = "linux")]
const MAX_UNSENT: u32 = 64 << 10;
/// The same for TLS, which buffers what it has encrypted.
const MAX_UNSENT_TLS: usize = 16 << 10;

/// An accepted socket, before anything is read from it.
pub(super) enum AcceptedSocket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

pub(super) enum Stream {
    Plain(AcceptedSocket),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Runs the same expression on whichever socket there is.
macro_rules! on_socket {
    ($socket:expr, $stream:ident => $run:expr) => {
        match $socket {
            AcceptedSocket::Tcp($stream) => $run,
            #[cfg(unix)]
            AcceptedSocket::Unix($stream) => $run,
        }
    };
}

impl From<TcpStream> for AcceptedSocket {
    fn from(stream: TcpStream) -> Self {
        // Otherwise the last segment of a response waits until the client acknowledges the others,
        // which it delays by 40 ms (RFC 896 and RFC 1122, 4.2.3.2).
        if let Err(error) = stream.set_nodelay(true) {
            log::debug!("cannot set TCP_NODELAY: {error}");
        }
        #[cfg(target_os = "linux")]
        if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(MAX_UNSENT) {
            log::debug!("cannot set TCP_NOTSENT_LOWAT: {error}");
        }
        Self::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for AcceptedSocket {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl AcceptedSocket {
    /// Returns the address of the other end, and the port, if it has one. `None` if it has just
    /// disconnected.
    pub fn peer(&self) -> Option<(ClientAddress, Option<SocketAddr>)> {
        match self {
            Self::Tcp(stream) => {
                stream.peer_addr().ok().map(|peer| (ClientAddress::Ip(peer.ip()), Some(peer)))
            }
            #[cfg(unix)]
            Self::Unix(_) => Some((ClientAddress::Unix, None)),
        }
    }

    pub async fn readable(&self) -> io::Result<()> {
        on_socket!(self, stream => stream.readable().await)
    }

    pub fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        on_socket!(self, stream => stream.try_read(bytes))
    }

    /// Sends as much as is possible without waiting.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        on_socket!(self, stream => stream.try_write(bytes))
    }

    pub fn socket(&self) -> SockRef<'_> {
        on_socket!(self, stream => SockRef::from(stream))
    }
}

impl Stream {
    pub fn tls(mut stream: TlsStream<TcpStream>) -> Self {
        stream.get_mut().1.set_buffer_limit(Some(MAX_UNSENT_TLS));
        Self::Tls(Box::new(stream))
    }

    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Sends as much as is possible without waiting. Nothing can be sent afterwards.
    pub fn send_last(&mut self, bytes: &[u8]) {
        // If it can't be sent at once, the client isn't reading.
        match self {
            Self::Plain(socket) => {
                let _ = socket.try_write(bytes);
            }
            Self::Tls(stream) => {
                let mut cx = Context::from_waker(Waker::noop());
                let _ = Pin::new(&mut **stream).poll_write(&mut cx, bytes);
                let _ = Pin::new(&mut **stream).poll_flush(&mut cx);
            }
        }
    }

    /// Makes the kernel discard unsent bytes when the socket is closed.
    pub fn discard_unsent(&self) {
        let socket = match self {
            Self::Plain(socket) => socket.socket(),
            Self::Tls(stream) => SockRef::from(stream.get_ref().0),
        };
        // If this fails, the kernel discards them later.
        let _ = socket.set_linger(Some(Duration::ZERO));
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => {
                on_socket!(socket, stream => Pin::new(stream).poll_read(cx, buffer))
            }
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => {
                on_socket!(socket, stream => Pin::new(stream).poll_write(cx, bytes))
            }
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => on_socket!(socket, stream => Pin::new(stream).poll_flush(cx)),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => on_socket!(socket, stream => Pin::new(stream).poll_shutdown(cx)),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::net::TcpListener;

    use super::*;

    #[actix_web::test]
    async fn responses_do_not_wait_for_acknowledgements() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        assert!(AcceptedSocket::from(stream).socket().tcp_nodelay().unwrap());
    }
}
