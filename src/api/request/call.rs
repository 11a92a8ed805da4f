//! An authenticated request as its handler sees it.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data};

use super::key_state::KeyState;
use super::{body, idempotency};
use crate::api::error::ApiError;
use crate::api::response::{ApiResponse, ApiResult};
use crate::api::state::Api;
use crate::model::caller::Caller;
use crate::model::idempotency::IdempotentRequest;
use crate::model::parse::fields::Body;
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::id::Ref;
use crate::store::{
    Credentials, Extent, Reader, StoreError, Tx, WorkspaceReader, WorkspaceTx, WriteScope,
};

/// A request that passed all checks.
pub(in crate::api) struct Call {
    pub api: Data<Api>,
    pub caller: Arc<Caller>,
    pub credentials: Arc<Credentials>,
    pub(super) request: HttpRequest,
    pub(super) body: Bytes,
    pub(super) retry: Option<IdempotentRequest>,
    pub(super) key: KeyState,
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
        let (service, workspace) = (&self.api.service, self.caller.workspace.no);
        let lookup = move |reader: &Reader<'_>| read(&reader.for_workspace(workspace));
        match self.key {
            KeyState::Read(snapshot) => Ok(service.look_up(snapshot, lookup).await?),
            KeyState::Assumed(key) => {
                key.confirm(service.look_up_with(self.credentials, lookup).await)
            }
        }
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
        let (api, workspace) = (self.api, self.caller.workspace.no);
        let service = Arc::clone(&api.service);
        let list = move |reader: &Reader<'_>| read(&reader.for_workspace(workspace));
        match self.key {
            KeyState::Read(snapshot) => {
                // The read may have to wait for a thread, and must not hold a database connection
                // until then.
                drop(snapshot);
                let job = move |limit| api.store().read_within(limit, list);
                Ok(service.list_threads.run(job).await??)
            }
            KeyState::Assumed(key) => {
                let known = self.credentials;
                let read = move |reader: &Reader<'_>| reader.read_with(&known, list);
                let job = move |limit| api.store().read_within(limit, read);
                let found = service.list_threads.run(job).await;
                key.confirm(found.map_err(StoreError::from).and_then(|found| found))
            }
        }
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
