//! What actix-web can do at all: the server's settings, the same requests, and an answer that is
//! always the same.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::KeepAlive;
use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};
use pivotal_server::settings::Settings;

use crate::Outcome;

/// As in `src/server/http.rs` and `src/settings/values.rs`.
const BLOCKING: usize = 4;
const IDLE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers every request with a body of this size, until the process is killed.
pub fn serve(bytes: usize) -> Outcome<()> {
    let body = Data::new(Bytes::from(vec![b'x'; bytes]));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!(
        "{}",
        serde_json::json!({ "listening": format!("http://{}", listener.local_addr()?) })
    );
    let server =
        HttpServer::new(move || App::new().app_data(body.clone()).default_service(web::to(answer)))
            .workers(Settings::default().worker_threads())
            .worker_max_blocking_threads(BLOCKING)
            .keep_alive(KeepAlive::Timeout(IDLE))
            .client_request_timeout(PATIENCE)
            .client_disconnect_timeout(PATIENCE)
            .listen(listener)?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

/// Reads what was sent, as the server does, and looks at none of it.
async fn answer(_sent: Bytes, body: Data<Bytes>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(Bytes::clone(&body))
}
