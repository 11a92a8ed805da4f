//! Serves the metrics on sockets of their own, with its own thread and connections, so that they
//! can be scraped while the server is overloaded or stops.

use std::io;
use std::sync::Arc;

use actix_web::dev::{self, ServerHandle};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::rt;
use actix_web::rt::task::JoinHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

use super::listen::{Listener, Socket};
use crate::service::Service;
use crate::service::metrics::{self, expose};

/// The maximum number of connections. One scraper needs one, and each takes a descriptor.
const MAX_CONNECTIONS: usize = 16;

/// The running server of the metrics.
pub(super) struct MetricsServer {
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl MetricsServer {
    /// # Errors
    /// If a socket fails.
    pub fn start(sockets: Vec<Socket>, service: &Arc<Service>) -> io::Result<Self> {
        let service = Data::from(Arc::clone(service));
        let app = move || {
            App::new()
                .app_data(Data::clone(&service))
                .service(web::resource("/metrics").get(scrape).head(scrape))
        };
        let mut server =
            HttpServer::new(app).workers(1).max_connections(MAX_CONNECTIONS).disable_signals();
        for Socket { listener, .. } in sockets {
            server = match listener {
                Listener::Tcp(listener) => server.listen(listener)?,
                #[cfg(unix)]
                Listener::Unix(listener) => server.listen_uds(listener)?,
            };
        }
        let server: dev::Server = server.run();
        Ok(Self { handle: server.handle(), task: rt::spawn(server) })
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
        if let Ok(Err(error)) = self.task.await {
            log::warn!("the metrics were no longer served: {error}");
        }
    }
}

async fn scrape(service: Data<Service>) -> HttpResponse {
    match service.run_reads(expose).await {
        Ok(text) => {
            HttpResponse::Ok().insert_header((CONTENT_TYPE, metrics::CONTENT_TYPE)).body(text)
        }
        Err(error) => {
            log::error!("the metrics can't be written: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}
