//! The checks of a request before its handler runs, and its response.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use super::admission::Admission;
use super::call::Call;
use super::faults::{self, Stop};
use super::key_state::{Confirmation, KeyState};
use super::{auth, body, idempotency};
use crate::api::error::ApiError;
use crate::api::operation::Operation;
use crate::api::response::{ApiResponse, ApiResult};
use crate::api::state::Api;
use crate::http::connection_state::body_length;
use crate::http::peer::Peer;
use crate::http::request_limits;
use crate::service::access_log::{
    OperationKind, RecordIfAbandoned, UsedOperation, log_server_error,
};
use crate::service::rate_limits::RateLimitHeaders;
use crate::store::Credentials;

/// Checks a request, runs its handler, and turns the result into a response.
pub(in crate::api) async fn dispatch<F: Future<Output = ApiResult>>(
    request: HttpRequest,
    payload: Payload,
    operation: Operation,
    handler: impl Fn(Call) -> F,
) -> HttpResponse {
    let api = request.app_data::<Data<Api>>();
    let record = api.map(|api| RecordIfAbandoned::new(&api.service, &request));
    let mut rate_limit = None;
    let handled = check_and_handle(&request, payload, operation, &mut rate_limit, handler);
    let result = match AssertUnwindSafe(handled).catch_unwind().await {
        Ok(result) => result,
        // The panic hook has logged the panic itself.
        Err(_) => Err(ApiError::Internal("the handler panicked".to_owned()).into()),
    };
    let mut response = match result {
        Ok(response) => response.into_http_response(),
        Err(Stop::Error(error)) => error_response(&request, &error),
        Err(Stop::Injected(response)) => response,
    };
    if let Some(headers) = rate_limit {
        headers.add_to(&mut response);
    }
    if let Some(record) = record {
        record.finish();
    }
    response
}

/// Builds the response to a failed request, and logs server errors.
pub(in crate::api) fn error_response(request: &HttpRequest, error: &ApiError) -> HttpResponse {
    if error.is_server_error() {
        log_server_error(request, error);
    }
    error.to_http_response()
}

async fn check_and_handle<F: Future<Output = ApiResult>>(
    request: &HttpRequest,
    payload: Payload,
    operation: Operation,
    rate_limit: &mut Option<RateLimitHeaders>,
    handler: impl Fn(Call) -> F,
) -> Result<ApiResponse, Stop> {
    request.extensions_mut().insert(UsedOperation::new(operation.id, OperationKind::Api));
    let headers = request.headers();
    if !request_limits::headers_fit(headers) {
        return Err(ApiError::HeadersTooLarge.into());
    }
    let api = request.app_data::<Data<Api>>().cloned();
    let api = api.ok_or_else(|| ApiError::Internal("the app has no API state".to_owned()))?;
    let peer = Peer::of(request);
    let peer = peer.ok_or_else(|| ApiError::Internal("the peer has no address".to_owned()))?;
    let from = api.service.client_address(peer, headers);

    // Others may wait for the body or the writer first. A fault can delay a request.
    let has_test_control = api.service.test_control.is_some();
    let reads_at_once = is_read(request) && body_length(headers) == Some(0) && !has_test_control;
    let mut admission = Admission::new(&api.service, operation.access, from, rate_limit);
    if reads_at_once && let Some(known) = auth::assume(&api, request) {
        // Boxed, so that other requests don't carry its state around.
        let read = Box::pin(read_with(&known, &api, request, &mut admission, &handler));
        if let Some(response) = read.await {
            return Ok(response?);
        }
        admission.revoke();
    }

    let (credentials, snapshot) = auth::authenticate(&api, request, from).await?;
    let (key, caller) = (&credentials.key, Arc::clone(&credentials.caller));
    // Other requests must not hold a database connection until they read.
    let snapshot = snapshot.filter(|_| reads_at_once);
    if has_test_control {
        faults::observe(request, &caller);
    }
    admission.record_use(&credentials);
    admission.admit(&credentials)?;

    // Read the body even if it is rejected: a client that is still sending may miss the response.
    let body = body::read(request, payload, &api.service.settings.connections).await?;
    if takes_body(request) && !body::is_plain(headers) {
        return Err(ApiError::UnsupportedEncoding.into());
    }
    // Dropped once the handler has finished.
    let _cut = if has_test_control {
        faults::apply(&api.service, request, operation, key, &body, rate_limit).await?
    } else {
        None
    };
    let retry = idempotency::parse_header(request, &body)?;
    let _guard = match idempotency::claim(&api, &caller, retry.as_ref()).await? {
        idempotency::Claim::New(guard) => guard,
        idempotency::Claim::Replay(response) => return Ok(response),
    };
    let (request, key) = (request.clone(), KeyState::Read(snapshot));
    let call = Call { api, caller, credentials, request, body, retry, key };
    Ok(handler(call).await?)
}

/// Handles a request that only reads, with the key as it is known. Returns `None` if the key has to be
/// read first: it has changed, it can't make this request, or the handler has read nothing.
async fn read_with<F: Future<Output = ApiResult>>(
    known: &Arc<Credentials>,
    api: &Data<Api>,
    request: &HttpRequest,
    admission: &mut Admission<'_>,
    handler: impl Fn(Call) -> F,
) -> Option<ApiResult> {
    // A refusal counts in the metrics, so only the one that is sent.
    if !admission.is_within_limit(known) || admission.admit(known).is_err() {
        return None;
    }
    let confirmation = Confirmation::default();
    let call = Call {
        api: Data::clone(api),
        caller: Arc::clone(&known.caller),
        credentials: Arc::clone(known),
        request: request.clone(),
        body: Bytes::new(),
        retry: None,
        key: KeyState::Assumed(confirmation.clone()),
    };
    let result = handler(call).await;
    if !confirmation.is_confirmed() {
        return None;
    }
    admission.record_use(known);
    Some(result)
}

fn is_read(request: &HttpRequest) -> bool {
    request.method() == Method::GET || request.method() == Method::HEAD
}

/// Returns whether the body is parsed rather than ignored.
fn takes_body(request: &HttpRequest) -> bool {
    request.method() == Method::POST || request.method() == Method::PATCH
}

#[cfg(test)]
mod tests {
    use actix_web::{test, web};

    use super::*;
    use crate::api::operation::Access;
    use crate::model::clock::SystemClock;
    use crate::model::customer::CustomerFilter;
    use crate::model::event::Actor;
    use crate::model::key::issued::IssuedKey;
    use crate::model::key::secret::KeySecret;
    use crate::model::key::{Key, Mode, NewKey, Scope, Scopes, Tier};
    use crate::model::parse::page::PageRequest;
    use crate::model::resource::ResourceType;
    use crate::model::values::slug::Slug;
    use crate::model::values::text::Name;
    use crate::model::workspace::NewWorkspace;
    use crate::service::Service;
    use crate::settings::Settings;
    use crate::store::{DataDir, Extent, Store, Tx, WorkspaceReader, WriteScope};

    async fn panics(call: Call) -> ApiResult {
        assert!(call.body.len() > usize::MAX - 1, "on purpose");
        Err(ApiError::RouteNotFound)
    }

    async fn get_first(call: Call) -> ApiResult {
        // A list, so that no row is needed.
        let read = |reader: &WorkspaceReader<'_>| {
            let page = PageRequest { limit: 1, before: None };
            Ok(ApiResponse::page_text(reader.customers(&CustomerFilter::default(), &page)?))
        };
        call.read_list(Extent::OnePage, read).await
    }

    async fn search(call: Call) -> ApiResult {
        let read = |_: &WorkspaceReader<'_>| ApiResponse::ok(&());
        call.read_list(Extent::WholeList, read).await
    }

    async fn find_nothing(_: Call) -> ApiResult {
        Err(ApiError::NotFound(ResourceType::Customer))
    }

    /// Creates a key. Returns it with its secret.
    async fn create_key(store: &Store, scopes: Scopes) -> (Key, KeySecret) {
        let name = Name::parse("Test").unwrap();
        let workspace = NewWorkspace { slug: Slug::parse("test").unwrap(), name: name.clone() };
        let workspace = store
            .write(WriteScope::Database, |tx| tx.create_workspace(workspace))
            .await
            .unwrap()
            .unwrap();
        let tier = Tier::Standard;
        let new = NewKey { name, mode: Mode::Live, tier, scopes, expires_at: None, replaces: None };
        let (issued, secret) = IssuedKey::issue(new, store.checksum_secret()).unwrap();
        let create = move |tx: &Tx<'_>| tx.create_key(Actor::command_line(), &workspace, issued);
        (store.write(WriteScope::Database, create).await.unwrap(), secret)
    }

    fn request_with(secret: &KeySecret) -> test::TestRequest {
        test::TestRequest::get()
            .peer_addr("127.0.0.1:1".parse().unwrap())
            .insert_header(("Authorization", format!("Bearer {}", secret.reveal())))
    }

    #[actix_web::test]
    async fn a_panicking_handler_returns_a_500_and_the_server_keeps_running() {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock)).unwrap();
        let (_, secret) = create_key(&store, Scopes::all()).await;

        let operation = Operation { id: "panic", access: Access::AnyKey };
        let handler = move |request, payload| dispatch(request, payload, operation, panics);
        let service = Service::new(Settings::default(), store);
        let app = actix_web::App::new()
            .app_data(Data::new(Api::new(Arc::new(service)).unwrap()))
            .default_service(web::to(handler));
        let app = test::init_service(app).await;
        for _ in 0..2 {
            let response = test::call_service(&app, request_with(&secret).to_request()).await;
            assert_eq!(response.status(), 500);
            let body: serde_json::Value = test::read_body_json(response).await;
            assert_eq!(body["error"]["code"], "internal_error");
        }
    }

    /// A server whose database is on another machine, with a key that can only read contacts.
    struct Remote {
        _dir: tempfile::TempDir,
        service: Arc<Service>,
        api: Data<Api>,
        key: Key,
        secret: KeySecret,
    }

    impl Remote {
        async fn start() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let store =
                Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock)).unwrap();
            let scopes = Scopes::new_or_all(&[Scope::ReadContacts]);
            let (key, secret) = create_key(&store, scopes).await;
            let service = Arc::new(Service::new(Settings::default(), store.pretend_remote()));
            let api = Data::new(Api::new(Arc::clone(&service)).unwrap());
            Self { _dir: dir, service, api, key, secret }
        }

        /// Sends a request, and returns its status and the remaining budget.
        async fn get(&self, path: &str) -> (u16, Option<i64>) {
            let any = Operation { id: "list", access: Access::AnyKey };
            let scoped = Operation { id: "get", access: Access::Scope(Scope::ReadCustomers) };
            let list = move |request, payload| dispatch(request, payload, any, get_first);
            let search = move |request, payload| dispatch(request, payload, any, search);
            let nothing = move |request, payload| dispatch(request, payload, any, find_nothing);
            let customer = move |request, payload| dispatch(request, payload, scoped, get_first);
            let app = actix_web::App::new()
                .app_data(Data::clone(&self.api))
                .route("/list", web::to(list))
                .route("/search", web::to(search))
                .route("/nothing", web::to(nothing))
                .route("/customer", web::to(customer));
            let app = test::init_service(app).await;
            let request = request_with(&self.secret).uri(path).to_request();
            let response = test::call_service(&app, request).await;
            let remaining = response.headers().get("x-ratelimit-remaining");
            let remaining = remaining.map(|text| text.to_str().unwrap().parse().unwrap());
            (response.status().as_u16(), remaining)
        }
    }

    const PATHS: [(&str, u16); 4] =
        [("/list", 200), ("/search", 200), ("/nothing", 404), ("/customer", 403)];

    #[actix_web::test]
    async fn on_another_machine_a_revoked_key_is_refused_at_the_next_request() {
        for (path, status) in PATHS {
            let remote = Remote::start().await;
            // The first request verifies the key, the second assumes that it is the same.
            for _ in 0..2 {
                assert_eq!(remote.get(path).await.0, status, "{path}");
            }
            let id = remote.key.id.clone();
            let revoke = move |tx: &Tx<'_>| tx.revoke_key(Actor::command_line(), &id);
            remote.service.store.write(WriteScope::Database, revoke).await.unwrap();
            for _ in 0..2 {
                assert_eq!(remote.get(path).await, (401, None), "{path}");
            }
        }
    }

    #[actix_web::test]
    async fn on_another_machine_each_request_is_counted_once() {
        let remote = Remote::start().await;
        let (_, first) = remote.get("/list").await;
        let mut expected = first.unwrap();
        for (path, status) in PATHS.into_iter().cycle().take(12) {
            expected -= 1;
            assert_eq!(remote.get(path).await, (status, Some(expected)), "{path}");
        }
    }
}
