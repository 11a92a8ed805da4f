//! The HTTP server: opens the sockets, serves the API, its documentation, and the admin pages, runs
//! the background tasks, and shuts down.

mod accept;
mod background;
mod connection;
mod demo;
mod descriptors;
mod http;
mod listen;
mod metrics;
mod refusal;
mod routes;
mod slots;
mod stream;
mod tls;

use std::future::Future;
use std::io;
use std::sync::Arc;

use actix_web::rt::System;
use actix_web::web::Data;
use futures_util::FutureExt;
use futures_util::future::{self, Either};

use self::accept::Acceptor;
use self::background::Background;
use self::connection::Timeouts;
pub use self::listen::BindError;
use self::listen::{Socket, SocketFiles, Sockets};
use self::metrics::MetricsServer;
use self::routes::Routes;
use self::slots::Slots;
use self::tls::ServerTls;
use crate::admin::{Admin, MAX_RUNNING_IMPORTS};
use crate::api::{self, Api};
use crate::model::key::secret::KeySecret;
use crate::service::Service;
use crate::service::webhooks::record::record_settings;
use crate::settings::{ListenAddresses, Settings};
use crate::store::{StoreError, Threads};
use crate::test_control::Control;

/// A server whose sockets are open.
pub struct Server {
    service: Arc<Service>,
    api: Data<Api>,
    /// `None` unless the server was started with test control.
    control: Option<Data<Control>>,
    sockets: Vec<Socket>,
    /// `None` if the admin pages are disabled.
    admin: Option<Data<Admin>>,
    /// `None` if the admin pages share the API's sockets.
    admin_sockets: Option<Vec<Socket>>,
    /// `None` if metrics are off.
    metrics_sockets: Option<Vec<Socket>>,
    /// `None` means plain HTTP.
    tls: Option<Arc<ServerTls>>,
    /// Removed when the server ends.
    files: SocketFiles,
}

impl Server {
    /// Returns how many threads can read from the database at the same time.
    pub fn threads(settings: &Settings) -> Threads {
        let count = |threads| u32::try_from(threads).unwrap_or(u32::MAX);
        let metrics = usize::from(settings.metrics.listen.is_some());
        // The admin pages do no lookups on the worker threads.
        Threads {
            lookups: count(settings.worker_threads()),
            // One of them sends webhooks, one may serve metrics, and some import files.
            lists: count(
                settings.list_threads()
                    + settings.page_threads()
                    + 1
                    + metrics
                    + MAX_RUNNING_IMPORTS,
            ),
            query_timeout: settings.query_timeout,
        }
    }

    /// Opens the sockets.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind(mut service: Service) -> Result<Self, BindError> {
        service.metrics.requests.register(api::operation_ids());
        let service = Arc::new(service);
        let settings = &service.settings;
        let load = |files| ServerTls::load(files, service.store.clock().now()).map(Arc::new);
        let tls = settings.tls.files()?.map(load).transpose()?;
        let (mut files, mut taken) = (SocketFiles::default(), Vec::new());
        let mut open = |addresses: &ListenAddresses, setting| -> Result<Vec<Socket>, BindError> {
            let opened = Sockets::open(addresses, setting, &taken)?;
            files.extend(opened.files);
            taken.extend(opened.sockets.iter().map(|socket| socket.address.clone()));
            Ok(opened.sockets)
        };
        let sockets = open(&settings.listen, "--listen or the `listen` setting")?;
        let (mut admin, mut admin_sockets) = (None, None);
        if settings.admin.enabled {
            admin = Some(Data::new(Admin::new(Arc::clone(&service))));
            let own = settings.admin.listen.as_ref();
            admin_sockets = own.map(|own| open(own, "the `admin.listen` setting")).transpose()?;
        }
        let own = settings.metrics.listen.as_ref();
        let metrics_sockets =
            own.map(|own| open(own, "the `metrics.listen` setting")).transpose()?;
        let api = Data::new(Api::new(Arc::clone(&service))?);
        let control = Control::new(&service, &api).map(Data::new);
        record_settings(&service);
        Ok(Self {
            service,
            api,
            control,
            sockets,
            admin,
            admin_sockets,
            metrics_sockets,
            tls,
            files,
        })
    }

    /// Returns the addresses of the API as URLs, with the port that was picked for port 0. A Unix
    /// socket is `unix:` with its path.
    pub fn addresses(&self) -> Vec<String> {
        urls(&self.sockets, self.tls.is_some())
    }

    /// Like [`Self::addresses`], for the sockets that only the admin pages have.
    pub fn admin_addresses(&self) -> Vec<String> {
        urls(self.admin_sockets.as_deref().unwrap_or_default(), self.tls.is_some())
    }

    /// Like [`Self::addresses`], for the metrics, which are never encrypted.
    pub fn metrics_addresses(&self) -> Vec<String> {
        urls(self.metrics_sockets.as_deref().unwrap_or_default(), false)
    }

    /// Returns the URL of the admin pages, unless they are disabled: their public URL, or else one for
    /// a browser on this machine. Only the path if they are served on Unix sockets only.
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
        // It is the URL of the API, and the pages only share it if they share the sockets.
        let public = self.service.settings.public_url.as_ref();
        if let Some(public) = public.filter(|_| self.admin_sockets.is_none()) {
            return format!("{}{}{path}", public.origin(), public.path());
        }
        let mut sockets = self.admin_sockets.as_ref().unwrap_or(&self.sockets).iter();
        let origin = sockets.find_map(|socket| socket.address.origin(self.tls.is_some()));
        format!("{}{path}", origin.unwrap_or_default())
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
    pub fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        // Dropped after the runtime has ended: closing a database on another machine waits for a
        // network, which panics within a runtime.
        let _service = Arc::clone(&self.service);
        System::new().block_on(self.serve(stop))
    }

    async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self {
            service,
            api,
            control,
            sockets,
            admin,
            admin_sockets,
            metrics_sockets,
            tls,
            files,
        } = self;
        let stop = stop.boxed().shared();
        let pages = admin.clone();
        let settings = &service.settings;
        let connections = &settings.connections;
        let max = descriptors::connection_limit(
            connections.max,
            settings.worker_threads(),
            service.store().descriptors(Self::threads(settings)),
            settings.webhooks.concurrency,
        );
        let slots = Slots::new(
            max,
            connections.per_address,
            settings.trusted_proxies.clone(),
            Arc::clone(&service.metrics.connections),
        );
        let timeouts =
            Timeouts { keep_alive: settings.keep_alive, connections: connections.clone() };
        let acceptor = Acceptor::new(slots, timeouts, tls.clone());
        let serve = |api: Option<_>, admin, sockets| {
            // Served wherever the API is.
            let control = control.clone().filter(|_| api.is_some());
            let routes = Routes { service: Data::from(Arc::clone(&service)), api, control, admin };
            http::serve(routes, sockets, &acceptor, settings, stop.clone())
        };
        let both = match admin_sockets {
            None => Either::Left(serve(Some(api), admin, sockets)?),
            Some(own) => {
                let (main, pages) = (serve(Some(api), None, sockets)?, serve(None, admin, own)?);
                Either::Right(future::try_join(main, pages).map(|ended| ended.map(drop)))
            }
        };
        let background = Background::start(&service, pages, tls)?;
        let start_metrics = |sockets| MetricsServer::start(sockets, &service);
        let metrics = metrics_sockets.map(start_metrics).transpose()?;
        let ended = both.await;
        drop(files);
        background.stop().await;
        if let Some(metrics) = metrics {
            metrics.stop().await;
        }
        ended
    }
}

fn urls(sockets: &[Socket], has_tls: bool) -> Vec<String> {
    sockets.iter().map(|socket| socket.address.url(has_tls)).collect()
}
