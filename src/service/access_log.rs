//! The access log: a log line for each request, with its ID, but without secrets and bodies. Also
//! counts the requests of the API.

use std::rc::Rc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpRequest};

use super::Service;
use super::test_control::journal::{LoggedBody, LoggedRequest};
use crate::http::connection_state::ConnectionState;
use crate::http::request_id::{self, RequestId};
use crate::model::key::secret::{Prefix, redact};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;

/// The prefix of the API key of a request, stored in its extensions after authentication.
pub(crate) struct UsedKey(pub Prefix);

/// The operation that handles a request, stored in its extensions.
pub(crate) struct UsedOperation(pub &'static str);

/// What test control records of a request in addition, stored in its extensions after
/// authentication.
pub(crate) struct Observed {
    pub workspace: Slug,
    /// `None` until it is read.
    pub body: Option<Bytes>,
    /// The ID of the fault that applied.
    pub fault: Option<String>,
}

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
    // The duration is measured by the machine's clock: tests can move the store's.
    let started = Instant::now();
    let id = RequestId::assign(&request);
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(request_id::HEADER.clone(), value);
    }
    let request = response.request();
    let took = started.elapsed();
    if request.app_data::<ServesApi>().is_some() && request.path().starts_with(API_PREFIX) {
        let clock = service.store.clock();
        service.traffic.record(response.status().as_u16(), clock.monotonic());
        if let Some(control) = &service.test_control {
            let status = Some(response.status().as_u16());
            control.journal.record(logged(request, status, clock.now()));
        }
    }
    if log::log_enabled!(log::Level::Info) {
        let extensions = request.extensions();
        let micros = took.as_micros();
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

/// Keeps a request for test control whose client gave up before the response was ready: the server
/// then drops the handler, and the access log never sees the request.
pub(crate) struct RecordIfAbandoned<'r> {
    service: &'r Service,
    request: &'r HttpRequest,
    is_finished: bool,
}

impl<'r> RecordIfAbandoned<'r> {
    pub fn new(service: &'r Service, request: &'r HttpRequest) -> Self {
        Self { service, request, is_finished: false }
    }

    /// The response is ready.
    pub fn finish(mut self) {
        self.is_finished = true;
    }
}

impl Drop for RecordIfAbandoned<'_> {
    fn drop(&mut self) {
        if let Some(control) = self.service.test_control.as_ref().filter(|_| !self.is_finished) {
            let now = self.service.store.clock().now();
            control.journal.record(logged(self.request, None, now));
        }
    }
}

/// Returns what test control keeps of a request. Without a status, its client gave up.
fn logged(request: &HttpRequest, status: Option<u16>, now: Timestamp) -> LoggedRequest {
    let extensions = request.extensions();
    let observed = extensions.get::<Observed>();
    let is_cut = request.conn_data::<Rc<ConnectionState>>().is_some_and(|state| state.is_cut());
    let path = request.uri().path_and_query().map_or(request.path(), |path| path.as_str());
    let body = observed.and_then(|observed| observed.body.as_deref());
    LoggedRequest {
        time: now,
        method: request.method().to_string(),
        path: redact(path).into_owned(),
        operation: extensions.get::<UsedOperation>().map(|used| used.0),
        status: status.filter(|_| !is_cut),
        workspace: observed.map(|observed| observed.workspace.clone()),
        key_prefix: extensions.get::<UsedKey>().map(|used| used.0.clone()),
        request_id: extensions.get::<RequestId>().map_or("", RequestId::as_str).to_owned(),
        fault: observed.and_then(|observed| observed.fault.clone()),
        body: body.and_then(LoggedBody::new),
    }
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
