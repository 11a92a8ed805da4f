//! The HTTP server: its socket, the work that it does in the background, and how it
//! stops. For `cli`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::KeepAlive;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpServer, rt};

use super::access_log::access_log;
use super::app::App;
use super::backups::keep_backing_up;
use super::call::refuse;
use super::error::ApiError;
use super::routes;
use crate::settings::Settings;

/// Threads for reads of lists, for each thread that answers requests.
const BLOCKING: usize = 4;
/// How long a connection may stay idle.
const IDLE: Duration = Duration::from_secs(30);
/// How long a client has to send a request's headers, and to read the answer to a request that
/// was refused before its end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often what is known of keys' use is written.
const USAGE_EVERY: Duration = Duration::from_secs(5);
/// How often kept answers are looked through for old ones, and how many go at a time.
const FORGET_EVERY: Duration = Duration::from_secs(60);
const FORGET_BATCH: u32 = 500;

/// A server whose socket is open.
pub struct Server {
    app: Data<App>,
    address: SocketAddr,
    listener: std::net::TcpListener,
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
    /// When the address cannot be listened on.
    pub fn bind(app: App) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(app.settings.listen)?;
        Ok(Self { address: listener.local_addr()?, app: Data::new(app), listener })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server's state.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Answers requests until `stop` is ready, then finishes those that are in flight and closes
    /// the database.
    ///
    /// # Errors
    /// When the operating system takes the socket away.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { app, listener, .. } = self;
        let settings = &app.settings;
        let state = app.clone();
        let http = HttpServer::new(move || {
            actix_web::App::new()
                .app_data(state.clone())
                .wrap(from_fn(access_log))
                .configure(routes::configure)
                .default_service(web::to(no_route))
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
        let background = [
            rt::spawn(every(USAGE_EVERY, app.clone(), write_usage)),
            rt::spawn(every(FORGET_EVERY, app.clone(), forget_answers)),
        ];
        let backups = rt::spawn(keep_backing_up(app.clone()));
        let ended = http.await;
        if let Some(schedule) = &app.backups {
            schedule.stop();
        }
        // Waits for its next backup, or for the end of the one that was just stopped.
        backups.abort();
        let _ = backups.await;
        for task in background {
            task.abort();
            // The task ends with the error that says that it was aborted.
            let _ = task.await;
        }
        write_usage(app).await;
        log::info!("stopped");
        ended
    }
}

async fn no_route(request: HttpRequest) -> actix_web::HttpResponse {
    refuse(&request, &ApiError::RouteNotFound)
}

/// Does something again and again.
async fn every<F: Future<Output = ()>>(pause: Duration, app: Data<App>, work: fn(Data<App>) -> F) {
    loop {
        rt::time::sleep(pause).await;
        work(app.clone()).await;
    }
}

async fn write_usage(app: Data<App>) {
    if let Err(error) = app.usage.flush(&app.store).await {
        log::warn!("the use of keys was not written and will be with the next batch: {error}");
    }
}

/// Small batches, each a change of its own, so that requests find their turn in between.
async fn forget_answers(app: Data<App>) {
    loop {
        match app.store.write(|tx| tx.forget_answers(FORGET_BATCH)).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                log::warn!("old idempotency keys were not removed and will be later: {error}");
                return;
            }
        }
    }
}
