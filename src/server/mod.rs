//! The HTTP server: its socket, what is served on it, and how it stops. It puts the API together
//! with the work in the background. For `cli`.

mod background;

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::KeepAlive;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use self::background::Background;
use crate::api::{self, Api};
use crate::service::Service;
use crate::service::access_log::access_log;
use crate::settings::Settings;

/// Threads for reads of lists, for each thread that answers requests.
const BLOCKING: usize = 4;
/// How long a connection may stay idle.
const IDLE: Duration = Duration::from_secs(30);
/// How long a client has to send a request's headers, and to read the answer to a request that
/// was refused before its end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server whose socket is open.
pub struct Server {
    service: Arc<Service>,
    api: Data<Api>,
    address: SocketAddr,
    listener: TcpListener,
}

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The operating system has no randomness to give.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says of it.
        source: io::Error,
    },
}

impl Server {
    /// Threads that answer requests, of which each may have reads under way.
    pub fn workers(settings: &Settings) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        if settings.workers == 0 { cores() } else { settings.workers }
    }

    /// How many threads of a server may read from the database at the same time.
    pub fn readers(settings: &Settings) -> u32 {
        u32::try_from(Self::workers(settings) * (1 + BLOCKING)).unwrap_or(u32::MAX)
    }

    /// Opens the socket.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind(service: Service) -> Result<Self, BindError> {
        let address = service.settings.listen;
        let failed = |source| BindError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let service = Arc::new(service);
        let api = Data::new(Api::new(Arc::clone(&service))?);
        Ok(Self { service, api, address, listener })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's state.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Answers requests until `stop` is ready, then finishes those that are in flight and closes
    /// the database.
    ///
    /// # Errors
    /// When the operating system takes the socket away.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { service, api, listener, .. } = self;
        let settings = &service.settings;
        let shared = Data::from(Arc::clone(&service));
        let http = HttpServer::new(move || {
            App::new()
                .app_data(api.clone())
                .app_data(shared.clone())
                .wrap(from_fn(access_log))
                .configure(api::configure)
                .default_service(web::to(api::no_route))
        })
        .workers(Self::workers(settings))
        .worker_max_blocking_threads(BLOCKING)
        .keep_alive(KeepAlive::Timeout(IDLE))
        .client_request_timeout(PATIENCE)
        .client_disconnect_timeout(PATIENCE)
        .shutdown_timeout(settings.shutdown_timeout)
        .shutdown_signal(stop)
        .listen(listener)?
        .run();
        let background = Background::start(&service);
        let ended = http.await;
        background.stop().await;
        log::info!("stopped");
        ended
    }
}
