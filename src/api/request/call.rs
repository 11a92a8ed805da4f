//! An authenticated request as its handler sees it, and the checks before the handler runs.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use super::faults::{self, Stop};
use super::{auth, body, idempotency};
use crate::api::error::ApiError;
use crate::api::operation::{Access, Operation};
use crate::api::response::{ApiResponse, ApiResult};
use crate::api::state::Api;
use crate::http::connection_state::body_length;
use crate::http::peer::Peer;
use crate::http::request_limits;
use crate::model::caller::Caller;
use crate::model::idempotency::IdempotentRequest;
use crate::model::parse::fields::Body;
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::id::Ref;
use crate::service::access_log::{
    OperationKind, RecordIfAbandoned, UsedOperation, log_server_error,
};
use crate::service::metrics::Refusal;
use crate::service::rate_limits::RateLimitHeaders;
use crate::service::sliding_window::Decision;
use crate::store::{
    Credentials, Extent, Reader, Snapshot, StoreError, Tx, WorkspaceReader, WorkspaceTx, WriteScope,
};

/// A request that passed all checks.
pub(in crate::api) struct Call {
    pub api: Data<Api>,
    pub caller: Arc<Caller>,
    pub credentials: Arc<Credentials>,
    request: HttpRequest,
    body: Bytes,
    retry: Option<IdempotentRequest>,
    snapshot: Option<Snapshot>,
}

impl Call {
    /// Parses the ID in the path. If it isn't a valid ID, there is no such resource.
    pub fn path_id<R>(&self, resource: ResourceType) -> Result<Ref<R>, ApiError> {
        // Every path has at most one parameter.
        let text = self.request.match_info().iter().next().map(|(_, text)| text);
        text.and_then(Ref::parse).ok_or(ApiError::NotFound(resource))
    }

    /// Parses the body of a POST.
    pub fn body<B: Body>(&self) -> Result<B, ApiError> {
        body::parse(&self.body)
    }

    /// Parses the body of a PATCH.
    pub fn patch<B: Body>(&self) -> Result<B, ApiError> {
        body::parse_patch(&self.body)
    }

    /// Parses the query parameters.
    pub fn query<Q: Query>(&self) -> Result<Q, ApiError> {
        let pairs = url::form_urlencoded::parse(self.request.query_string().as_bytes());
        Params::parse(pairs.into_owned().collect()).map_err(ApiError::Invalid)
    }

    /// Reads a single resource: on the web worker, which takes less time than handing it to another
    /// thread, unless the database is on another machine.
    pub async fn read_one(
        self,
        read: impl FnOnce(&WorkspaceReader<'_>) -> Result<ApiResponse, StoreError> + Send + 'static,
    ) -> ApiResult {
        let workspace = self.caller.workspace.no;
        let lookup = move |reader: &Reader<'_>| read(&reader.for_workspace(workspace));
        Ok(self.api.service.look_up(self.snapshot, lookup).await?)
    }

    /// Reads a list: like a single resource if its page bounds how many rows are read, and otherwise
    /// on a thread for slow reads.
    pub async fn read_list(
        self,
        extent: Extent,
        read: impl FnOnce(&WorkspaceReader<'_>) -> Result<ApiResponse, StoreError> + Send + 'static,
    ) -> ApiResult {
        if extent.is_fast() {
            return self.read_one(read).await;
        }
        // The read may have to wait for a thread, and must not hold a database connection until
        // then.
        drop(self.snapshot);
        let (api, workspace) = (self.api, self.caller.workspace.no);
        let service = Arc::clone(&api.service);
        let job = move |limit| {
            api.store().read_within(limit, |reader| read(&reader.for_workspace(workspace)))
        };
        Ok(service.list_threads.run(job).await??)
    }

    /// Makes a change in a transaction. For a POST with an idempotency key, saves the response in
    /// the same transaction.
    pub async fn write(
        &self,
        change: impl FnOnce(&WorkspaceTx<'_>) -> Result<ApiResponse, StoreError> + Send + 'static,
    ) -> ApiResult {
        let (caller, retry) = (Arc::clone(&self.caller), self.retry.clone());
        let run = move |tx: &Tx<'_>| {
            idempotency::run_once(&tx.for_caller(&caller), retry.as_ref(), change)
        };
        let scope = WriteScope::Workspace(self.caller.workspace.no);
        self.api.store().write(scope, run).await?
    }
}

/// Checks a request, runs its handler, and turns the result into a response.
pub(in crate::api) async fn dispatch<F: Future<Output = ApiResult>>(
    request: HttpRequest,
    payload: Payload,
    operation: Operation,
    handler: impl FnOnce(Call) -> F,
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
    handler: impl FnOnce(Call) -> F,
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

    let (credentials, snapshot) = auth::authenticate(&api, request, from).await?;
    let (key, caller) = (&credentials.key, Arc::clone(&credentials.caller));
    // Only reads without a body keep the snapshot: others may wait for the body or the writer
    // first.
    let snapshot = snapshot.filter(|_| is_read(request) && body_length(headers) == Some(0));
    let has_test_control = api.service.test_control.is_some();
    // A fault can delay the request, which must not hold a database connection until then.
    let snapshot = snapshot.filter(|_| !has_test_control);
    if has_test_control {
        faults::observe(request, &caller);
    }
    let clock = api.store().clock();
    let now = clock.now();
    api.service.key_usage.record(caller.workspace.no, &key.id, now, from);
    match api.service.rate_limits.count(key, clock.monotonic()) {
        None => {}
        Some(Decision::Allowed(budget)) => *rate_limit = Some(RateLimitHeaders::new(budget, now)),
        Some(Decision::Denied(budget, wait)) => {
            api.service.metrics.refusals.count(Refusal::RateLimit);
            *rate_limit = Some(RateLimitHeaders::new(budget, now));
            return Err(ApiError::RateLimited(wait).into());
        }
    }
    match operation.access {
        Access::Scope(scope) if !key.scopes.allow(scope) => {
            return Err(ApiError::InsufficientScope(scope).into());
        }
        Access::AnyOf(scopes) if !scopes.iter().any(|&scope| key.scopes.allow(scope)) => {
            return Err(ApiError::InsufficientScopes(scopes).into());
        }
        _ => {}
    }

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
    let request = request.clone();
    let call = Call { api, caller, credentials, request, body, retry, snapshot };
    Ok(handler(call).await?)
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
    use crate::model::clock::SystemClock;
    use crate::model::customer::CustomerFilter;
    use crate::model::event::Actor;
    use crate::model::key::issued::IssuedKey;
    use crate::model::key::secret::KeySecret;
    use crate::model::key::{Key, Mode, NewKey, Scopes, Tier};
    use crate::model::parse::page::PageRequest;
    use crate::model::values::slug::Slug;
    use crate::model::values::text::Name;
    use crate::model::workspace::NewWorkspace;
    use crate::service::Service;
    use crate::settings::Settings;
    use crate::store::{DataDir, Store};

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

    /// Creates a key. Returns it with its secret.
    async fn create_key(store: &Store) -> (Key, KeySecret) {
        let name = Name::parse("Test").unwrap();
        let workspace = NewWorkspace { slug: Slug::parse("test").unwrap(), name: name.clone() };
        let workspace = store
            .write(WriteScope::Database, |tx| tx.create_workspace(workspace))
            .await
            .unwrap()
            .unwrap();
        let (tier, scopes) = (Tier::Standard, Scopes::all());
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
        let (_, secret) = create_key(&store).await;

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

    #[actix_web::test]
    async fn on_another_machine_a_revoked_key_is_refused_at_the_next_request() {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock)).unwrap();
        let (key, secret) = create_key(&store).await;

        let operation = Operation { id: "list", access: Access::AnyKey };
        let handler = move |request, payload| dispatch(request, payload, operation, get_first);
        let service = Arc::new(Service::new(Settings::default(), store.pretend_remote()));
        let app = actix_web::App::new()
            .app_data(Data::new(Api::new(Arc::clone(&service)).unwrap()))
            .default_service(web::to(handler));
        let app = test::init_service(app).await;
        // The first request verifies the key, the second finds it in the cache.
        for _ in 0..2 {
            let response = test::call_service(&app, request_with(&secret).to_request()).await;
            assert_eq!(response.status(), 200);
        }
        let revoke = move |tx: &Tx<'_>| tx.revoke_key(Actor::command_line(), &key.id);
        service.store.write(WriteScope::Database, revoke).await.unwrap();
        let response = test::call_service(&app, request_with(&secret).to_request()).await;
        assert_eq!(response.status(), 401);
    }
}
