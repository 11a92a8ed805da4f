//! One request of a valid key: what a handler needs of it, and the checks that come before every
//! handler.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;

use super::{auth, body, idempotency};
use crate::api::answer::{Answer, Reply};
use crate::api::error::ApiError;
use crate::api::operation::{Access, Operation};
use crate::api::state::Api;
use crate::http::exchange::body_length;
use crate::http::incoming;
use crate::http::request_id::RequestId;
use crate::model::caller::Caller;
use crate::model::idempotency::Retry;
use crate::model::parse::fields::Body;
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::id::Ref;
use crate::service::access_log::{UsedKey, UsedOperation};
use crate::service::limits;
use crate::service::rate_limit::Verdict;
use crate::store::{Credentials, Snapshot, StoreError, Tx, WorkspaceReader, WorkspaceTx};

/// A request that may be answered.
pub(in crate::api) struct Call {
    /// The API's state.
    pub api: Data<Api>,
    /// On whose behalf it is made.
    pub caller: Arc<Caller>,
    /// The key that it was made with.
    pub credentials: Arc<Credentials>,
    request: HttpRequest,
    body: Bytes,
    retry: Option<Retry>,
    snapshot: Option<Snapshot>,
}

impl Call {
    /// The resource that the path names.
    pub fn in_path<R>(&self, resource: ResourceType) -> Result<Ref<R>, ApiError> {
        // Every path has at most one parameter.
        let text = self.request.match_info().iter().next().map(|(_, text)| text);
        text.and_then(Ref::parse).ok_or(ApiError::NotFound(resource))
    }

    /// The body of a POST.
    pub fn body<B: Body>(&self) -> Result<B, ApiError> {
        body::parse(&self.body)
    }

    /// The body of a PATCH.
    pub fn patch<B: Body>(&self) -> Result<B, ApiError> {
        body::parse_patch(&self.body)
    }

    /// The query parameters.
    pub fn query<Q: Query>(&self) -> Result<Q, ApiError> {
        let pairs = url::form_urlencoded::parse(self.request.query_string().as_bytes());
        Params::parse(pairs.into_owned().collect()).map_err(ApiError::Invalid)
    }

    /// Looks something up by its id, on the web worker: that takes less time than handing it to
    /// another thread.
    pub fn look_up(
        self,
        read: impl FnOnce(&WorkspaceReader<'_>) -> Result<Answer, StoreError>,
    ) -> Reply {
        let snapshot = self.snapshot.map_or_else(|| self.api.store().snapshot(), Ok)?;
        Ok(snapshot.read(|reader| read(&reader.for_workspace(self.caller.workspace.no)))?)
    }

    /// Reads a list, off the web workers.
    pub async fn list(
        self,
        read: impl FnOnce(&WorkspaceReader<'_>) -> Result<Answer, StoreError> + Send + 'static,
    ) -> Reply {
        // A page may have to wait for a thread, and must not keep a connection meanwhile.
        drop(self.snapshot);
        let (api, workspace) = (self.api, self.caller.workspace.no);
        let service = Arc::clone(&api.service);
        let job = move |limit| {
            api.store().read_within(limit, |reader| read(&reader.for_workspace(workspace)))
        };
        Ok(service.list_threads.run(job).await??)
    }

    /// Changes something. The answer is made in the transaction, and with it, for a POST that
    /// carries an idempotency key, kept.
    pub async fn write(
        &self,
        change: impl FnOnce(&WorkspaceTx<'_>) -> Result<Answer, StoreError> + Send + 'static,
    ) -> Reply {
        let (caller, retry) = (Arc::clone(&self.caller), self.retry.clone());
        let once =
            move |tx: &Tx<'_>| idempotency::once(&tx.for_caller(&caller), retry.as_ref(), change);
        self.api.store().write(once).await?
    }
}

/// Answers a request: checks it in the contract's order, and gives it to its handler.
pub(in crate::api) async fn dispatch<F: Future<Output = Reply>>(
    request: HttpRequest,
    payload: Payload,
    operation: Operation,
    handler: impl FnOnce(Call) -> F,
) -> HttpResponse {
    let mut left = None;
    let checked = check_and_handle(&request, payload, operation, &mut left, handler);
    let reply = match AssertUnwindSafe(checked).catch_unwind().await {
        Ok(reply) => reply,
        // The panic itself was logged where it happened.
        Err(_) => Err(ApiError::Internal("the handler ended with a panic".to_owned())),
    };
    let mut response = match reply {
        Ok(answer) => answer.respond(),
        Err(error) => refuse(&request, &error),
    };
    if let Some(left) = left {
        left.add_to(&mut response);
    }
    response
}

/// The envelope of an error, after logging it when it is ours.
pub(in crate::api) fn refuse(request: &HttpRequest, error: &ApiError) -> HttpResponse {
    if error.is_ours() {
        let extensions = request.extensions();
        let id = extensions.get::<RequestId>().map_or("-", RequestId::as_str);
        log::error!("request_id={id} {error}");
    }
    error.respond()
}

async fn check_and_handle<F: Future<Output = Reply>>(
    request: &HttpRequest,
    payload: Payload,
    operation: Operation,
    left: &mut Option<limits::Headers>,
    handler: impl FnOnce(Call) -> F,
) -> Reply {
    request.extensions_mut().insert(UsedOperation(operation.id));
    let headers = request.headers();
    if !incoming::headers_fit(headers) {
        return Err(ApiError::HeadersTooLarge);
    }
    let api = request.app_data::<Data<Api>>().cloned();
    let api = api.ok_or_else(|| ApiError::Internal("the server has no state".to_owned()))?;
    let peer = request.peer_addr().map(|peer| peer.ip());
    let peer = peer.ok_or_else(|| ApiError::Internal("the peer has no address".to_owned()))?;
    let address = api.service.client_address(peer, headers);

    let (credentials, snapshot) = auth::authenticate(&api, headers, address).await?;
    let (key, caller) = (&credentials.key, Arc::clone(&credentials.caller));
    // What follows waits for a body, if one is sent, and a change waits for the writer.
    let snapshot = Some(snapshot).filter(|_| is_read(request) && body_length(headers) == Some(0));
    request.extensions_mut().insert(UsedKey(key.prefix.clone()));
    let clock = api.store().clock();
    let now = clock.now();
    api.service.usage.note(&key.id, now, address);
    match api.service.limits.count(key, clock.monotonic()) {
        None => {}
        Some(Verdict::Within(budget)) => *left = Some(limits::Headers::new(budget, now)),
        Some(Verdict::Beyond(budget, wait)) => {
            *left = Some(limits::Headers::new(budget, now));
            return Err(ApiError::RateLimited(wait));
        }
    }
    match operation.access {
        Access::Scope(scope) if !key.scopes.allow(scope) => {
            return Err(ApiError::InsufficientScope(scope));
        }
        Access::AnyOf(scopes) if !scopes.iter().any(|&scope| key.scopes.allow(scope)) => {
            return Err(ApiError::InsufficientScopes(scopes));
        }
        _ => {}
    }

    // Read the body before refusing it: a client that is still sending may miss the response.
    let body = body::read(request, payload, &api.service.settings.connections).await?;
    if takes_body(request) && !body::is_plain(headers) {
        return Err(ApiError::UnsupportedEncoding);
    }
    let retry = idempotency::retry(request, &body)?;
    let _running = match idempotency::begin(&api, &caller, retry.as_ref())? {
        idempotency::Begun::Fresh(running) => running,
        idempotency::Begun::Replay(answer) => return Ok(answer),
    };
    handler(Call { api, caller, credentials, request: request.clone(), body, retry, snapshot })
        .await
}

fn is_read(request: &HttpRequest) -> bool {
    request.method() == Method::GET || request.method() == Method::HEAD
}

/// Whether the request's body is read rather than ignored.
fn takes_body(request: &HttpRequest) -> bool {
    request.method() == Method::POST || request.method() == Method::PATCH
}

#[cfg(test)]
mod tests {
    use actix_web::{test, web};

    use super::*;
    use crate::model::clock::SystemClock;
    use crate::model::event::Actor;
    use crate::model::key::issued::IssuedKey;
    use crate::model::key::{Mode, NewKey, Scopes, Tier};
    use crate::model::values::slug::Slug;
    use crate::model::values::text::Name;
    use crate::model::workspace::NewWorkspace;
    use crate::service::Service;
    use crate::settings::Settings;
    use crate::store::{DataDir, Store};

    async fn panics(call: Call) -> Reply {
        assert!(call.body.len() > usize::MAX - 1, "on purpose");
        Err(ApiError::RouteNotFound)
    }

    #[actix_web::test]
    async fn a_panic_in_a_handler_is_a_500_and_the_server_lives_on() {
        let dir = tempfile::tempdir().unwrap();
        let store =
            Store::open_or_create(&DataDir::new(dir.path()), Arc::new(SystemClock)).unwrap();
        let name = Name::parse("Test").unwrap();
        let workspace = NewWorkspace { slug: Slug::parse("test").unwrap(), name: name.clone() };
        let workspace = store.write(|tx| tx.create_workspace(workspace)).await.unwrap().unwrap();
        let (tier, scopes) = (Tier::Standard, Scopes::all());
        let new = NewKey { name, mode: Mode::Live, tier, scopes, replaces: None };
        let (issued, secret) = IssuedKey::issue(new, store.checksum_secret()).unwrap();
        let create = move |tx: &Tx<'_>| tx.create_key(Actor::command_line(), &workspace, issued);
        store.write(create).await.unwrap();

        let operation = Operation { id: "panic", access: Access::AnyKey };
        let answer = move |request, payload| dispatch(request, payload, operation, panics);
        let service = Service::new(Settings::default(), store);
        let app = actix_web::App::new()
            .app_data(Data::new(Api::new(Arc::new(service)).unwrap()))
            .default_service(web::to(answer));
        let app = test::init_service(app).await;
        for _ in 0..2 {
            let request = test::TestRequest::get()
                .peer_addr("127.0.0.1:1".parse().unwrap())
                .insert_header(("Authorization", format!("Bearer {}", secret.reveal())))
                .to_request();
            let response = test::call_service(&app, request).await;
            assert_eq!(response.status(), 500);
            let body: serde_json::Value = test::read_body_json(response).await;
            assert_eq!(body["error"]["code"], "internal_error");
        }
    }
}
