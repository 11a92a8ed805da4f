//! Serves HTTP on one socket. It does what `actix_web::HttpServer` does, but with our own
//! connections: actix's have no deadline for a client that doesn't read, and no limit per address.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::App;
use actix_web::dev::{self, AppConfig};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use tokio::sync::Semaphore;

use super::connection::Connection;
use super::refusal;
use super::routes::Routes;
use super::slots::Slots;
use super::socket::Socket;
use crate::http::connection_state::track_request;
use crate::http::origin::ListenAddress;
use crate::service::access_log::access_log;
use crate::settings::Settings;

/// Threads per worker for blocking work, which is only password and key hashing.
const BLOCKING_THREADS: usize = 4;

/// Bytes of a response that are buffered before they are written.
const WRITE_BUFFER: usize = 16 << 10;

/// Serves until `stop` completes.
pub(super) fn serve(
    routes: Routes,
    socket: Socket,
    slots: Slots,
    settings: &Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<dev::Server> {
    let address = socket.address;
    let connections = settings.connections.clone();
    let refusals = Arc::new(Semaphore::new(refusal::MAX_CONCURRENT));
    let builder = dev::Server::build()
        .workers(settings.worker_threads())
        .worker_max_blocking_threads(BLOCKING_THREADS)
        // `slots` limits the connections, so that those beyond the limit get a response.
        .max_concurrent_connections(usize::MAX - 1)
        .shutdown_timeout(settings.shutdown_timeout)
        .shutdown_signal(stop);
    let stopping = builder.graceful_shutdown_signal();
    let service = move || {
        let (slots, refusals) = (slots.clone(), Arc::clone(&refusals));
        let (routes, connections) = (routes.clone(), connections.clone());
        let stopping = stopping.clone();
        let grace = connections.grace;
        let app = App::new()
            .app_data(ListenAddress(address))
            .wrap(from_fn(access_log))
            .wrap(from_fn(track_request))
            .configure(|config| routes.configure(config));
        let accept = fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            // A peer without an address has just disconnected.
            let ip = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
            let slot = slots.acquire(ip);
            let (refusals, connections) = (Arc::clone(&refusals), connections.clone());
            async move {
                match slot {
                    Some(slot) => {
                        Ok((Connection::new(stream, slot, &connections), Protocol::Http1, peer))
                    }
                    None => {
                        refusal::refuse(stream, refusals).await;
                        Err(DispatchError::Io(io::ErrorKind::ConnectionRefused.into()))
                    }
                }
            }
        });
        let http = HttpService::build()
            // `Connection` has the deadlines for headers and idle connections.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(std::time::Duration::ZERO)
            .client_disconnect_timeout(grace)
            // A client that has closed its side isn't waiting for a response.
            .h1_allow_half_closed(false)
            .h1_write_buffer_size(WRITE_BUFFER)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .local_addr(address)
            .on_connect_ext(|connection: &Connection, data| {
                data.insert(connection.state());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        accept.and_then(http)
    };
    Ok(builder.listen("http", socket.listener, service)?.run())
}
