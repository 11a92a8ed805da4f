//! One log line for each request, with its id, and never with a secret or a body.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::request_id::{self, RequestId};
use crate::model::key::{Prefix, redact};

/// The prefix of the key that a request was made with, kept in its extensions once it is known.
pub(crate) struct UsedKey(pub Prefix);

/// The operation that answered a request, kept in its extensions.
pub(crate) struct UsedOperation(pub &'static str);

/// Gives the request its id, and logs it when it is answered.
pub(crate) async fn access_log<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let id = RequestId::of(&request);
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(request_id::HEADER.clone(), value);
    }
    if log::log_enabled!(log::Level::Info) {
        let request = response.request();
        let extensions = request.extensions();
        log::info!(
            "method={} path={} op={} status={} ms={:.3} request_id={} key={}",
            request.method(),
            redact(request.path()),
            extensions.get::<UsedOperation>().map_or("-", |used| used.0),
            response.status().as_u16(),
            started.elapsed().as_secs_f64() * 1000.0,
            id.as_str(),
            extensions.get::<UsedKey>().map_or("-", |used| used.0.as_str()),
        );
    }
    Ok(response)
}
