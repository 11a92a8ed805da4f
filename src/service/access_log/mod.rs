//! The access log: a log line for each request, with its ID, but without secrets and bodies. Also
//! counts the requests.

mod abandoned;
mod body;
mod line;
mod used;

use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::web::Data;

pub(crate) use self::abandoned::RecordIfAbandoned;
use self::abandoned::logged;
use self::body::MeasuredBody;
use self::line::RequestLine;
pub(crate) use self::line::log_server_error;
pub(crate) use self::used::{
    Observed, OperationKind, ServesApi, UsedKey, UsedOperation, UsedWorkspace,
};
use super::Service;
use crate::http::request_id::{self, RequestId};

/// Returns whether a path belongs to the API. Requests of admin pages don't count as API traffic.
pub(crate) fn is_api_path(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Middleware that gives a request its ID, then counts and logs it when the response is ready. If
/// its length isn't known until then, logs it when it ends.
pub(crate) async fn access_log<B: MessageBody + 'static>(
    service: Data<Service>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // The duration is measured by the machine's clock: tests can move the store's.
    let started = Instant::now();
    let id = RequestId::assign(&request);
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(request_id::HEADER.clone(), value);
    }
    let took = started.elapsed();
    let (request, status) = (response.request(), response.status().as_u16());
    service.metrics.requests.record(line::operation(request), status, took);
    if request.app_data::<ServesApi>().is_some() && is_api_path(request.path()) {
        let clock = service.store.clock();
        service.traffic.record(status, clock.monotonic());
        if let Some(control) = &service.test_control {
            control.journal.record(logged(request, Some(status), clock.now()));
        }
    }
    let size = if request.method() == Method::HEAD {
        Some(0)
    } else {
        match response.response().body().size() {
            BodySize::None => Some(0),
            BodySize::Sized(size) => Some(size),
            BodySize::Stream => None,
        }
    };
    let line = RequestLine::new(&service, &response);
    Ok(match (line, size) {
        (Some(line), Some(size)) => {
            line.write(took, size);
            response.map_into_boxed_body()
        }
        (Some(line), None) => response
            .map_body(|_, body| BoxBody::new(MeasuredBody::new(body.boxed(), started, line))),
        (None, _) => response.map_into_boxed_body(),
    })
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
