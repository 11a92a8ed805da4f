//! The floor: actix-web with the server's settings and the same requests, but a constant response.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::KeepAlive;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use pivotal_server::settings::Settings;

use crate::Outcome;

/// Same as in `src/server/http.rs` and `src/settings/values.rs`.
const BLOCKING_THREADS: usize = 4;
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);

/// Responds to every request with a body of this size, until the process is killed.
pub fn serve(bytes: usize) -> Outcome<()> {
    let body = Data::new(Bytes::from(vec![b'x'; bytes]));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!(
        "{}",
        serde_json::json!({ "listening": format!("http://{}", listener.local_addr()?) })
    );
    let server = HttpServer::new(move || {
        App::new().app_data(body.clone()).default_service(web::to(respond))
    })
    .workers(Settings::default().worker_threads())
    .worker_max_blocking_threads(BLOCKING_THREADS)
    .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
    .client_request_timeout(TIMEOUT)
    .client_disconnect_timeout(TIMEOUT)
    .listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

/// Reads the request body, like the server, and ignores it.
async fn respond(_body: Bytes, response: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(Bytes::clone(&response))
}
