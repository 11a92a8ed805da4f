//! `/health`: whether the server runs, and `/api/health/deep`: whether it can do its work.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;

use super::app::App;
use crate::model::time::Timestamp;
use crate::store::StoreError;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    timestamp: Timestamp,
    version: &'static str,
}

/// GET `/health`: no key, no database.
pub(super) async fn show(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(Health {
        status: "ok",
        timestamp: app.store.clock().now(),
        version: env!("CARGO_PKG_VERSION"),
    })
}

#[derive(Serialize)]
struct DeepHealth {
    status: &'static str,
    checks: Checks,
}

/// Each is `ok` or what is wrong.
#[derive(Serialize)]
struct Checks {
    file: String,
    read: String,
    write: String,
}

/// GET `/api/health/deep`: no key; reads from the database and writes to it.
pub(super) async fn deep(app: Data<App>) -> HttpResponse {
    let file = app.store.sound();
    let read = app.store.read(|reader| reader.workspaces().map(drop));
    let write = app.store.write(|tx| tx.probe()).await;
    let well = file.is_ok() && read.is_ok() && write.is_ok();
    let checks = Checks { file: tell(file), read: tell(read), write: tell(write) };
    if well {
        HttpResponse::Ok().json(DeepHealth { status: "ok", checks })
    } else {
        HttpResponse::ServiceUnavailable().json(DeepHealth { status: "unavailable", checks })
    }
}

fn tell(result: Result<(), StoreError>) -> String {
    result.err().map_or_else(|| "ok".to_owned(), |error| error.to_string())
}
