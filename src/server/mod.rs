//! The HTTP server: opens the sockets, serves the API, its documentation, and the admin pages, runs
//! the background tasks, and shuts down.

mod background;
mod connection;
mod demo;
mod descriptors;
mod http;
mod metrics;
mod refusal;
mod routes;
mod slots;
mod socket;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web::Data;
use futures_util::FutureExt;
use futures_util::future::{self, Either};

use self::background::Background;
use self::metrics::MetricsServer;
use self::routes::Routes;
use self::slots::Slots;
pub use self::socket::BindError;
use self::socket::Socket;
use crate::admin::{Admin, MAX_RUNNING_IMPORTS};
use crate::api::{self, Api};
use crate::http::origin;
use crate::model::key::secret::KeySecret;
use crate::service::Service;
use crate::service::webhooks::record::record_settings;
use crate::settings::Settings;
use crate::store::{StoreError, Threads};
use crate::test_control::Control;

/// A server whose sockets are open.
pub struct Server {
    service: Arc<Service>,
    api: Data<Api>,
    /// `None` unless the server was started with test control.
    control: Option<Data<Control>>,
    socket: Socket,
    /// `None` if the admin pages are disabled.
    admin: Option<Data<Admin>>,
    /// `None` if the admin pages share the API's socket.
    admin_socket: Option<Socket>,
    /// `None` if metrics are off.
    metrics_socket: Option<Socket>,
}

impl Server {
    /// Returns how many threads can read from the database at the same time.
    pub fn threads(settings: &Settings) -> Threads {
        let count = |threads| u32::try_from(threads).unwrap_or(u32::MAX);
        // The admin pages do no lookups on the worker threads.
        Threads {
            lookups: count(settings.worker_threads()),
            // One of them sends webhooks, one serves metrics, and some import files.
            lists: count(
                settings.list_threads() + settings.page_threads() + 2 + MAX_RUNNING_IMPORTS,
            ),
        }
    }

    /// Opens the sockets.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind(mut service: Service) -> Result<Self, BindError> {
        service.metrics.requests.register(api::operation_ids());
        let service = Arc::new(service);
        let socket = Socket::open(service.settings.listen, "--listen")?;
        let pages = &service.settings.admin;
        let (mut admin, mut admin_socket) = (None, None);
        if pages.enabled {
            admin = Some(Data::new(Admin::new(Arc::clone(&service))?));
            let open = |address| Socket::open(address, "the `admin.listen` setting");
            admin_socket = pages.listen.map(open).transpose()?;
        }
        let open = |address| Socket::open(address, "the `metrics.listen` setting");
        let metrics_socket = service.settings.metrics.listen.map(open).transpose()?;
        let api = Data::new(Api::new(Arc::clone(&service))?);
        let control = Control::new(&service, &api).map(Data::new);
        record_settings(&service);
        Ok(Self { service, api, control, socket, admin, admin_socket, metrics_socket })
    }

    /// Returns the address of the API's socket, with the port that was picked for port 0.
    pub fn address(&self) -> SocketAddr {
        self.socket.address
    }

    /// Returns the address of the admin pages' own socket, if they have one.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_socket.as_ref().map(|socket| socket.address)
    }

    /// Returns the address of the metrics' socket, unless they are off.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_socket.as_ref().map(|socket| socket.address)
    }

    /// Returns the URL of the admin pages for a browser on this machine, unless they are disabled.
    pub fn admin_url(&self) -> Option<String> {
        self.admin.as_ref().map(|_| self.page_url("/admin"))
    }

    /// Returns the URL with the code to set the first admin password. `None` if there is a
    /// password, or if the admin pages are disabled.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn setup_url(&self) -> Result<Option<String>, StoreError> {
        let path = self.admin.as_ref().map(|admin| admin.setup_path()).transpose()?.flatten();
        Ok(path.map(|path| self.page_url(&path)))
    }

    fn page_url(&self, path: &str) -> String {
        let socket = self.admin_socket.as_ref().unwrap_or(&self.socket);
        format!("http://{}{path}", origin::connectable_address(socket.address))
    }

    /// Accepts a key that this process has just hashed, without verifying it again.
    pub fn trust_key(&self, secret: &KeySecret, hash: String) {
        self.api.trust_key(secret, hash);
    }

    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Handles requests until `stop` completes, then finishes those in progress and closes the
    /// database.
    ///
    /// # Errors
    /// If a socket fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { service, api, control, socket, admin, admin_socket, metrics_socket } = self;
        let stop = stop.boxed().shared();
        let pages = admin.clone();
        let settings = &service.settings;
        let connections = &settings.connections;
        let max = descriptors::connection_limit(
            connections.max,
            settings.worker_threads(),
            Self::threads(settings),
            settings.webhooks.concurrency,
        );
        let slots = Slots::new(
            max,
            connections.per_address,
            settings.trusted_proxies.clone(),
            Arc::clone(&service.metrics.connections),
        );
        let serve = |api: Option<_>, admin, socket| {
            // Served wherever the API is.
            let control = control.clone().filter(|_| api.is_some());
            let routes = Routes { service: Data::from(Arc::clone(&service)), api, control, admin };
            http::serve(routes, socket, slots.clone(), settings, stop.clone())
        };
        let both = match admin_socket {
            None => Either::Left(serve(Some(api), admin, socket)?),
            Some(own) => {
                let (main, pages) = (serve(Some(api), None, socket)?, serve(None, admin, own)?);
                Either::Right(future::try_join(main, pages).map(|ended| ended.map(drop)))
            }
        };
        let background = Background::start(&service, pages)?;
        let start_metrics = |socket| MetricsServer::start(socket, &service);
        let metrics = metrics_socket.map(start_metrics).transpose()?;
        let ended = both.await;
        background.stop().await;
        if let Some(metrics) = metrics {
            metrics.stop().await;
        }
        ended
    }
}
