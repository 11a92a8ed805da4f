//! One log line for each request, with its id, and never with a secret or a body; and the count
//! of those for the API.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};

use super::Service;
use crate::http::request_id::{self, RequestId};
use crate::model::key::secret::{Prefix, redact};

/// The prefix of the key that a request was made with, kept in its extensions once it is known.
pub(crate) struct UsedKey(pub Prefix);

/// The operation that answered a request, kept in its extensions.
pub(crate) struct UsedOperation(pub &'static str);

/// Marks, among an app's data, that it serves the API. The pages' own port does not.
pub(crate) struct ServesApi;

/// What the paths of the API begin with; those of the admin pages are not counted as its traffic.
const API: &str = "/api/";

/// Gives the request its id, and counts and logs it when it is answered.
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
    let ended = clock.monotonic();
    if request.app_data::<ServesApi>().is_some() && request.path().starts_with(API) {
        service.traffic.note(response.status().as_u16(), ended);
    }
    if log::log_enabled!(log::Level::Info) {
        let extensions = request.extensions();
        let micros = ended.since(started).as_micros();
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
    use crate::model::clock::{Monotonic, Stopped};
    use crate::model::values::time::Timestamp;
    use crate::settings::Settings;
    use crate::store::{DataDir, Store};

    #[actix_web::test]
    async fn only_requests_of_the_api_are_traffic() {
        let (wall, now) = (Timestamp::from_micros(0), Monotonic::from_micros(0));
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open_or_create(&DataDir::new(dir.path()), Arc::new(Stopped(wall, now))).unwrap();
        let service = Arc::new(Service::new(Settings::default(), store));
        let app = || {
            App::new()
                .app_data(Data::from(Arc::clone(&service)))
                .wrap(from_fn(access_log))
                .route("/admin", web::get().to(HttpResponse::Ok))
        };
        let both = app().app_data(ServesApi).route("/api/v1/me", web::get().to(HttpResponse::Ok));
        let both = test::init_service(both).await;
        let only_pages = test::init_service(app()).await;
        for path in ["/api/v1/me", "/admin", "/api/nowhere", "/nowhere"] {
            test::call_service(&both, test::TestRequest::get().uri(path).to_request()).await;
            test::call_service(&only_pages, test::TestRequest::get().uri(path).to_request()).await;
        }
        let minute = service.traffic.last_hour(wall, now)[59];
        assert_eq!((minute.all, minute.client_errors, minute.server_errors), (2, 1, 0));
    }
}
