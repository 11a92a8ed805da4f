//! The HTTP server: its sockets, what is served on which, and how it stops. It puts the API, its
//! documentation and the admin pages together with the work in the background. For `cli`.

mod background;
mod connection;
mod descriptors;
mod http;
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
use self::routes::Routes;
use self::slots::Slots;
pub use self::socket::BindError;
use self::socket::Socket;
use crate::admin::Admin;
use crate::api::Api;
use crate::http::origin;
use crate::service::Service;
use crate::settings::Settings;
use crate::store::{StoreError, Threads};

/// A server whose sockets are open.
pub struct Server {
    service: Arc<Service>,
    api: Data<Api>,
    socket: Socket,
    /// Nothing when the settings ask for no pages.
    admin: Option<Data<Admin>>,
    /// The pages' own, when they do not share the API's.
    admin_socket: Option<Socket>,
}

impl Server {
    /// How many threads of a server may read from the database at the same time.
    pub fn threads(settings: &Settings) -> Threads {
        let count = |threads| u32::try_from(threads).unwrap_or(u32::MAX);
        // The pages look nothing up on the threads that answer.
        Threads {
            lookups: count(settings.worker_threads()),
            lists: count(settings.list_threads() + settings.page_threads()),
        }
    }

    /// Opens the sockets.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind(service: Service) -> Result<Self, BindError> {
        let service = Arc::new(service);
        let socket = Socket::open(service.settings.listen, "--listen")?;
        let pages = &service.settings.admin;
        let (mut admin, mut admin_socket) = (None, None);
        if pages.enabled {
            admin = Some(Data::new(Admin::new(Arc::clone(&service))?));
            let open = |address| Socket::open(address, "the setting admin.listen");
            admin_socket = pages.listen.map(open).transpose()?;
        }
        let api = Data::new(Api::new(Arc::clone(&service))?);
        Ok(Self { service, api, socket, admin, admin_socket })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.socket.address
    }

    /// Where the admin pages begin, for a browser on this machine; nothing when there are none.
    pub fn admin_url(&self) -> Option<String> {
        self.admin.as_ref().map(|_| self.page_url("/admin"))
    }

    /// Where the admin's first password is set, with the code for it; nothing when there is a
    /// password, or no pages.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn setup_url(&self) -> Result<Option<String>, StoreError> {
        let path = self.admin.as_ref().map(|admin| admin.setup_path()).transpose()?.flatten();
        Ok(path.map(|path| self.page_url(&path)))
    }

    fn page_url(&self, path: &str) -> String {
        let socket = self.admin_socket.as_ref().unwrap_or(&self.socket);
        format!("http://{}{path}", origin::reachable(socket.address))
    }

    /// The server's state.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// Answers requests until `stop` is ready, then finishes those that are in flight and closes
    /// the database.
    ///
    /// # Errors
    /// When the operating system takes a socket away.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { service, api, socket, admin, admin_socket } = self;
        let stop = stop.boxed().shared();
        let settings = &service.settings;
        let connections = &settings.connections;
        let max = descriptors::connections(
            connections.max,
            settings.worker_threads(),
            Self::threads(settings),
        );
        let slots = Slots::new(max, connections.per_address, settings.trusted_proxies.clone());
        let serve = |api, admin, socket| {
            let routes = Routes { service: Data::from(Arc::clone(&service)), api, admin };
            http::serve(routes, socket, slots.clone(), settings, stop.clone())
        };
        let both = match admin_socket {
            None => Either::Left(serve(Some(api), admin, socket)?),
            Some(own) => {
                let (main, pages) = (serve(Some(api), None, socket)?, serve(None, admin, own)?);
                Either::Right(future::try_join(main, pages).map(|ended| ended.map(drop)))
            }
        };
        let background = Background::start(&service);
        let ended = both.await;
        background.stop().await;
        log::info!("stopped");
        ended
    }
}
