//! Turns accepted sockets into connections: takes a slot and, on an address with TLS, does the
//! handshake.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use actix_http::Protocol;
use actix_http::error::DispatchError;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use futures_util::future::{self, Either};
use tokio::sync::Semaphore;

use super::connection::{Connection, Timeouts};
use super::refusal;
use super::slots::Slots;
use super::stream::{AcceptedSocket, Stream};
use super::tls::ServerTls;
use crate::model::client_address::ClientAddress;

/// What actix-http expects for each connection.
pub(super) type Accepted = (Connection, Protocol, Option<SocketAddr>);

/// Accepts the connections of all sockets.
#[derive(Clone)]
pub(super) struct Acceptor {
    slots: Slots,
    timeouts: Timeouts,
    tls: Option<Arc<ServerTls>>,
    refusals: Arc<Semaphore>,
}

impl Acceptor {
    pub fn new(slots: Slots, timeouts: Timeouts, tls: Option<Arc<ServerTls>>) -> Self {
        let refusals = Arc::new(Semaphore::new(refusal::MAX_CONCURRENT));
        Self { slots, timeouts, tls, refusals }
    }

    /// Gives up when `stopping` completes: a client that hasn't even sent its request must not keep
    /// the server from stopping.
    pub async fn accept(
        self,
        socket: AcceptedSocket,
        stopping: impl Future<Output = ()>,
    ) -> Result<Accepted, DispatchError> {
        // A peer without an address has just disconnected.
        let nobody = (ClientAddress::Ip(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), None);
        let (peer, socket_address) = socket.peer().unwrap_or(nobody);
        let Some(slot) = self.slots.acquire(peer) else {
            // A client that expects TLS couldn't read a response.
            if self.tls.is_none() || matches!(peer, ClientAddress::Unix) {
                refusal::refuse(socket, self.refusals).await;
            }
            return Err(refused());
        };
        let stream = match (socket, &self.tls) {
            (AcceptedSocket::Tcp(stream), Some(tls)) => {
                // Boxed, because the state of a handshake is larger than that of a connection.
                let handshake = Box::pin(self.encrypt(stream, tls));
                match future::select(handshake, pin!(stopping)).await {
                    Either::Left((encrypted, _)) => encrypted?,
                    Either::Right(_) => return Err(refused()),
                }
            }
            (socket, _) => Stream::Plain(socket),
        };
        let connection = Connection::new(stream, peer, slot, &self.timeouts);
        Ok((connection, Protocol::Http1, socket_address))
    }

    /// Does the handshake, for which the client has as long as for the headers of a request.
    async fn encrypt(&self, stream: TcpStream, tls: &ServerTls) -> Result<Stream, DispatchError> {
        let handshake = async {
            if speaks_plain_http(&stream).await? {
                return Ok(Err(stream));
            }
            tls.acceptor().accept(stream).await.map(Ok)
        };
        match timeout(self.timeouts.connections.grace, handshake).await {
            Ok(Ok(Ok(encrypted))) => Ok(Stream::tls(encrypted)),
            Ok(Ok(Err(plain))) => {
                let socket = AcceptedSocket::Tcp(plain);
                refusal::refuse_plain_http(socket, Arc::clone(&self.refusals)).await;
                Err(refused())
            }
            Ok(Err(error)) => {
                log::debug!("a TLS handshake failed: {error}");
                Err(DispatchError::Io(error))
            }
            Err(_) => {
                log::debug!("a TLS handshake took too long");
                Err(DispatchError::Io(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

/// Returns whether the first byte can't begin a handshake, but an HTTP method.
async fn speaks_plain_http(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    Ok(read == 1 && first[0].is_ascii_uppercase())
}

fn refused() -> DispatchError {
    DispatchError::Io(io::ErrorKind::ConnectionRefused.into())
}
