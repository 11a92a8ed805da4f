//! Serves HTTP on sockets. It does what `actix_web::HttpServer` does, but with our own
//! connections: actix's have no deadline for a client that doesn't read, and no limit per address.

use std::future::Future;
use std::io;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive};
use actix_service::{ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::App;
use actix_web::dev::{self, AppConfig};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
#[cfg(unix)]
use actix_web::rt::net::UnixStream;
use actix_web::web::Data;

use super::accept::{Accepted, Acceptor};
use super::connection::Connection;
use super::listen::{Listener, Socket};
use super::routes::Routes;
use super::stream::AcceptedSocket;
use crate::http::connection_state::track_request;
use crate::http::origin::OwnAuthority;
use crate::http::public::mount::{Mount, mount};
use crate::service::access_log::access_log;
use crate::settings::Settings;

/// Threads per worker for blocking work, which is only password and key hashing.
const BLOCKING_THREADS: usize = 4;

/// Responses are buffered until they reach this size. Every write is a system call, but a connection
/// can take up this much memory, and one chunk more.
const WRITE_BUFFER: usize = 32 << 10;

/// Serves on all sockets until `stop` completes.
pub(super) fn serve(
    routes: Routes,
    sockets: Vec<Socket>,
    acceptor: &Acceptor,
    settings: &Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<dev::Server> {
    let mounted = Data::new(routes.mount(settings));
    let mut builder = dev::Server::build()
        .workers(settings.worker_threads())
        .worker_max_blocking_threads(BLOCKING_THREADS)
        // `slots` limits the connections, so that those beyond the limit get a response.
        .max_concurrent_connections(usize::MAX - 1)
        .shutdown_timeout(settings.shutdown_timeout)
        .shutdown_signal(stop);
    let grace = settings.connections.grace;
    for Socket { address, listener } in sockets {
        let (routes, authority) = (routes.clone(), address.authority());
        let stopping = builder.graceful_shutdown_signal();
        let mounted = mounted.clone();
        let http = move || {
            let stopping = stopping.clone();
            let stopping = move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            };
            http_service(routes.clone(), mounted.clone(), authority.clone(), grace, stopping)
        };
        let acceptor = acceptor.clone();
        let stopping = builder.graceful_shutdown_signal();
        let accept = move |socket: AcceptedSocket| {
            let (acceptor, stopping) = (acceptor.clone(), stopping.clone());
            async move { acceptor.accept(socket, stopping.notified()).await }
        };
        builder = match listener {
            Listener::Tcp(listener) => builder.listen("http", listener, move || {
                let accept = accept.clone();
                fn_service(move |stream: TcpStream| accept(stream.into())).and_then(http())
            })?,
            #[cfg(unix)]
            Listener::Unix(listener) => builder.listen_uds("http", listener, move || {
                let accept = accept.clone();
                fn_service(move |stream: UnixStream| accept(stream.into())).and_then(http())
            })?,
        };
    }
    Ok(builder.run())
}

/// Returns what serves HTTP on the connections of one socket.
fn http_service<S: Future<Output = ()> + 'static>(
    routes: Routes,
    mounted: Data<Mount>,
    authority: String,
    grace: Duration,
    stopping: impl Fn() -> S + 'static,
) -> impl ServiceFactory<
    Accepted,
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
    Service: 'static,
    Future: 'static,
> {
    let app = App::new()
        .app_data(OwnAuthority(authority))
        .app_data(mounted)
        // The innermost, because it needs bodies as the handlers made them.
        .wrap(from_fn(mount))
        .wrap(from_fn(access_log))
        .wrap(from_fn(track_request))
        .configure(|config| routes.configure(config));
    HttpService::build()
        // `Connection` has the deadlines for headers and idle connections.
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(grace)
        // A client that has closed its side isn't waiting for a response.
        .h1_allow_half_closed(false)
        .h1_write_buffer_size(WRITE_BUFFER)
        .graceful_shutdown_signal(stopping)
        .on_connect_ext(|connection: &Connection, data| {
            data.insert(connection.state());
            data.insert(connection.peer());
        })
        .finish(map_config(app, |()| AppConfig::default()))
}
