//! The access log: a log line for each request, with its ID, but without secrets and bodies. Also
//! counts the requests of the API.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};

use super::Service;
use crate::http::request_id::{self, RequestId};
use crate::model::key::secret::{Prefix, redact};

/// The prefix of the API key of a request, stored in its extensions after authentication.
pub(crate) struct UsedKey(pub Prefix);

/// The operation that handles a request, stored in its extensions.
pub(crate) struct UsedOperation(pub &'static str);

/// App data that marks a listener that serves the API. The separate port for the admin pages
/// doesn't have it.
pub(crate) struct ServesApi;

/// The prefix of API paths. Requests of admin pages don't count as API traffic.
const API_PREFIX: &str = "/api/";

/// Middleware that gives a request its ID, then counts and logs it when the response is ready.
pub(crate) async fn access_log<B: MessageBody>(
    service: Data<Service>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let clock = service.store.clock();
    let started = clock.monotonic();
    let id = RequestId::assign(&request);
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(request_id::HEADER.clone(), value);
    }
    let request = response.request();
    let finished = clock.monotonic();
    if request.app_data::<ServesApi>().is_some() && request.path().starts_with(API_PREFIX) {
        service.traffic.record(response.status().as_u16(), finished);
    }
    if log::log_enabled!(log::Level::Info) {
        let extensions = request.extensions();
        let micros = finished.since(started).as_micros();
        log::info!(
            "method={} path={} op={} status={} ms={}.{:03} request_id={} key={}",
            request.method(),
            redact(request.path()),
            extensions.get::<UsedOperation>().map_or("-", |used| used.0),
            response.status().as_u16(),
            micros / 1000,
            micros % 1000,
            id.as_str(),
            extensions.get::<UsedKey>().map_or("-", |used| used.0.as_str()),
        );
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::middleware::from_fn;
    use actix_web::{App, HttpResponse, test, web};

    use super::*;
    use crate::model::clock::{FixedClock, Monotonic};
    use crate::model::values::time::Timestamp;
    use crate::settings::Settings;
    use crate::store::{DataDir, Store};

    #[actix_web::test]
    async fn only_api_requests_count_as_traffic() {
        let (wall, now) = (Timestamp::from_micros(0), Monotonic::from_micros(0));
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open_or_create(&DataDir::new(dir.path()), Arc::new(FixedClock(wall, now)))
                .unwrap();
        let service = Arc::new(Service::new(Settings::default(), store));
        let app = || {
            App::new()
                .app_data(Data::from(Arc::clone(&service)))
                .wrap(from_fn(access_log))
                .route("/admin", web::get().to(HttpResponse::Ok))
        };
        let with_api =
            app().app_data(ServesApi).route("/api/v1/me", web::get().to(HttpResponse::Ok));
        let with_api = test::init_service(with_api).await;
        let without_api = test::init_service(app()).await;
        for path in ["/api/v1/me", "/admin", "/api/nowhere", "/nowhere"] {
            test::call_service(&with_api, test::TestRequest::get().uri(path).to_request()).await;
            test::call_service(&without_api, test::TestRequest::get().uri(path).to_request()).await;
        }
        let minute = service.traffic.last_hour(wall, now)[59];
        assert_eq!((minute.all, minute.client_errors, minute.server_errors), (2, 1, 0));
    }
}
